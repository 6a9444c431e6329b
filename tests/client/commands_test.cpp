// simulate, replay, watch and health against a server that fails on request.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "client/fake_server.hpp"
#include "haulcast/client/health.hpp"
#include "haulcast/client/replay.hpp"
#include "haulcast/client/simulate.hpp"
#include "haulcast/client/watch.hpp"

namespace haulcast::client {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

/// A file that is gone afterwards.
class scratch_file {
 public:
  scratch_file(std::string_view name, std::string_view text) {
    static std::atomic<int> next{0};
    path_ = std::filesystem::temp_directory_path() /
            ("haulcast-" + std::to_string(::getpid()) + '-' + std::to_string(next++) + '-' + std::string{name});
    std::ofstream{path_, std::ios::binary} << text;
  }
  ~scratch_file() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

std::string csv(int trucks, int rows) {
  std::string text = "trace,elapsed_ms,latitude,longitude\n";
  for (int i = 0; i < rows; ++i)
    for (int t = 0; t < trucks; ++t)
      text += "T" + std::to_string(t) + ',' + std::to_string(i * 1000) + ',' + std::to_string(40 + i * 0.0001) + ",8\n";
  return text;
}

struct outcome {
  int code;
  std::string out, err;
  json summary;
};

replay_options options_for(const fake_server& server, const scratch_file& file) {
  replay_options o;
  o.file = file.path();
  o.url = server.url();
  o.token = "T";
  o.speed = 0;
  o.json = true;
  return o;
}

outcome run(const replay_options& o) {
  std::ostringstream out, err;
  const int code = replay(o, out, err);
  return {code, out.str(), err.str(), json::parse(out.str(), nullptr, false)};
}

bool in_order(const std::map<std::string, std::vector<std::string>>& held) {
  return std::all_of(held.begin(), held.end(),
                     [](const auto& truck) { return std::is_sorted(truck.second.begin(), truck.second.end()); });
}

TEST(Replay, EveryRowIsSentOnceAndInOrder) {
  fake_server server;
  server.expect_token("T");
  const scratch_file file{"a.csv", csv(7, 300)};
  auto o = options_for(server, file);
  o.batch_max = 50;
  o.end_at = from_epoch_ms(1'795'150'800'000);
  const auto first = run(o);
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(first.summary["accepted"], 2100);
  EXPECT_EQ(first.summary["late"], 0);
  EXPECT_EQ(first.summary["end_at"], "2026-11-20T05:00:00.000Z");
  EXPECT_EQ(first.err, "end at 2026-11-20T05:00:00.000Z\n");
  EXPECT_EQ(server.held().size(), 7u);
  EXPECT_TRUE(in_order(server.held()));
  EXPECT_EQ(server.held().at("T3").back(), "2026-11-20T05:00:00.000Z");

  const auto second = run(o);
  EXPECT_EQ(second.code, 0);
  EXPECT_EQ(second.summary["duplicates"], 2100);
  EXPECT_EQ(second.summary["accepted"], 0);
}

TEST(Replay, WhatFallsDueTogetherGoesInOneBatch) {
  fake_server server;
  const scratch_file file{"a.csv", csv(1, 300)};
  EXPECT_EQ(run(options_for(server, file)).summary["requests"], 1);
}

TEST(Replay, GoesAtTheSpeedItIsTold) {
  fake_server server;
  const scratch_file file{"a.csv", csv(2, 4)};  // 3 seconds
  auto o = options_for(server, file);
  o.speed = 10;
  const auto done = run(o);
  EXPECT_EQ(done.code, 0);
  EXPECT_GE(done.summary["seconds"].get<double>(), 0.3);
  EXPECT_EQ(done.summary["requests"], 8);
}

TEST(Replay, RetriesTheSameBatchAfter503And429AndALostConnection) {
  fake_server server;
  const scratch_file file{"a.csv", csv(1, 30)};
  auto o = options_for(server, file);
  o.batch_max = 10;
  server.answer_next({503, R"({"code":"starting"})", {{"Retry-After", "0"}}});
  server.lose_next();
  server.answer_next({429, R"({"code":"rate_limited"})", {{"Retry-After", "0"}}});
  const auto done = run(o);
  EXPECT_EQ(done.code, 0);
  EXPECT_EQ(done.summary["retries"], 3);
  EXPECT_EQ(done.summary["duplicates"], 10);  // the lost batch had been carried out
  EXPECT_EQ(done.summary["accepted"], 20);
  EXPECT_TRUE(in_order(server.held()));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 6u);
  for (int i = 1; i < 4; ++i) EXPECT_EQ(requests[static_cast<std::size_t>(i)].body, requests[0].body);
}

TEST(Replay, CountsRejectedPositionsByCodeAndIsContent) {
  fake_server server;
  const scratch_file file{"a.csv", "id,time,lat,lon\nA,2026-11-20T05:00:00Z,91,8\nA,2026-11-20T05:00:01Z,47,8\n"};
  const auto done = run(options_for(server, file));
  EXPECT_EQ(done.code, 0);
  EXPECT_EQ(done.summary["rejected"], (json{{"latitude_out_of_range", 1}}));
  EXPECT_EQ(done.summary["unanswered"], 0);
  EXPECT_FALSE(done.summary.contains("end_at"));
}

TEST(Replay, ABatchThatIsRefusedAsAWholeIsAFailure) {
  fake_server server;
  const scratch_file file{"a.csv", csv(1, 5)};
  server.answer_next({403, R"({"code":"truck_not_yours"})", {}});
  const auto done = run(options_for(server, file));
  EXPECT_EQ(done.code, 1);
  EXPECT_EQ(done.summary["refused"], (json{{"truck_not_yours", 5}}));
}

TEST(Replay, ARefusedTokenEndsIt) {
  fake_server server;
  server.expect_token("another");
  const scratch_file file{"a.csv", csv(3, 5)};
  const auto done = run(options_for(server, file));
  EXPECT_EQ(done.code, 1);
  EXPECT_NE(done.err.find("the server refused the token: No valid token"), std::string::npos) << done.err;
  EXPECT_EQ(done.summary["unanswered"], 15);
}

TEST(Replay, GivesUpOnAServerThatIsNotThere) {
  const scratch_file file{"a.csv", csv(1, 5)};
  replay_options o;
  {
    fake_server gone;
    o = options_for(gone, file);
  }
  o.give_up_after = 300ms;
  const auto done = run(o);
  EXPECT_EQ(done.code, 1);
  EXPECT_NE(done.err.find("gave up"), std::string::npos) << done.err;
}

TEST(Replay, SendsCompressedWhenAsked) {
  fake_server server;
  const scratch_file file{"a.csv", csv(1, 100)};
  auto o = options_for(server, file);
  o.gzip = true;
  EXPECT_EQ(run(o).code, 0);
  EXPECT_EQ(server.requests().at(0).headers.at("content-encoding"), "gzip");
}

TEST(Replay, WhatCannotBeIsUsage) {
  fake_server server;
  const scratch_file file{"a.csv", "id,time,lat,lon\n"};
  const auto good = options_for(server, file);
  EXPECT_EQ(run(good).code, 0);  // nothing to send is nothing unanswered
  const auto with = [&](auto change) {
    auto o = good;
    change(o);
    const auto done = run(o);
    EXPECT_FALSE(done.err.empty());
    return done.code;
  };
  EXPECT_EQ(with([](auto& o) { o.token.clear(); }), 2);
  EXPECT_EQ(with([](auto& o) { o.speed = -1; }), 2);
  EXPECT_EQ(with([](auto& o) { o.batch_max = 0; }), 2);
  EXPECT_EQ(with([](auto& o) { o.batch_max = 1001; }), 2);
  EXPECT_EQ(with([](auto& o) { o.url = "nowhere"; }), 2);
  EXPECT_EQ(with([](auto& o) { o.file += ".none"; }), 2);
  EXPECT_EQ(with([](auto& o) { o.end_at = from_epoch_ms(0); }), 2);  // absolute times, and no shift
}

TEST(Replay, DrawsABarOnATerminalOnly) {
  fake_server server;
  const scratch_file file{"a.csv", csv(1, 10)};
  auto o = options_for(server, file);
  EXPECT_EQ(run(o).err.find('\r'), std::string::npos);
  o.terminal = true;
  const auto plain = run(o);
  EXPECT_NE(plain.err.find("100 %  10/10"), std::string::npos) << plain.err;
  EXPECT_EQ(plain.err.find("\x1b[32m"), std::string::npos);
  o.colour = true;
  EXPECT_NE(run(o).err.find("\x1b[32m"), std::string::npos);
}

simulate_options fleet_for(const fake_server& server) {
  simulate_options o;
  o.url = server.url();
  o.token = "T";
  o.trucks = 12;
  o.interval = 100ms;
  o.duration = 500ms;
  o.report_every = 200ms;
  return o;
}

TEST(Simulate, TrucksPostByThemselvesOnAFewConnections) {
  fake_server server;
  auto o = fleet_for(server);
  o.connections = 3;
  std::ostringstream out, err;
  EXPECT_EQ(simulate(o, out, err), 0) << err.str();
  EXPECT_NE(out.str().find("accepted"), std::string::npos);
  const auto held = server.held();
  EXPECT_TRUE(in_order(held));
  EXPECT_GT(held.size(), 8u);  // some may stand in a dead zone
  EXPECT_TRUE(held.contains("SIM-01"));
  for (const auto& r : server.requests()) EXPECT_LT(r.connection, 3u);
}

TEST(Simulate, OneTrucksTrackIsTheSameForTheSameSeed) {
  const auto places = [](std::uint64_t seed) {
    fake_server server;
    auto o = fleet_for(server);
    o.seed = seed;
    o.duration = 250ms;
    std::ostringstream out, err;
    simulate(o, out, err);
    std::map<std::string, double> first;
    for (const auto& r : server.requests()) {
      const json batch = json::parse(r.body);
      for (const json& p : batch["positions"]) first.emplace(p["truck_id"], p["latitude"]);
    }
    return first;
  };
  EXPECT_EQ(places(1), places(1));
  EXPECT_NE(places(1), places(2));
}

TEST(Simulate, WhatWaitedGoesInOneBatchAndInOrder) {
  fake_server server;
  auto o = fleet_for(server);
  o.duration = 1500ms;
  server.answer_next({503, "{}", {}}, 12);
  std::ostringstream out, err;
  EXPECT_EQ(simulate(o, out, err), 0);
  EXPECT_TRUE(in_order(server.held()));
  std::size_t largest = 0;
  for (const auto& r : server.requests()) largest = std::max(largest, json::parse(r.body)["positions"].size());
  EXPECT_GT(largest, 1u);
}

TEST(Simulate, FasterTrucksNeverRunAheadOfTheClock) {
  fake_server server;
  auto o = fleet_for(server);
  o.interval = 5000ms;
  o.speedup = 100;
  std::ostringstream out, err;
  EXPECT_EQ(simulate(o, out, err), 0);
  std::string newest;
  for (const auto& [truck, times] : server.held()) newest = std::max(newest, times.back());
  const auto now = std::chrono::floor<seconds>(std::chrono::system_clock::now());
  const auto text = json::parse(server.requests().at(0).body)["positions"][0]["timestamp"].get<std::string>();
  EXPECT_LT(text, newest);
  EXPECT_GT(server.held().begin()->second.size(), 5u);
  EXPECT_LE(newest.substr(0, 10), [&] {
    const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(now + 1h)};
    char date[16];
    std::snprintf(date, sizeof date, "%04d-%02u-%02u", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                  static_cast<unsigned>(day.day()));
    return std::string{date};
  }());
}

