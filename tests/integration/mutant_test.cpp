// Servers with one deliberate mistake each (tests/mutants/mutants.cmake): every one is caught by the stories that the real
// server passes. HAULCAST_MUTANT_SEED says where they begin. scripts/mutation-test prints the table.
#include <fmt/format.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>

#include "chaos_story.hpp"
#include "crash_story.hpp"
#include "faults/switchboard.hpp"
#include "power_cut_story.hpp"
#include "story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using environment = std::map<std::string, std::string>;

std::uint64_t first_seed() {
  const char* const given = std::getenv("HAULCAST_MUTANT_SEED");
  return given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
}

bool all_asleep() { return std::getenv("HAULCAST_MUTANT_NONE") != nullptr; }

constexpr std::uint64_t seeds_max = 20;

environment with_mutant(std::string_view name) {
  if (all_asleep()) return {};
  return {{"HAULCAST_MUTANT", std::string{name}}};
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// What is wrong with the outcome of a story, in a word or two; empty: nothing is.
template <class Outcome>
std::string wrong_with(const Outcome& o) {
  if (!o.why.empty()) return "a start refused: " + first_line(o.why);
  const audit_report& r = o.report;
  if (r.lost > 0) return "the audit: lost";
  if (r.twice > 0) return "the audit: stored twice";
  if (r.strange > 0) return "the audit: never sent";
  if (r.disorder > 0) return "the audit: out of order";
  if (r.differing > 0) return "the audit: judged otherwise";
  if (!o.books.contradictions.empty()) return "an answer that cannot be";
  if constexpr (requires { o.watched; }) {
    for (const watch_report& w : o.watched) {
      if (!w.clean()) return "a watcher: " + first_line(w.to_string());
    }
  }
  if constexpr (requires { o.store; }) {
    if (!o.store.clean()) return "the store's audit: " + first_line(o.store.to_string());
  }
  if constexpr (requires { o.from_start; })
    if (o.from_start != o.from_snapshots) return "verify: another world from the snapshots";
  return {};
}

std::string wrong_with(const found_outcome& o) { return o.lost > 0 ? "acknowledged, and not there" : ""; }

/// Tells the story with one seed after another until something is wrong, and says what and when.
class hunt {
 public:
  explicit hunt(std::string mutant) : mutant_{std::move(mutant)} {}

  template <class Tell>
  void with(Tell&& tell) {
    const auto begun = std::chrono::steady_clock::now();
    const std::uint64_t last = first_seed() + (all_asleep() ? 1 : seeds_max);
    for (std::uint64_t seed = first_seed(); seed < last; ++seed) {
      const std::string caught = told(tell, seed);
      if (caught.empty()) continue;
      EXPECT_FALSE(all_asleep()) << "without " << mutant_ << ": " << caught;
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
      std::cout << fmt::format("mutant | {:24} | {:4} | {:6.1f} s | {}\n", mutant_, seed, took.count(), caught);
      return;
    }
    EXPECT_TRUE(all_asleep()) << mutant_ << " got away";
  }

 private:
  // A story fails of itself, too, where it meets what must never be.
  template <class Tell>
  static std::string told(Tell& tell, std::uint64_t seed) {
    testing::TestPartResultArray failures;
    std::string caught;
    {
      const testing::ScopedFakeTestPartResultReporter listening{
          testing::ScopedFakeTestPartResultReporter::INTERCEPT_ALL_THREADS, &failures};
      try {
        caught = wrong_with(tell(seed));
      } catch (const std::runtime_error& unreadable) {
        caught = complaint_in(unreadable.what());
      }
    }
    if (is_silent_death(caught)) throw std::logic_error{"the story could not be told: " + caught};
    if (!caught.empty() || failures.size() == 0) return caught;
    const std::string sentence = failures.GetTestPartResult(0).message();
    return "a check of the story: " + first_line(sentence.substr(sentence.find("\n20") + 1));
  }

  // A program that could not even run has proved nothing.
  static bool is_silent_death(const std::string& caught) {
    return caught.starts_with("the server did not start") || caught.ends_with("without a word");
  }
  // What it said last, where it did say why.
  static std::string complaint_in(const std::string& text) {
    const auto said = text.rfind("haulcast: ");
    return first_line(said == std::string::npos ? text : "a start refused: " + text.substr(said));
  }

  std::string mutant_;
};

crash_plan plan_of(std::string_view mutant, std::uint64_t seed, int kills) {
  crash_plan plan;
  plan.binary = HAULCAST_RIGGED;
  plan.environment = with_mutant(mutant);
  plan.kills = kills;
  plan.seed = seed;
  return plan;
}

TEST(Mutant, AnAcknowledgementBeforeTheCommitIsCaught) {
  hunt{"early_ack"}.with([](auto seed) { return crash(plan_of("early_ack", seed, 4)); });
}

TEST(Mutant, ADuplicateAnsweredBeforeTheFirstIsCommittedIsCaught) {
  hunt{"early_duplicate"}.with([](auto seed) {
    auto plan = plan_of("early_duplicate", seed, 10);
    plan.mix.twice_at_once = 1;
    return crash(plan);
  });
}

TEST(Mutant, TellingSubscribersBeforeTheCommitIsCaught) {
  hunt{"early_telling"}.with([](auto seed) {
    auto plan = plan_of("early_telling", seed, 6);
    plan.watched = true;
    return crash(plan);
  });
}

// No file may grow: the commit that meets the limit fails, and all behind it.
TEST(Mutant, AFailedCommitTakenForAGoodOneIsCaught) {
  hunt{"failure_ignored"}.with([](auto seed) {
    auto plan = plan_of("failure_ignored", seed, 2);
    plan.live = [](const crash_scene& s) {
      const std::uint64_t before = s.loader.acknowledged();
      eventually([&] { return s.loader.acknowledged() > before; }, 60s);
      const rlimit nothing{0, RLIM_INFINITY};
      EXPECT_EQ(::prlimit(s.it.process().pid(), RLIMIT_FSIZE, &nothing, nullptr), 0);
      std::this_thread::sleep_for(200ms);
    };
    return crash(plan);
  });
}

// A process that dies tears nothing; the machine that dies with it does.
TEST(Mutant, ATornTailLeftInPlaceIsCaught) {
  hunt{"torn_tail_kept"}.with([](auto seed) {
    auto plan = plan_of("torn_tail_kept", seed, 4);
    plan.before_start = [](const crash_scene& s) {
      fs::path newest;
      for (const auto& entry : fs::directory_iterator{s.it.data_dir() / "journal"}) {
        if (entry.path().extension() == ".segment") newest = std::max(newest, entry.path());
      }
      std::ofstream{newest, std::ios::binary | std::ios::app} << noise(1 + s.dice() % 5'000, 7);
      return false;
    };
    return crash(plan);
  });
}

TEST(Mutant, ARecoveryThatSkipsTheNewestRecordIsCaught) {
  hunt{"newest_record_skipped"}.with([](auto seed) { return crash(plan_of("newest_record_skipped", seed, 4)); });
}

// Lives that are long enough for snapshots.
crash_plan snapshot_plan(std::string_view mutant, std::uint64_t seed) {
  auto plan = plan_of(mutant, seed, 3);
  plan.live = [](const crash_scene& s) {
    const auto passes = [&] {
      return metric(s.it.as().get("/metrics").raw.body, "haulcast_snapshot_passes_total").value_or(0);
    };
    eventually([&] { return passes() > 0; }, 60s);
    std::this_thread::sleep_for(std::chrono::microseconds{s.dice() % 100'000});
  };
  return plan;
}

// The journal's disk is slow and that of the snapshots is not.
TEST(Mutant, ASnapshotBeforeItsRecordsIsCaught) {
  if (!faults::switchboard::available()) GTEST_SKIP() << "a sanitized server takes no preloaded library";
  hunt{"early_snapshot"}.with([](auto seed) {
    faults::switchboard slow;
    slow.on(0, {.operations = faults::syncing | faults::writing, .delay = 50ms, .part = ".segment"});
    auto plan = snapshot_plan("early_snapshot", seed);
    plan.before_start = [&slow](const crash_scene& s) {
      auto& variables = s.it.options().environment;
      for (const auto& [name, value] : slow.environment(false)) {
        if (name != "HAULCAST_DATA_DIR") variables[name] = value;
      }
      variables[faults::directory_variable] = fs::canonical(s.it.data_dir());
      return false;
    };
    return crash(plan);
  });
}

TEST(Mutant, ASnapshotWithoutItsOffsetIsCaught) {
  hunt{"snapshot_without_offset"}.with([](auto seed) { return crash(snapshot_plan("snapshot_without_offset", seed)); });
}

TEST(Mutant, ASnapshotThatIsReplayedFromItsEndIsCaught) {
  hunt{"snapshot_offset_late"}.with([](auto seed) { return crash(snapshot_plan("snapshot_offset_late", seed)); });
}

TEST(Mutant, ASnapshotWithoutTheWindowIsCaught) {
  hunt{"snapshot_without_window"}.with([](auto seed) { return crash(snapshot_plan("snapshot_without_window", seed)); });
}

TEST(Mutant, RetentionThatTakesWhatASnapshotNeedsIsCaught) {
  hunt{"greedy_retention"}.with([](auto seed) {
    auto plan = plan_of("greedy_retention", seed, 1);
    plan.environment["HAULCAST_JOURNAL__MAX_BYTES"] = "4 MiB";
    plan.environment["HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S"] = "3600";
    plan.mix = {.batch_max = 500, .large = 0};
    plan.live = [](const crash_scene& s) {
      const fs::path first = s.it.data_dir() / "journal" / "0000000000000001.segment";
      const auto full = [&] { return s.it.as().get("/readyz").status == 503; };
      eventually([&] { return !fs::exists(first) || full(); }, 60s);
    };
    plan.before_start = [](const crash_scene& s) {
      s.it.options().environment["HAULCAST_JOURNAL__MAX_BYTES"] = "1 GiB";  // goes on without having dropped anything
      return false;
    };
    return crash(plan);
  });
}

TEST(Mutant, AnUnrecordedTickIsCaught) {
  hunt{"unrecorded_tick"}.with([](auto seed) {
    auto plan = plan_of("unrecorded_tick", seed, 2);
    plan.environment["HAULCAST_ENGINE__OFFLINE_AFTER_S"] = "1";
    plan.mix.shift = 400;
    plan.longer_max = 4s;
    return crash(plan);
  });
}

TEST(Mutant, AResumeThatSkipsAnEventIsCaught) {
  hunt{"resume_skips"}.with([](auto seed) {
    auto plan = plan_of("resume_skips", seed, 6);
    plan.watched = true;
    plan.mix.shift = 400;
    plan.longer_max = 1s;
    return crash(plan);
  });
}

TEST(Mutant, AResumeThatRepeatsAnEventIsCaught) {
  hunt{"resume_repeats"}.with([](auto seed) {
    auto plan = plan_of("resume_repeats", seed, 4);
    plan.watched = true;
    plan.mix.shift = 5;
    return crash(plan);
  });
}

TEST(Mutant, AStoreWhoseCheckpointIsAheadOfItsRowsIsCaught) {
  hunt{"early_store_checkpoint"}.with([](auto seed) {
    auto plan = plan_of("early_store_checkpoint", seed, 12);
    plan.mix.large = 0.3;
    return crash(plan);
  });
}

// Commits are cut off, and nothing else befalls it.
chaos_plan cuts_plan(std::string_view mutant, std::uint64_t seed, chaos_plan::kind how) {
  chaos_plan plan;
  plan.binary = HAULCAST_RIGGED;
  plan.environment = with_mutant(mutant);
  plan.kills = 0;
  plan.kinds = {how};
  plan.faults = 8;  // other commits than those of rows may be hit
  plan.seed = seed;
  return plan;
}

TEST(Mutant, APostgresStoreWhoseCheckpointIsAheadOfItsRowsIsCaught) {
  if (postgres_server::programs().empty()) GTEST_SKIP() << "PostgreSQL 15 is not installed";
  hunt{"early_postgres_checkpoint"}.with(
      [](auto seed) { return chaos(cuts_plan("early_postgres_checkpoint", seed, chaos_plan::kind::cut_after)); });
}

TEST(Mutant, ACommitTakenForLostBeforeItIsOverIsCaught) {
  if (postgres_server::programs().empty()) GTEST_SKIP() << "PostgreSQL 15 is not installed";
  hunt{"impatient_postgres"}.with(
      [](auto seed) { return chaos(cuts_plan("impatient_postgres", seed, chaos_plan::kind::cut_late)); });
}

class MutantAfterPowerCut : public testing::Test {
 protected:
  void SetUp() override {
    if (!faults::switchboard::available()) GTEST_SKIP() << "a sanitized server takes no preloaded library";
  }
  static cut_outcome cut_with(std::string_view mutant, std::uint64_t seed) {
    return cut({.cuts = 2, .seed = seed, .binary = HAULCAST_RIGGED, .environment = with_mutant(mutant)});
  }
};

TEST_F(MutantAfterPowerCut, NoSyncIsCaught) {
  hunt{"no_sync"}.with([](auto seed) { return cut_with("no_sync", seed); });
}

TEST_F(MutantAfterPowerCut, AStartThatTrustsWhatItFindsIsCaught) {
  hunt{"trusting_start"}.with([](auto seed) {
    return cut_after_failed_syncs(
        {.cuts = 4, .seed = seed, .binary = HAULCAST_RIGGED, .environment = with_mutant("trusting_start")});
  });
}

TEST_F(MutantAfterPowerCut, ANewSegmentWithoutANameIsCaught) {
  hunt{"unnamed_segment"}.with([](auto seed) { return cut_with("unnamed_segment", seed); });
}

}  // namespace
}  // namespace haulcast::support
