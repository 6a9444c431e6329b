#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

#include "house/tree.hpp"

namespace haulcast::house {
namespace {

/// The first group of every match in the text.
std::set<std::string> all_in(const std::string& text, const char* form) {
  const std::regex wanted{form};
  std::set<std::string> found;
  for (std::sregex_iterator at{text.begin(), text.end(), wanted}, end; at != end; ++at) found.insert((*at)[1]);
  return found;
}

/// The codes of error frames are texts in the sources; what publishes them has a list. Neither may have what the other has not.
TEST(Contract, TheListOfLiveErrorCodesHasThoseThatTheSourcesTell) {
  const auto header = read("include/haulcast/wire/live.hpp");
  const auto begin = header.find("live_error_codes = ");
  ASSERT_NE(begin, std::string::npos);
  const auto listed = all_in(header.substr(begin, header.find("});", begin) - begin), "\"([a-z_]+)\"");

  std::set<std::string> told =
      all_in(read("src/wire/live.cpp"), R"re((?:command_failure|return |read_ids\(frame, "[a-z]+", )\{?"([a-z]+_[a-z_]+)")re");
  for (const auto& file : sources()) {
    if (!file.path.starts_with("src/ws/")) continue;
    told.merge(all_in(file.text, R"re((?:bad_frame\(|append_error\([a-z]+, )"([a-z_]+)")re"));
  }
  EXPECT_EQ(told, listed);
}

}  // namespace
}  // namespace haulcast::house
