#include "haulcast/journal/record.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "engine/fences.hpp"
#include "engine/random_day.hpp"
#include "engine/story.hpp"
#include "journal/scratch.hpp"

namespace haulcast::journal {
namespace {

using namespace scratch;
using namespace engine::story;

TEST(Record, ABatchIsReadAsItWasApplied) {
  auto sent = batch_of(morning + 9s, {{"TRK-1", at(1s, 10, 33.3)}, {"TRK-2", at(2s)}, {"TRK-1", at(1s)}, {"TRK-1", at(3s)}});
  sent->positions[0].where.attributes = R"({"door":"open"})";
  sent->positions[3].index = 9;
  sent->rejected.push_back({4, engine::reject_code::latitude_out_of_range, "TRK-1", R"({"latitude":91})"});
  sent->rejected.push_back({7, engine::reject_code::position_not_an_object, "", "7"});
  engine::world w{10};
  engine::outcome what;
  w.apply(*sent, 1, what);
  std::string bytes;
  encode_record(bytes, *sent, what);

  const auto view = view_record(bytes);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->kind, record_kind::batch);
  EXPECT_EQ(view->time, morning + 9s);
  std::vector<engine::event> events;
  ASSERT_TRUE(read_events(*view, events));
  EXPECT_EQ(told(events), (std::vector<std::string>{"truck.online TRK-1 @9", "truck.online TRK-2 @9"}));

