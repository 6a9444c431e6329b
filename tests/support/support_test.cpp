// The helpers of the integration tests, tested where a fault in them would make those tests blind.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>

#include "client/fake_server.hpp"
#include "support/child_process.hpp"
#include "support/ledger_loader.hpp"
#include "support/temp_directory.hpp"
#include "support/token.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;

child_options shell(std::string script) {
  child_options o;
  o.program = "/bin/sh";
  o.arguments = {"-c", std::move(script)};
  return o;
}

TEST(TempDirectory, IsGoneAfterwards) {
  std::filesystem::path was;
  {
    const temp_directory d;
    was = d.path();
    std::ofstream{d / "file"} << "x";
    EXPECT_TRUE(std::filesystem::exists(was / "file"));
  }
  EXPECT_FALSE(std::filesystem::exists(was));
}

TEST(ChildProcess, GivesItsLinesAsTheyCome) {
  child_process child{shell("echo one; echo two; printf three")};
  EXPECT_EQ(child.read_line(5s), "one");
  EXPECT_EQ(child.read_line(5s), "two");
  EXPECT_EQ(child.read_line(200ms), std::nullopt);
  EXPECT_EQ(child.read_all(1s), "three");
  EXPECT_EQ(child.wait(5s)->code, 0);
}

TEST(ChildProcess, WaitsNoLongerThanAsked) {
  child_process child{shell("exec sleep 30")};
  EXPECT_EQ(child.read_line(20ms), std::nullopt);
  EXPECT_FALSE(child.wait(20ms));
  EXPECT_TRUE(child.running());
}

TEST(ChildProcess, TellsAnExitCodeFromASignal) {
  child_process failing{shell("exit 3")};
  EXPECT_EQ(failing.wait(5s)->code, 3);
  child_process killed{shell("exec sleep 30")};
  killed.signal(SIGKILL);
  EXPECT_EQ(killed.wait(5s)->signal, SIGKILL);
  EXPECT_EQ(killed.wait(5s)->code, -1);
}

TEST(ChildProcess, HasTheEnvironmentAndTheDirectoryItWasGiven) {
  const temp_directory d;
  auto o = shell("echo $MINE $HOME; pwd; echo trouble >&2");
  o.environment = {{"MINE", "yes"}, {"HOME", ""}};
  o.directory = d.path();
  const auto done = run_to_end(o);
  EXPECT_EQ(done.out, "yes\n" + d.path().string() + '\n');
  EXPECT_EQ(done.err, "trouble\n");
}

TEST(Token, IsTheWellKnownExampleOfJwt) {
  EXPECT_EQ(sign_payload(R"({"alg":"HS256","typ":"JWT"})", R"({"sub":"1234567890","name":"John Doe","iat":1516239022})",
                         "your-256-bit-secret"),
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ."
            "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c");
}

TEST(LedgerPlan, IsTheSameForTheSameSeedAndHasEverythingInIt) {
  const std::vector<std::string> names{"A", "B"};
  const utc_time begin = from_epoch_ms(1'800'000'000'000);
  ledger_plan one{5, {}, {0, 1}, names, begin};
  ledger_plan two{5, {}, {0, 1}, names, begin};
  std::map<told, int> seen;
  int twice = 0;
  for (int i = 0; i < 500; ++i) {
    const auto batch = one.next();
    ASSERT_EQ(batch.body, two.next().body);
    ASSERT_EQ(batch.expected.size(), batch.batch.positions.size());
    for (const told t : batch.expected) ++seen[t];
    twice += batch.twice_at_once ? 1 : 0;
  }
  for (const told t : {told::accepted, told::late, told::duplicate, told::rejected})
    EXPECT_GT(seen[t], 50) << static_cast<int>(t);
  EXPECT_GT(twice, 20);
}

