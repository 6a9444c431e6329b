#include "haulcast/wire/stream_checkpoint.hpp"

#include <gtest/gtest.h>

namespace haulcast::wire {
namespace {

std::string refusal(std::string_view body) {
  const auto read = parse_stream_checkpoint(body);
  return read ? "taken" : std::string{read.error().code} + " " + read.error().pointer;
}

TEST(StreamCheckpoint, IsAWholeNumber) {
  EXPECT_EQ(parse_stream_checkpoint(R"({"offset": 0})").value(), 0U);
  EXPECT_EQ(parse_stream_checkpoint(R"({"offset": 18446744073709551615})").value(), 18'446'744'073'709'551'615U);
}

TEST(StreamCheckpoint, NothingElseIsTaken) {
  EXPECT_EQ(refusal("{"), "malformed_json ");
  EXPECT_EQ(refusal("[1]"), "field_type_invalid ");
  EXPECT_EQ(refusal("{}"), "member_missing /offset");
  EXPECT_EQ(refusal(R"({"offset": 1, "offset": 1})"), "duplicate_key /offset");
  EXPECT_EQ(refusal(R"({"offset": 1, "more/": 1})"), "unknown_member /more~1");
  for (const char* wrong : {"-1", "1.5", "\"1\"", "null", "1e3", "[1]"})
    EXPECT_EQ(refusal("{\"offset\": " + std::string{wrong} + "}"), "field_type_invalid /offset") << wrong;
}

}  // namespace
}  // namespace haulcast::wire
