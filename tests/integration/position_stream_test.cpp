// GET /v1/positions/stream: every position for named consumers, from where they committed.
#include <map>
#include <set>

#include "integration/past.hpp"
#include "integration/raw_connection.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr const char* ndjson = "application/x-ndjson";
constexpr std::int64_t hour_ms = 3'600'000;

/// Reads lines, keeps books, commits now and then, goes away and comes back.
class consumer {
 public:
  consumer(server& s, std::string name, std::size_t commit_every)
      : server_{s}, name_{std::move(name)}, commit_every_{commit_every} {}

  /// Handles lines until there are so many in all, or none comes for a while. What was not committed comes again.
  void handle(std::size_t until_count, milliseconds patience = 20s) {
    crash();
    stream_reader stream{server_.base(), server_.token(), "/v1/positions/stream?consumer=" + name_, ndjson};
    ASSERT_EQ(stream.status(), 200U) << stream.head();
    while (committed_.size() + open_.size() < until_count) {
      const auto text = stream.line(patience);
      if (!text) return;
      if (text->empty()) continue;
      open_.push_back(json::parse(*text));
      if (open_.size() == commit_every_) commit();
    }
  }
  /// What was handled and not committed was handled by nobody.
  void crash() { open_.clear(); }
  void commit() {
    if (open_.empty()) return;
    auto admin = server_.as();
    const auto answer = admin.post("/v1/consumers/" + name_ + "/checkpoint", {{"offset", open_.back().at("offset")}});
    ASSERT_EQ(answer.status, 200U) << answer.raw.body;
    EXPECT_EQ(answer.body, (json{{"consumer", name_}, {"offset", open_.back().at("offset")}}));
    committed_.insert(committed_.end(), open_.begin(), open_.end());
    open_.clear();
  }
  const std::vector<json>& committed() const { return committed_; }

  /// Each truck's timestamps in the order they came.
  std::map<std::string, std::vector<std::string>> by_truck() const {
    std::map<std::string, std::vector<std::string>> told;
    for (const auto& line : committed_) told[line.at("truck_id")].push_back(line.at("timestamp"));
    return told;
  }

 private:
  server& server_;
  std::string name_;
  std::size_t commit_every_;
  std::vector<json> open_, committed_;
};

TEST(PositionStream, TwoConsumersGetEveryPositionOnceInOrderAcrossDisconnectsAndKills) {
  server s;
  consumer a{s, "a", 7};  // not at the ends of batches
  consumer b{s, "b", 50};
  std::map<std::string, std::vector<std::string>> expected;
  const auto begin = now_ms() - hour_ms;
  std::size_t sent = 0;
  for (int round = 0; round < 6; ++round) {
    {
      auto admin = s.as();
      for (int i = 0; i < 10; ++i) {
        std::vector<json> positions;
        for (int k = 0; k < 5; ++k) {
          for (const char* truck : {"TRK-1", "TRK-2"}) {
            positions.push_back(driving(truck, begin, (round * 10 + i) * 5 + k));
            expected[truck].push_back(positions.back().at("timestamp"));
            ++sent;
          }
        }
        positions.push_back(positions.front());  // a duplicate, which is no position
        must_post(admin, std::move(positions));
      }
    }
    a.handle(sent - 13);  // leaves in the middle
    if (round % 2 == 0) a.crash();
    if (round % 3 != 2) b.handle(sent);
    if (round % 2 == 1) b.crash();
    s.kill();
    s.start();
  }
  a.handle(sent);
  a.commit();
  b.handle(sent);
  b.commit();
  EXPECT_EQ(a.by_truck(), expected);
  EXPECT_EQ(b.by_truck(), expected);
  EXPECT_EQ(a.committed(), b.committed()) << "offsets and all";
}