TEST(Simulate, ARefusedTokenEndsIt) {
  fake_server server;
  server.expect_token("another");
  auto o = fleet_for(server);
  o.duration.reset();
  std::ostringstream out, err;
  EXPECT_EQ(simulate(o, out, err), 1);
  EXPECT_NE(err.str().find("refused the token"), std::string::npos);
}

TEST(Simulate, WhatCannotBeIsUsage) {
  fake_server server;
  const auto with = [&](auto change) {
    auto o = fleet_for(server);
    change(o);
    std::ostringstream out, err;
    const int code = simulate(o, out, err);
    EXPECT_FALSE(err.str().empty());
    return code;
  };
  EXPECT_EQ(with([](auto& o) { o.token.clear(); }), 2);
  EXPECT_EQ(with([](auto& o) { o.trucks = 0; }), 2);
  EXPECT_EQ(with([](auto& o) { o.interval = 99ms; }), 2);
  EXPECT_EQ(with([](auto& o) { o.speedup = 0.9; }), 2);
  EXPECT_EQ(with([](auto& o) { o.url = "ftp://example.org"; }), 2);
  EXPECT_EQ(with([](auto& o) { o.speedup = 2, o.duration.reset(); }), 2);
}

std::string positions_frame(std::initializer_list<std::pair<const char*, const char*>> positions) {
  json list = json::array();
  for (const auto& [truck, time] : positions)
    list.push_back({{"truck_id", truck}, {"timestamp", time}, {"latitude", 47.5}, {"longitude", 8.25}, {"speed_kmh", 30}});
  return json{{"type", "positions"}, {"positions", list}}.dump();
}

