// What the tail of the journal refuses, and where it gives up.
#include "haulcast/queries/tail.hpp"

#include <gtest/gtest.h>

#include "haulcast/queries/line_number.hpp"
#include "haulcast/queries/merge.hpp"
#include "journal/scratch.hpp"

namespace haulcast::queries {
namespace {

namespace scratch = journal::scratch;

class Tail : public testing::Test {
 protected:
  Tail() : log{scratch::open(directory / "journal", journal::sync_mode::normal)} {}

  void append(std::uint32_t count, std::size_t bytes) {
    groups.push_back(std::make_shared<const journal::group>(scratch::saying(log->last_offset() + 1, count, bytes)));
    ASSERT_FALSE(log->append(*groups.back()));
  }
  tail from(offset_t stored, bool in_memory) const {
    return tail{{.log = log.get(),
                 .recent = in_memory ? groups : std::vector<journal::shared_group>{},
                 .told = log->last_offset(),
                 .stored = stored,
                 .stored_until = from_epoch_ms(42)}};
  }
  std::vector<offset_t> offsets(const tail& t) const {
    std::vector<offset_t> all;
    t.for_each([&](offset_t at, std::string_view bytes) {
      EXPECT_EQ(bytes, scratch::says(at, bytes.size()));
      all.push_back(at);
    });
    return all;
  }

  scratch::directory directory;
  std::unique_ptr<journal::segment_log> log;
  std::vector<journal::shared_group> groups;
};

TEST_F(Tail, IsWhatLiesBehindTheCheckpointFromMemoryOrFromFiles) {
  for (int i = 0; i < 5; ++i) append(3, 20);
  for (const bool in_memory : {true, false}) {
    auto t = from(4, in_memory);
    ASSERT_TRUE(t.reach({log->id(), 10}));
    EXPECT_EQ(offsets(t), (std::vector<offset_t>{11, 12, 13, 14, 15}));
    EXPECT_FALSE(t.complete_until());
    ASSERT_TRUE(t.reach({log->id(), 14}));
    EXPECT_EQ(offsets(t), (std::vector<offset_t>{15}));
    ASSERT_TRUE(t.reach({log->id(), 15}));
    EXPECT_TRUE(offsets(t).empty());
    ASSERT_TRUE(t.reach({log->id(), 20})) << "the store may be ahead of what was told";
    EXPECT_TRUE(offsets(t).empty());
  }
}

TEST_F(Tail, AStoreThatIsFarBehindIsLaggingAndNothingIsLookedFor) {
  append(1, 100);
  for (int i = 0; i < 9; ++i) append(1, 1U << 20);
  auto t = from(1, false);
  ASSERT_TRUE(t.reach({log->id(), 1}));
  EXPECT_EQ(t.complete_until(), from_epoch_ms(42));
  EXPECT_TRUE(offsets(t).empty());
  ASSERT_TRUE(t.reach({log->id(), 5})) << "it has caught up since";
  EXPECT_FALSE(t.complete_until());
  EXPECT_EQ(offsets(t).size(), 5U);
}

TEST_F(Tail, AnothersStoreAndOneThatLostWhatItHadAreNotRead) {
  append(3, 20);
  auto t = from(2, true);
  EXPECT_FALSE(t.reach({std::string(32, 'f'), 3}));
  EXPECT_FALSE(t.reach({log->id(), 1}));
  EXPECT_FALSE(t.reach({"", 0}));
  EXPECT_TRUE(t.reach({log->id(), 2}));
}

store::stored_event row(std::int64_t ms, std::uint64_t offset, std::string text) {
  return {.id = {offset, 0}, .type = {}, .time = from_epoch_ms(ms), .text = std::move(text)};
}
std::string texts(const merged<store::stored_event>& of) {
  std::string all;
  for (const auto& r : of.rows) all += r.text;
  return all + (of.more ? "+" : "");
}
bool before(const store::stored_event& a, const store::stored_event& b) { return newer(a, b); }

TEST(Merge, JoinsInOrderAndTheStoredOneStands) {
  const auto joined = [](std::vector<store::stored_event> stored, bool more, std::vector<store::stored_event> unstored,
                         std::size_t limit) {
    return texts(merge(store::page<store::stored_event>{{}, std::move(stored), more}, std::move(unstored), limit, before));
  };
  EXPECT_EQ(joined({row(5, 1, "e"), row(3, 1, "c")}, false, {row(4, 9, "D"), row(3, 1, "C"), row(1, 9, "A")}, 10), "eDcA");
  EXPECT_EQ(joined({row(5, 1, "e"), row(3, 1, "c")}, true, {row(4, 9, "D"), row(1, 9, "A")}, 10), "eDc+")
      << "what lies behind the page is the next one's";
  EXPECT_EQ(joined({row(5, 1, "e"), row(3, 1, "c")}, false, {row(4, 9, "D")}, 2), "eD+");
  EXPECT_EQ(joined({}, false, {row(4, 9, "D"), row(1, 9, "A")}, 1), "D+");
  EXPECT_EQ(joined({}, false, {}, 1), "");
}

TEST(LineNumber, SaysWhetherARecordIsDoneWith) {
  const line_number middle{7, 3, false}, end{7, 9, true};
  EXPECT_LT(line_number{}, middle);
  EXPECT_LT(middle, end);
  EXPECT_LT(end, (line_number{8, 0, false}));
  EXPECT_EQ(middle.record(), 7U);
  EXPECT_EQ(middle.next_record(), 7U);
  EXPECT_EQ(end.next_record(), 8U);
  EXPECT_EQ(line_number{end.number()}, end);
}

}  // namespace
}  // namespace haulcast::queries