TEST(PositionStream, GoesOnLiveAndMarksLateAndSuspectOnes) {
  server s;
  auto admin = s.as();
  const auto begin = now_ms() - hour_ms;
  must_post(admin, {driving("TRK-1", begin, 0), driving("TRK-1", begin, 60)});
  stream_reader stream{s.base(), s.token(), "/v1/positions/stream?consumer=c", "text/event-stream"};
  ASSERT_EQ(stream.status(), 200U);
  std::uint64_t last = 0;
  const auto next = [&] {
    const auto told = stream.event();
    EXPECT_TRUE(told);
    if (!told) return json{};
    EXPECT_EQ(told->at("event"), "position");
    auto line = json::parse(told->at("data"));
    EXPECT_EQ(told->at("id"), line.at("offset").dump());
    EXPECT_LT(last, line.at("offset").get<std::uint64_t>());
    last = line.at("offset");
    return line;
  };
  next();
  EXPECT_EQ(next().at("timestamp"), rfc3339(begin + 60'000));
  auto nowhere = driving("TRK-1", begin, 90);
  nowhere["latitude"] = 0;
  nowhere["longitude"] = 0;
  must_post(admin, {driving("TRK-1", begin, 30), nowhere});
  EXPECT_TRUE(next().at("late"));
  EXPECT_EQ(next().at("suspect"), "null_island");
}

TEST(PositionStream, ALargeBatchIsToldWhole) {
  server s;
  auto admin = s.as();
  const auto begin = now_ms() - hour_ms;
  std::vector<json> positions;
  for (int i = 0; i < 1000; ++i) positions.push_back(driving("TRK-1", begin, i));
  must_post(admin, positions);
  must_post(admin, {driving("TRK-1", begin, 1000)});
  consumer c{s, "c", 300};
  c.handle(1001);
  c.commit();
  ASSERT_EQ(c.committed().size(), 1001U);
  for (int i = 0; i <= 1000; ++i)
    EXPECT_EQ(c.committed()[static_cast<std::size_t>(i)].at("timestamp"), rfc3339(begin + i * 1000));
}

TEST(PositionStream, AReconnectingEventSourceGoesOnBehindItsLastEvent) {
  server s;
  auto admin = s.as();
  const auto begin = now_ms() - hour_ms;
  for (int i = 0; i < 3; ++i) must_post(admin, {driving("TRK-1", begin, i)});
  std::string id;
  {
    stream_reader stream{s.base(), s.token(), "/v1/positions/stream?consumer=c", "text/event-stream"};
    stream.event();
    id = stream.event()->at("id");
  }
  stream_reader again{s.base(), s.token(), "/v1/positions/stream?consumer=c", ndjson, "Last-Event-ID: " + id + "\r\n"};
  EXPECT_EQ(json::parse(again.line().value_or("{}")).value("timestamp", ""), rfc3339(begin + 2000));
}

TEST(PositionStream, ALateCheckpointTakesNobodyBackAndOneAheadIsRefused) {
  server s;
  auto admin = s.as();
  must_post(admin, {driving("TRK-1", now_ms() - hour_ms, 0)});
  stream_reader stream{s.base(), s.token(), "/v1/positions/stream?consumer=c", ndjson};
  const std::uint64_t offset = json::parse(stream.line().value_or("{}")).at("offset");
  const auto commit = [&](json body) { return admin.post("/v1/consumers/c/checkpoint", std::move(body)); };
  EXPECT_EQ(commit({{"offset", offset}}).body.at("offset"), offset);
  EXPECT_EQ(commit({{"offset", 5}}).body.at("offset"), offset);
  expect_problem(commit({{"offset", offset * 1000}}), 422, "field_invalid");
  expect_problem(commit({{"offset", "12"}}), 422, "field_type_invalid");
  expect_problem(commit({{"offset", -1}}), 422, "field_type_invalid");
  expect_problem(commit({{"ofset", 1}}), 422, "unknown_member");
  expect_problem(commit(json::object()), 422, "member_missing");
  expect_problem(admin.post("/v1/consumers/a%20b/checkpoint", {{"offset", 1}}), 422, "field_invalid");
  s.kill();
  s.start();
  auto again = s.as();
  EXPECT_EQ(again.post("/v1/consumers/c/checkpoint", {{"offset", 0}}).body.at("offset"), offset) << "it was on disk";
}

TEST(PositionStream, RefusesWhatItCannotGive) {
  server s;
  auto admin = s.as();
  expect_problem(admin.get("/v1/positions/stream"), 422, "parameter_missing");
  expect_problem(admin.get("/v1/positions/stream?consumer=a%20b"), 422, "parameter_invalid");
  expect_problem(admin.get("/v1/positions/stream?consumer=a&after=0"), 422, "parameter_invalid");
  expect_problem(admin.get("/v1/positions/stream?consumer=a", {{"Accept", "text/html"}}), 406, "not_acceptable");
  expect_problem(admin.get("/v1/positions/stream?consumer=a", {{"Last-Event-ID", "9999999999999"}}), 410, "offset_expired");
}

TEST(PositionStream, WhatWasDroppedIs410AndANewConsumerBeginsAtTheOldest) {
  server s({.environment = {{"HAULCAST_JOURNAL__MAX_BYTES", "4 MiB"},
                            {"HAULCAST_JOURNAL__SEGMENT_BYTES", "1 MiB"},
                            {"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "1"}}});
  auto admin = s.as();
  const auto begin = now_ms() - 2 * hour_ms;
  must_post(admin, {driving("FIRST", begin, 0), driving("FIRST", begin, 1)});
  {
    stream_reader stream{s.base(), s.token(), "/v1/positions/stream?consumer=old", ndjson};
    const auto line = json::parse(stream.line().value_or("{}"));
    EXPECT_EQ(admin.post("/v1/consumers/old/checkpoint", {{"offset", line.at("offset")}}).status, 200U);
  }
  int step = 0;
  ASSERT_TRUE(eventually(
      [&] {
        if (step < 7000) admin.post("/v1/positions", bulky_batch("BULK", begin, step, 400));
        step += 400;
        return metric(admin.get("/metrics").raw.body, "haulcast_journal_first_offset").value_or(0) > 3;
      },
      60s));
  const auto gone = admin.get("/v1/positions/stream?consumer=old");
  expect_problem(gone, 410, "offset_expired");
  stream_reader fresh{s.base(), s.token(), "/v1/positions/stream?consumer=new", ndjson};
  ASSERT_EQ(fresh.status(), 200U);
  EXPECT_EQ(json::parse(fresh.line().value_or("{}")).value("truck_id", ""), "BULK");
}

}  // namespace
}  // namespace haulcast::support
