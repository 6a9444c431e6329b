#include "haulcast/app/logging.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace haulcast::app {
namespace {

class Logging : public testing::Test {
 protected:
  void TearDown() override { stop_logging(); }
};

TEST_F(Logging, WritesJsonLinesToStderrFromTheLevelOn) {
  testing::internal::CaptureStderr();
  start_logging({.level = "info", .format = "json"});
  spdlog::debug("too small");
  spdlog::info("listening on {}", "\"here\"\n");
  spdlog::error("broken");
  stop_logging();
  std::istringstream lines{testing::internal::GetCapturedStderr()};
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(nlohmann::json::parse(line)["message"], "listening on \"here\"\n");
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(nlohmann::json::parse(line)["level"], "error");
  EXPECT_FALSE(std::getline(lines, line)) << line;
}

TEST_F(Logging, OffWritesNothing) {
  testing::internal::CaptureStderr();
  start_logging({.level = "off"});
  spdlog::critical("the house is on fire");
  stop_logging();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(Logging, AfterTheEndIsSilentAndHarmless) {
  start_logging({});
  stop_logging();
  testing::internal::CaptureStderr();
  spdlog::error("late");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(Logging, LosesAndCountsTheOldestWhenNobodyReadsStderr) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const int real_stderr = ::dup(STDERR_FILENO);
  ASSERT_EQ(::dup2(pipe_ends[1], STDERR_FILENO), STDERR_FILENO);
  const auto before = log_overruns();
  start_logging({});
  const std::string line(1000, 'x');
  for (int i = 0; i < 20'000; ++i) spdlog::info("{} {}", i, line);  // 20 MB into a pipe of 64 KiB: never waits
  const auto lost = log_overruns() - before;
  std::thread reader{[from = pipe_ends[0]] {
    std::string buffer(1U << 16, '\0');
    while (::read(from, buffer.data(), buffer.size()) > 0) {
    }
  }};
  stop_logging();
  ::dup2(real_stderr, STDERR_FILENO);
  ::close(pipe_ends[1]);
  reader.join();
  ::close(pipe_ends[0]);
  ::close(real_stderr);
  EXPECT_GT(lost, 10'000U);
  EXPECT_LT(lost, 20'000U - 8'000U);
  EXPECT_GE(log_overruns() - before, lost);  // counted on after the end
}

}  // namespace
}  // namespace haulcast::app
