#include "haulcast/app/log_line.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace haulcast::app {
namespace {

const std::chrono::system_clock::time_point noon{std::chrono::milliseconds{1'800'000'000'123}};

nlohmann::json parsed(std::string_view message) {
  const auto line = to_json_line({noon, "info", message});
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
  return nlohmann::json::parse(line);
}

TEST(JsonLogLine, HasTimeLevelAndMessage) {
  EXPECT_EQ(to_json_line({noon, "warn", "a journal"}),
            R"({"time":"2027-01-15T08:00:00.123Z","level":"warn","message":"a journal"})"
            "\n");
}

TEST(JsonLogLine, IsValidWhateverTheMessage) {
  for (const std::string_view message :
       {"\"quoted\" and \\ back", "two\nlines\r\n", "tab\t", "\x1b[31mred", "\x7f", "z\xC3\xBCrich \xF0\x9F\x9A\x9A", ""}) {
    EXPECT_EQ(parsed(message)["message"], message);
  }
  EXPECT_EQ(parsed(std::string_view{"a\0b", 3})["message"].get<std::string>().size(), 3U);
}

TEST(JsonLogLine, ReplacesWhatIsNotUtf8) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(parsed("a\xFFz")["message"], "a" + bad + "z");
  EXPECT_EQ(parsed("\xC3")["message"], bad);                                // cut off
  EXPECT_EQ(parsed("\xC0\xAF")["message"], bad + bad);                      // overlong
  EXPECT_EQ(parsed("\xED\xA0\x80")["message"], bad + bad + bad);            // a surrogate
  EXPECT_EQ(parsed("\xF4\x90\x80\x80")["message"], bad + bad + bad + bad);  // beyond U+10FFFF
  EXPECT_EQ(parsed("\xE2\x82x")["message"], bad + bad + "x");
}

TEST(JsonLogLine, StandsEveryPairOfBytes) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const char pair[] = {static_cast<char>(a), static_cast<char>(b)};
      EXPECT_NO_THROW(parsed({pair, 2})) << a << " " << b;
    }
  }
}

TEST(ConsoleLogLine, IsOneLineThatCommandsNoTerminal) {
  EXPECT_EQ(to_console_line({noon, "info", "a\nb\x1b[2J\r\t\x7f"}),
            "2027-01-15T08:00:00.123Z info  a\\nb\\x1b[2J\\r\\t\\x7f\n");
  EXPECT_EQ(to_console_line({noon, "error", "\"as it is\" ü"}), "2027-01-15T08:00:00.123Z error \"as it is\" ü\n");
}

}  // namespace
}  // namespace haulcast::app
