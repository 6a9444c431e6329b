#include "haulcast/journal/recovery.hpp"

#include <gtest/gtest.h>

#include "engine/random_day.hpp"
#include "engine/story.hpp"
#include "journal/scratch.hpp"

namespace haulcast::journal {
namespace {

using namespace scratch;
using namespace engine::story;

entity rules_of(const engine::world& w) {
  entity e{"rules", {}};
  byte_writer out{e.bytes};
  w.save_rules(out);
  return e;
}
entity truck_of(const engine::world& w, engine::truck_index i) {
  entity e{"truck/" + w.at(i).id, {}};
  byte_writer out{e.bytes};
  w.save_truck(i, out);
  return e;
}

/// As they were when they were taken.
std::vector<entity> geofences_of(const std::vector<engine::geofence_changes>& taken) {
  std::vector<entity> all;
  for (const auto& changes : taken) {
    for (const auto& [id, fence] : changes) {
      entity& e = all.emplace_back(std::string{geofence_prefix} + id, std::string{}, fence == nullptr);
      byte_writer out{e.bytes};
      if (fence) fence->save(out);
    }
  }
  return all;
}

/// The next block of the pass, if there is one.
std::vector<entity> retries_of(engine::world& w) {
  const auto block = w.take_changed_retries();
  if (!block) return {};
  entity e{std::string{retries_prefix} + std::to_string(w.retries().row_of(*block)), {}};
  byte_writer out{e.bytes};
  w.retries().save_block(*block, out);
  return {e};
}

TEST(RecoveryOfNothing, IsAnEmptyWorld) {
  const directory d;
  const auto log = scratch::open(d.path());
  const auto r = recover(*log, nullptr, 100);
  ASSERT_TRUE(r);
  EXPECT_EQ(r->world.size(), 0u);
  EXPECT_EQ(r->last, 0u);
  EXPECT_EQ(r->records, 0u);
}

class RecoveryAtRandom : public testing::TestWithParam<unsigned> {};

TEST_P(RecoveryAtRandom, ReplayingTwiceGivesTheSameWorldAndEvents) {
  const directory d;
  random_day day{GetParam()};
  day.play(200);
  const auto log = scratch::open(d.path(), sync_mode::normal, 20'000);
  append(*log, day);
  const auto once = recover(*log, nullptr, 100);
  ASSERT_TRUE(once);
  EXPECT_EQ(once->last, 200u);
  EXPECT_EQ(once->records, 200u);
  EXPECT_EQ(once->differences, 0u);
  EXPECT_EQ(digest(once->world), digest(day.live));
  EXPECT_EQ(digest(std::move(recover(*log, nullptr, 100)).value().world), digest(day.live));
  EXPECT_EQ(digest_events(*log).value(), digest_events(*log).value());
}

TEST_P(RecoveryAtRandom, FuzzySnapshotsAndTheTailGiveTheSameAsTheWholeJournal) {
  const directory d;
  random_day day{GetParam()};
  const auto log = scratch::open(d / "journal", sync_mode::normal, 20'000);
  const auto store = std::move(snapshot_store::open(d / "snapshots.sqlite", log->id())).value();
  for (int pass = 0; pass < 4; ++pass) {
    day.play(20 + day.upto(80));
    const offset_t began_at = day.inputs.size();
    day.live.begin_pass();
    auto fences = day.live.take_changed_geofences();
    for (;;) {
      const auto changed = day.live.take_changed(1 + day.upto(4));
      auto slice = retries_of(day.live);
      if (changed.empty() && slice.empty()) break;
      for (const auto i : changed) slice.push_back(truck_of(day.live, i));
      ASSERT_TRUE(store->write(slice));
      day.play(day.upto(8));
    }
    const bool dies = day.upto(3) == 0;  // before the pass ended; the rows it wrote are there
    if (dies) {
      for (engine::truck_index i = 0; i < day.live.size(); ++i) day.live.mark_changed(day.live.at(i).id);
      if (day.upto(2) == 0) day.live.mark_retries_changed();
      day.live.give_back_geofences(std::move(fences));
    } else {
      // A start may have come while the pass was on: the rules that go with it are those in force where the replay begins.
      engine::world at_beginning{100};
      engine::outcome out;
      for (const input& i : day.inputs) {
        if (i.offset <= began_at) i.apply_to(at_beginning, out);
      }
      auto last = geofences_of(fences);
      last.push_back(rules_of(at_beginning));
      ASSERT_TRUE(store->finish(began_at + 1, last));
    }
  }
  day.play(day.upto(60));
  append(*log, day);
  const auto r = recover(*log, store.get(), 100);
  ASSERT_TRUE(r) << r.error().what;
  EXPECT_EQ(r->differences, 0u);
  EXPECT_EQ(r->last, day.inputs.size());
  EXPECT_EQ(digest(r->world), digest(day.live));
  EXPECT_EQ(state_of(r->world), state_of(day.live));
}
INSTANTIATE_TEST_SUITE_P(Seeds, RecoveryAtRandom, testing::Range(1u, 13u));

class Recovery : public testing::Test {
 protected:
  void play(std::size_t count) {
    day_.play(count);
    append(*log_, day_);
  }
  directory d_;
  random_day day_{5};
  std::unique_ptr<segment_log> log_ = scratch::open(d_ / "journal");
  std::unique_ptr<snapshot_store> store_ = std::move(snapshot_store::open(d_ / "snapshots.sqlite", log_->id())).value();
};

TEST_F(Recovery, SnapshotsAheadOfTheJournalAreRefused) {
  play(50);
  ASSERT_TRUE(store_->finish(51, {}));
  EXPECT_TRUE(recover(*log_, store_.get(), 100)) << "exactly at its end is not ahead";
  ASSERT_TRUE(store_->finish(52, {}));
  const auto r = recover(*log_, store_.get(), 100);
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().what.find("ahead of the journal"), std::string::npos);
}

// Its records up to there would be skipped for good, though they were acknowledged.
TEST_F(Recovery, ASingleTruckAheadOfTheJournalIsRefused) {
  play(50);
  day_.play(50);
  const entity ahead[] = {truck_of(day_.live, 0)};
  ASSERT_GT(day_.live.at(0).changed_at, 50u);
  ASSERT_TRUE(store_->write(ahead));
  const auto r = recover(*log_, store_.get(), 100);
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().what.find("ahead of the journal"), std::string::npos) << r.error().what;
}

TEST_F(Recovery, RulesAheadOfTheJournalAreRefused) {
  play(50);
  engine::outcome out;
  day_.live.apply(engine::started{morning + 1000h, {}}, 80, out);
  const entity ahead[] = {rules_of(day_.live)};
  ASSERT_TRUE(store_->write(ahead));
  const auto r = recover(*log_, store_.get(), 100);
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().what.find("ahead of the journal"), std::string::npos) << r.error().what;
}

TEST_F(Recovery, RetryKeysAheadOfTheJournalAreRefused) {
  play(50);
  engine::outcome out;
  const engine::register_truck asked{.truck_id = "TRK-NEW"};
  day_.live.apply(engine::command{morning + 1000h, asked, engine::retry_key{{1, 2}, {3, 4}}}, 80, out);
  ASSERT_TRUE(out.decided.changed());
  day_.live.begin_pass();
  ASSERT_TRUE(store_->write(retries_of(day_.live)));
  const auto r = recover(*log_, store_.get(), 100);
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().what.find("ahead of the journal"), std::string::npos) << r.error().what;
}