TEST(LedgerPlan, GivesOneTruckAShiftOfBatchesAndNowAndThenALargeOne) {
  const std::vector<std::string> names{"A", "B", "C", "D", "E"};
  ledger_plan plan{7, {.batch_max = 3, .large = 0.2, .large_max = 300, .shift = 4}, {0, 1, 2, 3, 4}, names, from_epoch_ms(0)};
  std::set<std::uint32_t> drove;
  std::size_t large = 0;
  for (int shift = 0; shift < 100; ++shift) {
    std::set<std::uint32_t> on_shift;
    for (int i = 0; i < 4; ++i) {
      const auto planned = plan.next();
      for (const ledger_position& p : planned.batch.positions) on_shift.insert(p.truck);
      large += planned.batch.positions.size() > 3 ? 1 : 0;
    }
    EXPECT_EQ(on_shift.size(), 1u);
    drove.insert(*on_shift.begin());
  }
  EXPECT_EQ(drove.size(), 5u);
  EXPECT_GT(large, 40u);
  EXPECT_LT(large, 160u);
}

TEST(LedgerPlan, ExpectsWhatAServerThatKeepsTheContractTells) {
  const std::vector<std::string> names{"A", "B"};
  ledger_plan plan{6, {}, {0, 1}, names, from_epoch_ms(1'800'000'000'000)};
  std::map<std::uint32_t, std::set<std::int64_t>> held;
  for (int i = 0; i < 2000; ++i) {
    const auto planned = plan.next();
    for (std::size_t k = 0; k < planned.expected.size(); ++k) {
      const ledger_position& p = planned.batch.positions[k];
      auto& times = held[p.truck];
      const bool known = times.contains(p.timestamp_ms);
      const bool newest = times.empty() || p.timestamp_ms > *times.rbegin();
      switch (planned.expected[k]) {
        case told::duplicate: ASSERT_TRUE(known); break;
        case told::late: ASSERT_TRUE(!known && !newest); break;
        case told::accepted: ASSERT_TRUE(!known && newest); break;
        default: continue;
      }
      times.insert(p.timestamp_ms);
    }
  }
}

