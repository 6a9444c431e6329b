// Nothing acknowledged is lost, however the server dies; and the audit that says so would notice if it were.
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <random>
#include <thread>

#include "auditor.hpp"
#include "support/ledger_loader.hpp"
#include "support/server.hpp"

namespace {

using namespace haulcast::support;
using namespace std::chrono_literals;

struct crash_plan {
  std::filesystem::path binary;  // empty: the real one
  int kills = 20;
  std::uint64_t seed = 1;
  ledger_mix mix;
  std::size_t workers = 6;
};

struct crash_outcome {
  ledger books;
  audit_report report;
  std::string from_start;  // what `haulcast verify` says
  std::string from_snapshots;
};

std::string verified(const server& s, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "verify");
  const auto ended = run_to_end({.program = HAULCAST_BINARY,
                                 .arguments = std::move(arguments),
                                 .environment = {{"HAULCAST_DATA_DIR", s.data_dir().string()}}});
  EXPECT_EQ(ended.exit.code, 0) << ended.err;
  const auto world = ended.out.find("world ");
  return world == std::string::npos ? ended.out + ended.err : ended.out.substr(world);
}

// Kills the server at random moments while the loader goes on, then lets it finish its batches and audits.
crash_outcome crash(const crash_plan& plan) {
  server s{{.binary = plan.binary,
            .environment = {{"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "1"}, {"HAULCAST_JOURNAL__SEGMENT_BYTES", "1048576"}}}};
  ledger_loader loader{
      s.base(), {.token = s.token(), .workers = plan.workers, .trucks = plan.workers * 3, .seed = plan.seed, .mix = plan.mix}};
  std::mt19937_64 moments{plan.seed};
  for (int kill = 0; kill < plan.kills; ++kill) {
    const std::uint64_t before = loader.acknowledged();
    for (int waited = 0; waited < 500 && loader.acknowledged() == before; ++waited) std::this_thread::sleep_for(10ms);
    std::this_thread::sleep_for(std::chrono::microseconds{moments() % 200'000});
    s.kill();
    s.start();
  }
  crash_outcome outcome{.books = loader.finish(), .report = {}, .from_start = {}, .from_snapshots = {}};
  EXPECT_EQ(s.stop().code, 0);
  outcome.report = audit(outcome.books, s.data_dir());
  outcome.from_start = verified(s, {"--from-start"});
  outcome.from_snapshots = verified(s, {});
  return outcome;
}

TEST(Crash, NothingAcknowledgedIsLostOrStoredTwice) {
  const crash_outcome outcome = crash({});
  std::cout << outcome.books.acknowledged_positions() << " acknowledged; " << outcome.report.to_string() << '\n';
  EXPECT_TRUE(outcome.report.clean()) << outcome.report.to_string();
  EXPECT_TRUE(outcome.books.contradictions.empty()) << outcome.books.contradictions.front();
  EXPECT_GE(outcome.report.starts, 21U);
  EXPECT_GT(outcome.books.acknowledged_positions(), 1'000U);
  EXPECT_EQ(outcome.from_start, outcome.from_snapshots);
}

TEST(Crash, TheAuditNoticesAnAcknowledgementBeforeTheCommit) {
  const crash_outcome outcome = crash({.binary = HAULCAST_EARLY_ACK, .kills = 12});
  EXPECT_GT(outcome.report.lost, 0U) << outcome.report.to_string();
}

TEST(Crash, TheAuditNoticesADuplicateAnsweredBeforeTheFirstIsCommitted) {
  ledger_mix mix;
  mix.twice_at_once = 1;
  const crash_outcome outcome = crash({.binary = HAULCAST_EARLY_DUPLICATE, .kills = 30, .seed = 3, .mix = mix});
  EXPECT_GT(outcome.report.lost, 0U) << outcome.report.to_string();
}

}  // namespace