std::string event_frame(const char* id) {
  return json{{"type", "event"},
              {"event", {{"id", id}, {"type", "truck.online"}, {"subject", "truck/A"}, {"time", "2026-11-20T05:00:00.000Z"}}}}
      .dump();
}

constexpr const char* subscribed = R"({"type":"subscribed","trucks":[],"deliveries":[],"denied":[],"at":"E0"})";

std::ptrdiff_t lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

watch_options view_of(const fake_server& server) {
  watch_options o;
  o.url = server.url();
  o.token = "T";
  o.reconnect_max = 300ms;
  return o;
}

TEST(Watch, PrintsALineForEachUpdate) {
  fake_server server;
  server.on_frame([](const std::string&) {
    return fake_server::ws_reply{
        {subscribed, positions_frame({{"A", "2026-11-20T05:00:00.000Z"}, {"B", "2026-11-20T05:00:00.000Z"}})}, 0, false};
  });
  auto o = view_of(server);
  o.stop_after = 2;
  std::ostringstream out, err;
  EXPECT_EQ(watch(o, out, err), 0);
  EXPECT_EQ(server.ws_frames().at(0), R"({"all":true,"type":"subscribe"})");
  EXPECT_TRUE(out.str().starts_with("A                  30.0 km/h    47.50000,    8.25000  ")) << out.str();
  EXPECT_EQ(lines(out.str()), 2);
}