TEST_F(Recovery, AJournalAndSnapshotsFromBeforeThereWereRetryKeysAreRead) {
  engine::started older{morning, {}};
  older.engine_version = 2;
  std::string start;
  encode_record(start, older, {});
  start.resize(start.size() - 10);  // rules had no max_segment then, which is 120: two bytes; nor a default speed limit
  using namespace std::string_literals;
  const auto command =
      "\x05\x80\xF8\xB2\xE5\xBD\x68\x00\x00\x00\x00\x05TRK-1\x00\x01\x03One\x0C\x00"s;  // created, if it is new
  ASSERT_FALSE(log_->append(group_of(1, {start, command})));
  for (auto* const snapshots : {static_cast<snapshot_store*>(nullptr), store_.get()}) {
    const auto r = recover(*log_, snapshots, 100);
    ASSERT_TRUE(r) << r.error().what;
    EXPECT_EQ(r->differences, 0u);
    EXPECT_EQ(r->world.registration_of(*r->world.find("TRK-1"))->name, "One");
    EXPECT_EQ(r->world.retries().size(), 0u);
    const entity rows[] = {rules_of(r->world), truck_of(r->world, 0)};
    ASSERT_TRUE(store_->write(rows));
    ASSERT_TRUE(store_->finish(3));
  }
}

TEST_F(Recovery, DamagedRetryKeysAreASentence) {
  const entity bad[] = {{std::string{retries_prefix} + "0", "x"}};
  ASSERT_TRUE(store_->write(bad));
  const auto r = recover(*log_, store_.get(), 100);
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().what.find("retry keys"), std::string::npos) << r.error().what;
}

entity row_of(engine::geofence g) {
  entity e{std::string{geofence_prefix} + g.id, {}};
  byte_writer out{e.bytes};
  g.save(out);
  return e;
}