TEST(LedgerPlan, AWorkingDayDrivesStandsAndIsSilentAndExpectsTheSame) {
  const std::vector<std::string> names{"A", "B"};
  const std::int64_t begin = 1'800'000'000'000;
  ledger_plan plan{6, {.working_day = true}, {0, 1}, names, from_epoch_ms(begin)};
  std::map<std::int64_t, double> first;  // latitude of the second truck
  std::int64_t newest = begin;
  int gaps = 0, speeds = 0, off = 0;
  for (int i = 0; i < 1'000; ++i) {
    const auto planned = plan.next();
    speeds += planned.body.find(R"("speed_kmh":39.6)") != std::string::npos;
    off += planned.body.find(R"("engine_status":"off")") != std::string::npos;
    for (std::size_t k = 0; k < planned.expected.size(); ++k) {
      const ledger_position& p = planned.batch.positions[k];
      if (p.truck != 1 || planned.expected[k] == told::rejected) continue;
      const auto [known, is_new] = first.emplace(p.timestamp_ms, p.latitude);
      EXPECT_EQ(is_new, planned.expected[k] != told::duplicate);
      if (planned.expected[k] != told::accepted) continue;
      EXPECT_LT(std::abs(p.latitude - 11), 0.02) << "it comes back";
      if (p.timestamp_ms - newest > 60'000) ++gaps;
      newest = p.timestamp_ms;
    }
  }
  EXPECT_GT(gaps, 1);
  EXPECT_GT(speeds, 100);
  EXPECT_GT(off, 50);
}

ledger_attempt answered(std::uint64_t accepted, std::uint64_t duplicates, std::uint64_t late = 0) {
  ledger_attempt a;
  a.status = 200;
  a.answer = {accepted, duplicates, late, {}};
  return a;
}

ledger_batch batch_of(std::size_t positions, std::vector<ledger_attempt> attempts) {
  ledger_batch b;
  b.positions.resize(positions);
  b.attempts = std::move(attempts);
  return b;
}

TEST(Ledger, OneAnswerSettlesABatch) {
  auto b = batch_of(2, {answered(1, 1)});
  EXPECT_TRUE(settle(b, {told::accepted, told::duplicate}).empty());
  EXPECT_EQ(b.positions[0].verdict, told::accepted);
  EXPECT_EQ(b.positions[1].verdict, told::duplicate);
}

TEST(Ledger, CountsWhatWasAnsweredApartFromWhatMustBeHeld) {
  ledger books;
  books.batches = {batch_of(3, {answered(1, 1)}), batch_of(5, {})};
  EXPECT_EQ(settle(books.batches[0], {told::accepted, told::duplicate, told::rejected}).size(), 1U) << "nothing was rejected";
  EXPECT_EQ(books.answered_positions(), 3U);
  EXPECT_EQ(books.acknowledged_positions(), 1U);
}

TEST(Ledger, ADuplicateNobodySentContradicts) {
  auto b = batch_of(2, {answered(1, 1)});
  EXPECT_EQ(settle(b, {told::accepted, told::accepted}).size(), 1u);
}

TEST(Ledger, AfterALostAnswerDuplicatesAreExplained) {
  auto b = batch_of(2, {ledger_attempt{}, answered(0, 2)});
  EXPECT_TRUE(settle(b, {told::accepted, told::accepted}).empty());
  EXPECT_EQ(b.positions[0].verdict, told::held);
  EXPECT_TRUE(b.positions[0].must_be_held());
}

TEST(Ledger, TwinsShareWhatIsNewAndNeverBothAcceptIt) {
  auto shared = batch_of(2, {answered(2, 0), answered(0, 2)});
  EXPECT_TRUE(settle(shared, {told::accepted, told::accepted}).empty());
  auto both = batch_of(2, {answered(2, 0), answered(2, 0)});
  EXPECT_EQ(settle(both, {told::accepted, told::accepted}).size(), 1u);
  auto neither = batch_of(2, {answered(0, 2), answered(0, 2)});
  EXPECT_EQ(settle(neither, {told::accepted, told::accepted}).size(), 1u);
}

TEST(Ledger, WithoutA200NothingIsKnown) {
  auto b = batch_of(1, {ledger_attempt{}});
  EXPECT_TRUE(settle(b, {told::accepted}).empty());
  EXPECT_EQ(b.positions[0].verdict, told::nothing);
}

TEST(LedgerLoader, KeepsItsBooksThroughFailures) {
  client::fake_server fake;
  ledger_options o;
  o.workers = 3;
  o.trucks = 7;
  o.batches = 150;
  o.retry_max = 20ms;
  fake.lose_next(3);
  fake.answer_next({503, "{}", {}}, 3);
  fake.lose_next(4);
  ledger_loader loader{client::parse_base_url(fake.url()).value(), o};
  ASSERT_TRUE(loader.wait(30s));
  const ledger books = loader.finish();
  EXPECT_TRUE(books.contradictions.empty()) << books.contradictions.at(0);
  EXPECT_EQ(books.batches.size(), 150u);
  EXPECT_EQ(books.attempts(0), 7u);
  EXPECT_EQ(books.attempts(503), 3u);
  std::size_t held = 0;
  for (const auto& [truck, times] : fake.held()) held += times.size();
  EXPECT_EQ(books.acknowledged_positions(), held);
}

TEST(LedgerLoader, RestsBetweenBursts) {
  client::fake_server fake;
  ledger_options o;
  o.batches = 40;
  o.burst = 5ms;
  o.rest = 5ms;
  ledger_loader now_and_then{client::parse_base_url(fake.url()).value(), o};
  EXPECT_TRUE(now_and_then.wait(30s));
  o.burst = 0ms;
  o.rest = 24h;
  ledger_loader never{client::parse_base_url(fake.url()).value(), o};
  EXPECT_FALSE(never.wait(50ms));
  EXPECT_EQ(never.finish(0ms).batches.size(), 0u);
}

TEST(LedgerLoader, WhatNeverGotAnAnswerStaysOpen) {
  client::fake_server fake;
  fake.answer_next({503, "{}", {}}, 100'000);
  ledger_options o;
  o.workers = 2;
  ledger_loader loader{client::parse_base_url(fake.url()).value(), o};
  EXPECT_FALSE(loader.wait(50ms));
  const ledger books = loader.finish(50ms);
  EXPECT_EQ(books.batches.size(), 2u);
  EXPECT_EQ(books.acknowledged_positions(), 0u);
  EXPECT_FALSE(books.batches[0].acknowledged());
}

}  // namespace
}  // namespace haulcast::support
