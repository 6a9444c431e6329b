// At every place that has a name the server dies under load, comes back, and nothing acknowledged is lost, told twice or told
// wrongly. HAULCAST_FAILPOINT_SEED says at which pass of each (scripts/mutation-test has it too).
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>

#include "crash_story.hpp"
#include "haulcast/base/failpoint.hpp"
#include "haulcast/journal/checkpoints.hpp"
#include "story.hpp"
#include "support/temp_directory.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::string_view stage_of(std::string_view name) { return name.substr(0, name.find('_')); }

std::vector<std::string> all_stages() {
  std::vector<std::string> stages;
  for (const std::string_view name : failpoint_names) {
    if (stages.empty() || stages.back() != stage_of(name)) stages.emplace_back(stage_of(name));
  }
  return stages;
}

std::vector<std::string_view> places_of(std::string_view stage) {
  std::vector<std::string_view> places;
  std::ranges::copy_if(failpoint_names, std::back_inserter(places), [&](auto name) { return stage_of(name) == stage; });
  return places;
}

std::uint64_t seed() {
  const char* const given = std::getenv("HAULCAST_FAILPOINT_SEED");
  return given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
}

std::vector<fs::path> segments_in(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code none_yet;
  for (const auto& entry : fs::directory_iterator{directory, none_yet}) {
    if (entry.path().extension() == ".segment") found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

/// Keeps segments that retention drops, so that what they held can be audited.
class archive {
 public:
  void look(const fs::path& data_dir) const {
    for (const fs::path& segment : segments_in(data_dir / "journal")) {
      const fs::path kept = kept_.path() / segment.filename();
      std::error_code gone;
      if (fs::equivalent(segment, kept, gone)) continue;
      fs::remove(kept, gone);
      fs::create_hard_link(segment, kept, gone);
    }
  }
  void put_back(const fs::path& data_dir) const {
    for (const fs::path& kept : segments_in(kept_.path())) {
      const fs::path place = data_dir / "journal" / kept.filename();
      if (!fs::exists(place)) fs::create_hard_link(kept, place);
    }
  }

 private:
  temp_directory kept_;
};

/// One server dies at each place of a stage in turn, between lives under load.
class failpoint_story {
 public:
  explicit failpoint_story(std::string stage) : stage_{std::move(stage)}, places_{places_of(stage_)} {
    plan_.binary = HAULCAST_RIGGED;
    plan_.seed = seed();
    plan_.kills = static_cast<int>(2 * places_.size());
    plan_.watched = stage_ != "retention";  // who reads the event stream from the beginning would be told that it is gone
    plan_.mix.shift = 5;
    if (stage_ == "retention") plan_.environment["HAULCAST_JOURNAL__MAX_BYTES"] = "4 MiB";
    plan_.before_start = [this](const crash_scene& s) { return before_start(s); };
    plan_.live = [this](const crash_scene& s) { live(s); };
    plan_.before_audit = [this](const fs::path& data_dir) { archive_.put_back(data_dir); };
  }

  crash_outcome run() { return crash(plan_); }
  const std::vector<std::string>& visited() const noexcept { return visited_; }

 private:
  bool at_start() const noexcept { return stage_ == "recovery"; }

  // After a life without a place to die at comes one with, and so on.
  bool before_start(const crash_scene& s) {
    archive_.look(s.it.data_dir());
    const bool armed = !armed_ && next_ < places_.size();
    armed_ = armed;
    std::map<std::string, std::string>& environment = s.it.options().environment;
    environment.erase("HAULCAST_FAILPOINT");
    if (at_start()) environment["HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S"] = "3600";  // the tail grows: it is to be replayed
    if (!armed) return false;
    const std::string_view place = places_[next_++];
    visited_.push_back(std::string{place} + ':' + std::to_string(first_pass() + s.dice() % passes_of(place)));
    environment["HAULCAST_FAILPOINT"] = visited_.back();
    if (place == "recovery_cut") tear(segments_in(s.it.data_dir() / "journal").back(), s.dice);
    if (place == "recovery_discarded") std::ofstream{s.it.data_dir() / "journal" / "9999999999999999.segment"};
    return true;
  }

  // A start is a commit too, and not the one that is meant.
  std::uint64_t first_pass() const { return stage_ == "commit" ? 2 : 1; }

  // A life lasts for thousands of passes of some places and for a few of others: a pass of snapshots has a slice or two, a
  // recovery cuts one tail.
  std::uint64_t passes_of(std::string_view place) const {
    if (place == "recovery_replayed") return 40;
    if (stage_ == "admit" || stage_ == "apply" || stage_ == "commit" || stage_ == "tell") return 60;
    if (place == "store_gathered" || place == "store_filled" || place == "store_committed") return 10;
    const bool by_slice =
        place == "snapshot_taken" || place == "snapshot_due" || place == "snapshot_written" || place == "snapshot_committed";
    return by_slice || stage_ == "rotate" || stage_ == "rebuild" ? 2 : 1;
  }

  static void tear(const fs::path& segment, std::mt19937_64& dice) {
    std::ofstream{segment, std::ios::binary | std::ios::app} << noise(1 + dice() % 5'000, 7);
  }

  void live(const crash_scene& s) {
    const std::uint64_t before = s.loader.acknowledged();
    const auto lived = [&] { return s.loader.acknowledged() >= before + 100; };
    if (!armed_) {
      EXPECT_TRUE(eventually(lived, 60s));
      if (at_start() && next_ == 0) EXPECT_TRUE(eventually([&] { return has_snapshots(s.it); }, 60s));
      return;
    }
    if (stage_ == "rebuild") forbid_growth(s.it);
    const auto limit = std::chrono::steady_clock::now() + 60s;
    while (s.it.running() && std::chrono::steady_clock::now() < limit) {
      archive_.look(s.it.data_dir());
      if (stage_ == "rotate" || stage_ == "retention" || stage_ == "rebuild") fill(s.it);
      std::this_thread::sleep_for(10ms);
    }
    EXPECT_FALSE(s.it.running()) << visited_.back() << " was not passed";
  }

  static bool has_snapshots(const server& s) {
    return metric(s.as().get("/metrics").raw.body, "haulcast_snapshot_passes_total").value_or(0) > 0;
  }

  // No file may become larger than the journal's newest is: commits fail, each time a segment has reached that size.
  static void forbid_growth(server& s) {
    const rlimit limit{fs::file_size(segments_in(s.data_dir() / "journal").back()) + 1'000, RLIM_INFINITY};
    ASSERT_EQ(::prlimit(s.process().pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
  }

  // The loader's positions are small; a segment is to become full within a second.
  void fill(const server& s) {
    try {
      if (s.as().post("/v1/positions", bulky_batch("FILLER", begin_, filled_, 300)).status == 200) filled_ += 300;
    } catch (const std::runtime_error&) {  // it died
    }
  }

  std::string stage_;
  std::vector<std::string_view> places_;
  std::size_t next_ = 0;
  bool armed_ = false;
  std::vector<std::string> visited_;  // with the pass
  archive archive_;
  std::int64_t begin_ = now_ms() - 80'000'000;
  int filled_ = 0;
  crash_plan plan_;
};

class Failpoint : public testing::TestWithParam<std::string> {};

TEST_P(Failpoint, ADeathThereLosesNothing) {
  failpoint_story story{GetParam()};
  const crash_outcome o = story.run();
  std::cout << "seed " << seed() << ':';
  for (const std::string& place : story.visited()) std::cout << ' ' << place;
  std::cout << "; " << o.report.to_string() << '\n';
  ASSERT_EQ(o.why, "") << "a start was refused";
  EXPECT_EQ(story.visited().size(), places_of(GetParam()).size());
  EXPECT_EQ(o.by_itself, static_cast<int>(story.visited().size())) << "a place was not passed";
  EXPECT_TRUE(o.report.clean()) << o.report.to_string();
  EXPECT_TRUE(o.books.contradictions.empty()) << o.books.contradictions.front();
  for (const watch_report& r : o.watched) EXPECT_TRUE(r.clean()) << r.to_string();
  EXPECT_EQ(o.from_start, o.from_snapshots);
}

// These stand in no server's way yet: consumers come later.
class CheckpointFailpoint : public testing::TestWithParam<std::string> {};

TEST_P(CheckpointFailpoint, ADeathThereLeavesTheOldOneOrTheNewOne) {
  std::mt19937_64 dice{seed()};
  for (const std::string_view place : places_of(GetParam())) {
    const temp_directory d;
    const std::string pass = std::to_string(1 + dice() % 50);
    child_process writer{{.program = HAULCAST_RIGGED,
                          .arguments = {"store-checkpoints", (d / "checkpoints").string()},
                          .environment = {{"HAULCAST_FAILPOINT", std::string{place} + ':' + pass}}}};
    journal::offset_t told = 0;
    while (const auto line = writer.read_line(60s)) told = std::stoull(*line);
    const auto ended = writer.wait(60s);
    ASSERT_TRUE(ended && ended->signal == SIGKILL) << place << " was not passed";
    const auto all = journal::checkpoints::open(d / "checkpoints", "rigged", {});
    ASSERT_TRUE(all) << place << ':' << pass << ": " << all.error().what;
    const auto held = all->load("consumer");
    ASSERT_TRUE(held) << place << ':' << pass << ": " << held.error().what;
    EXPECT_TRUE(held->offset == told || held->offset == told + 1) << place << ':' << pass << " left " << held->offset;
    EXPECT_EQ(told + 1, std::stoull(pass)) << place;
  }
}

bool is_of_checkpoints(const std::string& stage) { return stage == "checkpoint" || stage == "replace"; }

std::vector<std::string> stages_where(bool of_checkpoints) {
  auto stages = all_stages();
  std::erase_if(stages, [&](const std::string& stage) { return is_of_checkpoints(stage) != of_checkpoints; });
  return stages;
}

const auto stage_name = [](const auto& info) { return info.param; };
INSTANTIATE_TEST_SUITE_P(Stages, Failpoint, testing::ValuesIn(stages_where(false)), stage_name);
INSTANTIATE_TEST_SUITE_P(Stages, CheckpointFailpoint, testing::ValuesIn(stages_where(true)), stage_name);

TEST(Failpoints, AreNotInTheProduct) {
  const auto holds = [](const char* program) {
    std::ifstream file{program, std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    return bytes.find("HAULCAST_FAILPOINT") != std::string::npos;
  };
  EXPECT_TRUE(holds(HAULCAST_RIGGED));
  EXPECT_FALSE(holds(HAULCAST_BINARY));
}

}  // namespace
}  // namespace haulcast::support