  engine::batch got;
  std::vector<engine::judgement> judgements;
  ASSERT_TRUE(read_batch(*view, got, judgements));
  EXPECT_EQ(got.received_at, morning + 9s);
  EXPECT_EQ(got.trucks, (std::vector<std::string_view>{"TRK-1", "TRK-2"}));
  EXPECT_EQ(judgements, what.judgements);
  ASSERT_EQ(got.positions.size(), 4u);
  for (std::size_t i : {0u, 1u, 3u}) EXPECT_TRUE(same(got.positions[i].where, sent->positions[i].where)) << i;
  EXPECT_EQ(judgements[2].what, engine::verdict::duplicate);
  EXPECT_EQ(got.positions[2].where.timestamp, morning + 1s);
  EXPECT_EQ(got.positions[2].truck, 0u);
  EXPECT_EQ(got.positions[3].index, 9u);
  ASSERT_EQ(got.rejected.size(), 2u);
  EXPECT_EQ(got.rejected[0].code, engine::reject_code::latitude_out_of_range);
  EXPECT_EQ(got.rejected[0].raw, R"({"latitude":91})");
  EXPECT_EQ(got.rejected[1].index, 7u);
  EXPECT_EQ(got.rejected[1].truck_id, "");
}

TEST(Record, AnEmptyBatchOfRejectedPositionsIsARecordToo) {
  engine::batch sent;
  sent.received_at = morning;
  sent.rejected.push_back({0, engine::reject_code::truck_id_missing, "", "{}"});
  std::string bytes;
  encode_record(bytes, sent, {});
  engine::batch got;
  std::vector<engine::judgement> judgements;
  ASSERT_TRUE(read_batch(view_record(bytes).value(), got, judgements));
  EXPECT_TRUE(got.positions.empty());
  EXPECT_EQ(got.rejected.size(), 1u);
}

TEST(Record, TicksAndStartsAreReadAsTheyWere) {
  std::string bytes;
  encode_record(bytes, engine::tick{morning + 600s, {"TRK-1", "TRK-2"}}, {});
  engine::tick tick;
  ASSERT_TRUE(read_tick(view_record(bytes).value(), tick));
  EXPECT_EQ(tick.now, morning + 600s);
  EXPECT_EQ(tick.trucks, (std::vector<std::string_view>{"TRK-1", "TRK-2"}));

  bytes.clear();
  engine::started sent{morning, {}};
  sent.rules.stop_speed_kmh = 7.5;
  encode_record(bytes, sent, {});
  engine::started started;
  ASSERT_TRUE(read_started(view_record(bytes).value(), started));
  EXPECT_EQ(started.now, morning);
  EXPECT_EQ(started.rules, sent.rules);
  EXPECT_EQ(started.engine_version, engine::version);
}

TEST(Record, ACommandIsReadAsItWasDecided) {
  engine::register_truck asked{.truck_id = "TRK-1", .what = {.name = "Älpler", .plate = "ZH 1", .max_speed_kmh = 80.5}};
  asked.what.attributes = R"({"axles":3})";
  asked.only_if.match = engine::version_set{.any = true};
  asked.only_if.none_match = engine::version_set{.versions = {7, 1ULL << 40}};
  engine::outcome what;
  what.decided.what = engine::command_status::updated;
  std::string bytes;
  encode_record(bytes, engine::command{morning, asked}, what);
  engine::command got;
  engine::command_status decided{};
  ASSERT_TRUE(read_command(view_record(bytes).value(), got, decided));
  EXPECT_EQ(decided, engine::command_status::updated);
  EXPECT_EQ(got.now, morning);
  const auto& put = std::get<engine::register_truck>(got.what);
  EXPECT_EQ(put.truck_id, "TRK-1");
  EXPECT_TRUE(same(put.what, asked.what));
  EXPECT_TRUE(put.only_if.match.value().any);
  EXPECT_EQ(put.only_if.none_match.value().versions, (std::vector<std::uint64_t>{7, 1ULL << 40}));

  bytes.clear();
  encode_record(bytes, engine::command{morning, engine::remove_truck{.truck_id = "TRK-2"}}, what);
  ASSERT_TRUE(read_command(view_record(bytes).value(), got, decided));
  EXPECT_EQ(std::get<engine::remove_truck>(got.what).truck_id, "TRK-2");
  EXPECT_FALSE(std::get<engine::remove_truck>(got.what).only_if.match);
}

TEST(Record, WhatAnImportBringsIntoForceIsInTheRecordThatDoes) {
  engine::outcome what;
  what.decided.what = engine::command_status::enforced;
  for (const char* const id : {"yard", "gate"}) {
    what.enforced.push_back(std::make_shared<engine::geofence>(strip(100, 300, id)));
  }
  std::string bytes;
  encode_record(bytes, engine::command{morning, engine::enforce_geofences{2}}, what);
  const record_view record = view_record(bytes).value();
  engine::command got;
  engine::command_status decided{};
  ASSERT_TRUE(read_command(record, got, decided));
  EXPECT_EQ(decided, engine::command_status::enforced);
  EXPECT_EQ(std::get<engine::enforce_geofences>(got.what).count, 2U);
  std::vector<std::shared_ptr<engine::geofence>> brought;
  ASSERT_TRUE(read_enforced(record, brought));
  ASSERT_EQ(brought.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(same(*brought[i], *what.enforced[i]));
}

TEST(Record, ACommandAboutAGeofenceIsReadAsItWasDecided) {
  engine::put_geofence asked{.what = strip(100, 300, "yard"), .only_new = true, .merchant_id = "M-1"};
  asked.what.tags = {"a", "b"};
  asked.only_if.match = engine::version_set{.versions = {7}};
  engine::outcome what;
  what.decided.what = engine::command_status::created;
  std::string bytes;
  encode_record(bytes, engine::command{morning, asked, engine::retry_key{{1, 2}, {3, 4}}}, what);
  engine::command got;
  engine::command_status decided{};
  ASSERT_TRUE(read_command(view_record(bytes).value(), got, decided));
  EXPECT_EQ(decided, engine::command_status::created);
  const auto& put = std::get<engine::put_geofence>(got.what);
  EXPECT_TRUE(same(put.what, asked.what));
  EXPECT_TRUE(put.only_new);
  EXPECT_EQ(put.merchant_id, "M-1");
  EXPECT_TRUE(put.only_if.match.value().has(7));

  bytes.clear();
  what.decided.what = engine::command_status::removed;
  encode_record(bytes, engine::command{morning, engine::remove_geofence{"yard", "M-1", asked.only_if}}, what);
  ASSERT_TRUE(read_command(view_record(bytes).value(), got, decided));
  const auto& gone = std::get<engine::remove_geofence>(got.what);
  EXPECT_EQ(gone.geofence_id, "yard");
  EXPECT_EQ(gone.merchant_id, "M-1");
  EXPECT_TRUE(gone.only_if.match.value().has(7));
}

TEST(Record, ACommandsRetryKeyIsReadToo) {
  const engine::retry_key key{{1, ~0ULL}, {1ULL << 63, 4}};
  engine::outcome what;
  what.decided.what = engine::command_status::removed;
  std::string bytes;
  encode_record(bytes, engine::command{morning, engine::remove_truck{.truck_id = "TRK-2"}, key}, what);
  engine::command got;
  engine::command_status decided{};
  ASSERT_TRUE(read_command(view_record(bytes).value(), got, decided));
  EXPECT_EQ(decided, engine::command_status::removed);
  EXPECT_EQ(got.retry, key);
  EXPECT_EQ(std::get<engine::remove_truck>(got.what).truck_id, "TRK-2");
}

// As engine version 2 wrote them: register TRK-1 as "One" if it is new, at 2026-11-19, created.
TEST(Record, ACommandFromBeforeThereWereRetryKeysIsReadAsOneWithout) {
  using namespace std::string_view_literals;
  constexpr auto older =
      "\x05\x80\xF8\xB2\xE5\xBD\x68\x00\x00"  // command, time, no events
      "\x00\x00\x05TRK-1\x00\x01\x03One\x0C\x00"sv;
  engine::command got;
  got.retry.emplace();
  engine::command_status decided{};
  ASSERT_TRUE(read_command(view_record(older).value(), got, decided));
  EXPECT_EQ(decided, engine::command_status::created);
  EXPECT_FALSE(got.retry);
  const auto& put = std::get<engine::register_truck>(got.what);
  EXPECT_EQ(put.truck_id, "TRK-1");
  EXPECT_EQ(put.what.name, "One");
  EXPECT_TRUE(put.only_if.none_match.value().any);

  std::string bytes;
  engine::outcome what;
  what.decided.what = decided;
  encode_record(bytes, got, what);
  EXPECT_EQ(bytes, older) << "without a key nothing has changed";
}

TEST(Record, AStartByANewerVersionIsReadAsThat) {
  std::string bytes;
  engine::started newer{morning, {}};
  newer.engine_version = engine::version + 1;
  encode_record(bytes, newer, {});
  bytes += "a rule that came later";
  engine::started got;
  ASSERT_TRUE(read_started(view_record(bytes).value(), got));
  EXPECT_EQ(got.engine_version, engine::version + 1);
}

std::vector<std::string> any_records() {
  random_day day{99};
  day.play(150);
  std::vector<std::string> records;
  for (const auto& i : day.inputs) records.push_back(encoded(i));
  return records;
}

bool readable(std::string_view bytes) {
  const auto view = view_record(bytes);
  if (!view) return false;
  std::vector<engine::event> events;
  if (!read_events(*view, events)) return false;
  engine::batch batch;
  std::vector<engine::judgement> judgements;
  engine::tick tick;
  engine::trim trim;
  engine::started started;
  engine::command command;
  engine::command_status decided{};
  switch (view->kind) {
    case record_kind::batch: return read_batch(*view, batch, judgements);
    case record_kind::tick: return read_tick(*view, tick);
    case record_kind::trim: return read_trim(*view, trim);
    case record_kind::started: return read_started(*view, started);
    case record_kind::command: return read_command(*view, command, decided);
  }
  return false;
}

// The samples that fuzzing begins with: written by the versions that first had each kind.
TEST(Record, SamplesOfEveryKindAreStillRead) {
  const auto samples = std::filesystem::path{__FILE__}.parent_path().parent_path() / "fuzz" / "corpus" / "journal_record";
  std::set<record_kind> kinds;
  for (const auto& each : std::filesystem::directory_iterator{samples}) {
    std::ostringstream text;
    text << std::ifstream{each.path()}.rdbuf();
    EXPECT_TRUE(readable(text.str())) << each.path();
    if (const auto view = view_record(text.str())) kinds.insert(view->kind);
  }
  EXPECT_EQ(kinds, (std::set{record_kind::started, record_kind::batch, record_kind::tick, record_kind::command}));
}

TEST(Record, ACutOneIsNeverReadAsWhole) {
  for (const std::string& whole : any_records()) {
    ASSERT_TRUE(readable(whole));
    for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 60) {
      ASSERT_FALSE(readable(std::string_view{whole}.substr(0, size)));
    }
    ASSERT_FALSE(readable(whole + "x"));
  }
}

TEST(Record, AnyBytesAreReadWithoutHarm) {
  std::mt19937 dice{42};
  for (const std::string& whole : any_records()) {
    for (int i = 0; i < 100; ++i) {
      std::string bad = whole;
      for (auto flips = 1 + dice() % 5; flips-- > 0;) bad[dice() % bad.size()] = static_cast<char>(dice());
      readable(bad);
    }
  }
}

}  // namespace
}  // namespace haulcast::journal