// More than are read at a time.
TEST_F(Recovery, ManyGeofencesAreReadSideBySideAndTheWorldIsAsIfTheyWereNot) {
  engine::world one_by_one{100};
  std::vector<entity> rows;
  for (int i = 0; i < 5'000; ++i) {
    rows.push_back(row_of({.id = "fence-" + std::to_string(i * 7919 % 5'000), .shape = geo::circle{north(i * 50), 100}}));
    ASSERT_TRUE(one_by_one.restore_geofence(engine::read_geofence(rows.back().bytes)));
  }
  ASSERT_TRUE(store_->write(rows));
  auto r = recover(*log_, store_.get(), 100);
  ASSERT_TRUE(r) << r.error().what;
  EXPECT_EQ(r->world.geofences().size(), 5'000u);
  EXPECT_EQ(digest(r->world), digest(one_by_one));
  const auto heard = batch_of(morning, {{"TRK-1", at(0s, 1'000)}});
  engine::outcome there, here;
  r->world.apply(*heard, 1, there);
  one_by_one.apply(*heard, 1, here);
  EXPECT_EQ(fences_told(there.events).size(), 5u);
  EXPECT_EQ(fences_told(there.events), fences_told(here.events));
}

TEST_F(Recovery, AGeofenceThatIsNoneIsNamed) {
  std::vector<entity> rows;
  for (int i = 1; i <= 50; ++i) rows.push_back(row_of({.id = std::to_string(i), .shape = geo::circle{depot, 100}}));
  rows[19].bytes.pop_back();
  ASSERT_TRUE(store_->write(rows));
  const auto r = recover(*log_, store_.get(), 100);
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().what.find("geofence/20 "), std::string::npos) << r.error().what;
}

TEST_F(Recovery, TheDigestNoticesARetryKey) {
  const engine::register_truck asked{.truck_id = "TRK-1"};
  const auto digest_with = [&](std::optional<engine::retry_key> key) {
    engine::world w{10};
    engine::outcome out;
    w.apply(engine::command{morning, asked, key}, 1, out);
    return digest(w);
  };
  const engine::retry_key key{{1, 2}, {3, 4}};
  EXPECT_EQ(digest_with(key), digest_with(key));
  EXPECT_NE(digest_with(key), digest_with(std::nullopt));
  EXPECT_NE(digest_with(key), digest_with(engine::retry_key{{1, 2}, {3, 5}}));
}

TEST_F(Recovery, AChangedEventIsCountedAsADifference) {
  day_.play(60);
  std::size_t changed = 0;
  for (input& i : day_.inputs) {
    if (i.first.events.empty() || changed == 2) continue;
    i.first.events[0].time += 1ms;
    ++changed;
  }
  append(*log_, day_);
  const auto r = recover(*log_, nullptr, 100);
  ASSERT_TRUE(r);
  EXPECT_EQ(r->differences, 2u);
  EXPECT_EQ(digest(r->world), digest(day_.live));
}

TEST_F(Recovery, AChangedJudgementIsCountedAsADifference) {
  day_.play(60);
  for (input& i : day_.inputs) {
    if (!i.sent || i.first.judgements[0].what != engine::verdict::live) continue;
    i.first.judgements[0].what = engine::verdict::late;
    break;
  }
  append(*log_, day_);
  EXPECT_EQ(recover(*log_, nullptr, 100)->differences, 1u);
}

TEST_F(Recovery, AJournalThatNoLongerReachesBackIsASentence) {
  log_ = scratch::open(d_ / "journal", sync_mode::normal, 300);
  play(100);
  ASSERT_GT(log_->drop(90, utc_time::max(), 0), 0u);
  const auto r = recover(*log_, nullptr, 100);
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().what.find("record 1 "), std::string::npos) << r.error().what;
}

TEST_F(Recovery, ADamagedRecordIsNamed) {
  group g = saying(1, 3);
  ASSERT_FALSE(log_->append(g));
  const auto r = recover(*log_, nullptr, 100);
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().what.find("record 1 of the journal"), std::string::npos) << r.error().what;
}

TEST_F(Recovery, ARecordOfANewerEngineIsRefusedAsThat) {
  std::string bytes;
  engine::started newer{morning, {}};
  newer.engine_version = engine::version + 1;
  encode_record(bytes, newer, {});
  bytes += "a rule that came later";
  ASSERT_FALSE(log_->append(group_of(1, {bytes})));
  const auto r = recover(*log_, nullptr, 100);
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().what.find("newer version"), std::string::npos) << r.error().what;
}

TEST_F(Recovery, EachRecordIsGivenOnceFromWhereItIsAsked) {
  play(50);
  for (offset_t from : {1u, 2u, 7u, 8u, 50u, 51u}) {
    std::vector<offset_t> seen;
    ASSERT_TRUE(for_each_record(*log_, from, [&](offset_t o, const record_view&) -> result<void> {
      seen.push_back(o);
      return {};
    }));
    ASSERT_EQ(seen.size(), 51 - from);
    for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], from + i);
  }
}

TEST_F(Recovery, TheDigestsNoticeASingleChange) {
  play(80);
  const auto before = digest(day_.live);
  const auto events_before = digest_events(*log_).value();
  EXPECT_EQ(before.size(), 64u);
  play(1);
  while (day_.inputs.back().first.events.empty()) play(1);
  EXPECT_NE(digest(day_.live), before);
  EXPECT_NE(digest_events(*log_).value(), events_before);
}

}  // namespace
}  // namespace haulcast::journal