TEST(Watch, ComesBackWithSinceAndShowsNothingTwice) {
  fake_server server;
  int connections = 0;
  server.on_frame([&connections](const std::string&) {
    if (connections++ == 0)
      return fake_server::ws_reply{
          {subscribed, positions_frame({{"A", "2026-11-20T05:00:00.000Z"}}), event_frame("E1")}, 1013, false};
    return fake_server::ws_reply{{subscribed, positions_frame({{"A", "2026-11-20T05:00:00.000Z"}}), event_frame("E2"),
                                  positions_frame({{"A", "2026-11-20T05:00:01.000Z"}})},
                                 0,
                                 false};
  });
  auto o = view_of(server);
  o.trucks = {"A"};
  o.events = true;
  o.max_rate_hz = 2;
  o.stop_after = 4;
  std::ostringstream out, err;
  EXPECT_EQ(watch(o, out, err), 0);
  EXPECT_EQ(server.ws_frames().at(0), R"({"max_rate_hz":2.0,"trucks":["A"],"type":"subscribe"})");
  EXPECT_EQ(server.ws_frames().at(1), R"({"max_rate_hz":2.0,"since":"E1","trucks":["A"],"type":"subscribe"})");
  EXPECT_NE(err.str().find("closed the connection with 1013"), std::string::npos) << err.str();
  EXPECT_EQ(lines(out.str()), 4) << out.str();
}

TEST(Watch, EndsWhenTheTokenIsRefusedOrExpires) {
  fake_server server;
  std::ostringstream out, err;
  server.answer_next({401, R"({"title":"No token"})", {}});
  EXPECT_EQ(watch(view_of(server), out, err), 1);
  EXPECT_NE(err.str().find("No token"), std::string::npos);
  server.on_frame([](const std::string&) { return fake_server::ws_reply{{subscribed}, 4401, false}; });
  EXPECT_EQ(watch(view_of(server), out, err), 1);
  EXPECT_NE(err.str().find("expired"), std::string::npos);
}

TEST(Watch, SaysWhatIsDeniedAndEndsWhenAllIs) {
  fake_server server;
  server.on_frame([](const std::string&) {
    return fake_server::ws_reply{
        {R"({"type":"subscribed","trucks":[],"deliveries":[],"denied":[{"truck_id":"X","code":"not_found"}],"at":"E"})",
         R"({"type":"error","code":"not_allowed","detail":"only an admin follows all"})"},
        0,
        false};
  });
  std::ostringstream out, err;
  EXPECT_EQ(watch(view_of(server), out, err), 1);
  EXPECT_EQ(err.str(), "X: not_found\nthe server refused: only an admin follows all\n");
}

TEST(Health, SaysReadyOrWhyNot) {
  fake_server server;
  std::ostringstream ready;
  EXPECT_EQ(health({server.url(), 3000ms}, ready), 0);
  EXPECT_EQ(ready.str(), "ready\n");
  server.answer_next({503, R"({"title":"Not ready","detail":"the journal is being recovered"})", {}});
  std::ostringstream starting;
  EXPECT_EQ(health({server.url(), 3000ms}, starting), 1);
  EXPECT_EQ(starting.str(), "not ready: the journal is being recovered\n");
  server.ignore_next();
  std::ostringstream silent;
  EXPECT_EQ(health({server.url(), 100ms}, silent), 1);
  EXPECT_TRUE(silent.str().starts_with("not ready: no answer from ")) << silent.str();
  std::ostringstream nonsense;
  EXPECT_EQ(health({"nonsense", 100ms}, nonsense), 2);
}

}  // namespace
}  // namespace haulcast::client
