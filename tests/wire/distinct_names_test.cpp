#include "haulcast/wire/distinct_names.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace haulcast::wire {
namespace {

bool all_different(const std::vector<std::string>& names) {
  static distinct_names checked;  // reused, as the parser does
  checked.clear();
  for (const auto& name : names) checked.add(name);
  return checked.all_different();
}

std::vector<std::string> numbered(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("n" + std::to_string(i));
  return names;
}

TEST(DistinctNames, ASecondOfANameIsFoundWhereverItStands) {
  for (const std::size_t count : {0U, 1U, 2U, 7U, 8U, 9U, 10U, 100U, 5000U}) {
    auto names = numbered(count);
    EXPECT_TRUE(all_different(names)) << count;
    for (const std::size_t original : {std::size_t{0}, count / 2, count - 1}) {
      for (const std::size_t copy : {std::size_t{0}, count / 3, count}) {
        if (count == 0) continue;
        auto twice = names;
        twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(copy), names[original]);
        EXPECT_FALSE(all_different(twice)) << count << ' ' << original << ' ' << copy;
      }
    }
  }
}

TEST(DistinctNames, NamesDifferByEveryByteAndByTheirLength) {
  using namespace std::string_literals;
  EXPECT_TRUE(all_different({"", "a", "A", "aa", "a ", " a", "a\0"s, "\0"s, "\0\0"s}));
  EXPECT_FALSE(all_different({"", "a", "A", "aa", "a ", " a", "a\0"s, "\0"s, "\0\0"s, ""}));
}

TEST(DistinctNames, NamesThatCollideAreStillToldApart) {
  // All hash to the same 12 bits: in a table of 2048 slots they form one run.
  std::vector<std::string> names;
  for (std::size_t i = 0; names.size() < 1000; ++i) {
    std::string name = std::to_string(i);
    if ((std::hash<std::string_view>{}(name) & 0xFFF) == 0x123) names.push_back(std::move(name));
  }
  EXPECT_TRUE(all_different(names));
  names.push_back(names.front());
  EXPECT_FALSE(all_different(names));
}

}  // namespace
}  // namespace haulcast::wire
