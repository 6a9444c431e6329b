#include "haulcast/engine/id_index.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace haulcast::engine {
namespace {

class IdIndex : public ::testing::Test {
 protected:
  void add(const std::string& id) {
    index.insert(id_index::hash(id), static_cast<id_index::place_t>(ids.size()));
    ids.push_back(id);
  }
  std::optional<id_index::place_t> find(const std::string& id) const {
    return index.find(id_index::hash(id), [&](id_index::place_t place) { return ids[place] == id; });
  }

  id_index index{4};
  std::vector<std::string> ids;
};

TEST_F(IdIndex, FindsWhatWasAddedAndNothingElse) {
  add("TRK-1");
  add("TRK-2");
  EXPECT_EQ(find("TRK-1"), 0U);
  EXPECT_EQ(find("TRK-2"), 1U);
  EXPECT_EQ(find("TRK-3"), std::nullopt);
}

TEST_F(IdIndex, GrowsBeyondTheRoomThatWasSetAside) {
  for (int i = 0; i < 5'000; ++i) add("TRK-" + std::to_string(i));
  for (id_index::place_t i = 0; i < ids.size(); ++i) ASSERT_EQ(find(ids[i]), i);
  EXPECT_EQ(find("TRK-5000"), std::nullopt);
}

TEST_F(IdIndex, TheSameHashIsNotTheSameId) {
  constexpr id_index::hash_t same = 7;
  index.insert(same, 10);
  index.insert(same, 11);
  index.insert(same + 1, 12);  // pushed on by the two before it
  EXPECT_EQ(index.find(same, [](id_index::place_t place) { return place == 11; }), 11U);
  EXPECT_EQ(index.find(same, [](id_index::place_t) { return false; }), std::nullopt);
  EXPECT_EQ(index.guess(same), 10U);
  EXPECT_EQ(index.guess(same + 1), 12U);
}

}  // namespace
}  // namespace haulcast::engine
