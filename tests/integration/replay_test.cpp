// A recorded day fed through the real server: every row accepted and told in order, and nothing new when it is fed again.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>

#include "story.hpp"

namespace {

using namespace haulcast;
using namespace haulcast::support;
using namespace std::chrono_literals;

constexpr int trucks = 12;
constexpr int rows = 40;  // of each truck

// As the public data set of delivery vehicles has them: relative times, trucks one after another, a little noise.
std::filesystem::path recorded_day(const temp_directory& into) {
  const std::filesystem::path path = into.path() / "day.csv";
  std::ofstream file{path};
  std::mt19937 noise{7};
  file << "trace,elapsed_ms,latitude,longitude,activity\n";
  for (int truck = 0; truck < trucks; ++truck) {
    for (int row = 0; row < rows; ++row) {
      const auto jitter = static_cast<int>(noise() % 11) - 5;
      file << truck << ',' << row * 5000 + jitter + (row == 0 ? 5 : 0) << ',' << 37.5 + truck * 0.01 + row * 0.0004 << ','
           << 127.0 + jitter * 1e-6 << ",Driving\n";
    }
  }
  return path;
}

nlohmann::json replay(const server& s, const std::filesystem::path& file) {
  const auto ended = run_to_end({.program = HAULCAST_BINARY,
                                 .arguments = {"replay", file.string(), "--speed", "600", "--end-at", "2026-11-20T09:00:00Z",
                                               "--json", "--no-progress", "--url", s.url()},
                                 .environment = {{"HAULCAST_TOKEN", s.token()}}},
                                60s);
  EXPECT_EQ(ended.exit.code, 0) << ended.err;
  const auto begin = ended.out.find('{');
  return nlohmann::json::parse(begin == std::string::npos ? ended.out : ended.out.substr(begin), nullptr, false);
}

TEST(Replay, EveryRowReachesWhoFollowsAllAndWhoFollowsOneInOrder) {
  const temp_directory scratch;
  const auto file = recorded_day(scratch);
  server s{{.environment = {{"HAULCAST_INGEST__MAX_AGE_DAYS", "3650"}, {"HAULCAST_INGEST__FUTURE_TOLERANCE_S", "86400"}}}};
  client::ws_client all = s.ws();
  client::ws_client one = s.ws();
  ASSERT_FALSE(all.connect());
  ASSERT_FALSE(one.connect());
  subscribe(all, {{"type", "subscribe"}, {"all", true}});
  subscribe(one, {{"type", "subscribe"}, {"trucks", {"3"}}});

  const auto first = replay(s, file);
  EXPECT_EQ(first.value("accepted", 0), trucks * rows) << first;
  EXPECT_EQ(first.value("duplicates", -1), 0) << first;

  std::map<std::string, std::vector<std::string>> told;
  for (const auto& p : next_positions(all, trucks * rows)) told[p["truck_id"]].push_back(p["timestamp"]);
  ASSERT_EQ(told.size(), trucks);
  for (const auto& [truck, times] : told) {
    EXPECT_EQ(times.size(), rows) << truck;
    EXPECT_TRUE(std::is_sorted(times.begin(), times.end())) << truck;
  }
  std::vector<std::string> third;
  for (const auto& p : next_positions(one, rows)) third.push_back(p["timestamp"]);
  EXPECT_EQ(third, told["3"]);

  const auto again = replay(s, file);
  EXPECT_EQ(again.value("accepted", -1), 0) << again;
  EXPECT_EQ(again.value("duplicates", 0), trucks * rows) << again;
}

}  // namespace
