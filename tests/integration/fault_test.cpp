// A disk that fails, is slow or full, a clock that jumps, a process that stands still: what is answered meanwhile, that it
// heals by itself, and that nothing acknowledged is lost. HAULCAST_FAULT_SECONDS makes each last longer (scripts/fault-test).
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>

#include "auditor.hpp"
#include "faults/switchboard.hpp"
#include "story.hpp"
#include "support/ledger_loader.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using faults::fault_plan;
using nlohmann::json;

milliseconds fault_time() {
  const char* const given = std::getenv("HAULCAST_FAULT_SECONDS");
  return given == nullptr ? 700ms : milliseconds{std::strtoll(given, nullptr, 10) * 1'000};
}

/// What somebody saw who asked again and again, each kind of answer with its number.
struct observed {
  std::map<std::string, int> ingest;  // "200", "503 not_committed"
  std::map<std::string, int> ready;   // "200" or the reason
  milliseconds slowest_health{0};

  std::string to_string() const {
    std::string text = "ingest";
    for (const auto& [what, times] : ingest) text += " [" + what + "] x" + std::to_string(times);
    text += ", readyz";
    for (const auto& [what, times] : ready) text += " [" + what + "] x" + std::to_string(times);
    return text + ", healthz within " + std::to_string(slowest_health.count()) + " ms";
  }
  bool ingest_was_told(std::string_view what) const { return ingest.contains(std::string{what}); }
};

/// A server under the library, a loader that never stops, and a prober beside it.
class failing_server {
 public:
  explicit failing_server(std::map<std::string, std::string> environment = {}, bool logged = false)
      : server_{{.binary = HAULCAST_BINARY, .environment = with(std::move(environment), logged)}},
        loader_{std::in_place, server_.base(),
                ledger_options{.token = server_.token(), .workers = 4, .trucks = 12, .seed = 7, .pause = 3ms}},
        begin_{now_ms() - 3'600'000} {
    EXPECT_TRUE(goes_on());
  }

  faults::switchboard& disk() { return disk_; }
  server& process() { return server_; }

  /// More is acknowledged than before.
  bool goes_on(milliseconds within = 20s) {
    const std::uint64_t before = loader_->acknowledged();
    return eventually([&] { return loader_->acknowledged() > before + 200; }, within);
  }

  /// Asks until the time is over; every refusal must be one that a sender can live with.
  observed watch(milliseconds length) {
    observed seen;
    const auto until = std::chrono::steady_clock::now() + length;
    do {
      ask(seen);
      std::this_thread::sleep_for(20ms);
    } while (std::chrono::steady_clock::now() < until);
    return seen;
  }

  void ask(observed& seen) {
    auto admin = server_.as();
    const auto asked = std::chrono::steady_clock::now();
    EXPECT_EQ(admin.get("/healthz").status, 200U);
    seen.slowest_health =
        std::max(seen.slowest_health, std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - asked));
    const auto ready = admin.get("/readyz");
    ++seen.ready[ready.status == 200 ? "200" : ready.body.value("detail", "no reason")];
    const auto position = driving("PROBE", begin_, ++step_);
    const auto answer = admin.post("/v1/positions", batch({position}));
    if (answer.status == 200) {
      ++seen.ingest["200"];
      acknowledged_.push_back(position);
      return;
    }
    const std::string code = answer.body.value("code", "no code");
    expect_problem(answer, 503, code);
    EXPECT_TRUE(answer.raw.header("retry-after")) << answer.raw.body;
    static const std::set<std::string> fitting{"not_committed", "not_ready", "storage_full", "overloaded"};
    EXPECT_TRUE(fitting.contains(code)) << code;
    ++seen.ingest["503 " + code];
  }

  /// It is ready again by itself, and takes what comes.
  void expect_healed(milliseconds within = 10s) {
    const auto asked = std::chrono::steady_clock::now();
    auto admin = server_.as();
    EXPECT_TRUE(eventually([&] { return admin.get("/readyz").status == 200; }, within)) << server_.log();
    healed_in_ = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - asked);
    EXPECT_TRUE(server_.running());
    EXPECT_TRUE(goes_on(within)) << server_.log();
  }

  /// Nothing is lost, nothing twice, and a replay from the beginning comes to the world that the snapshots tell of.
  void expect_clean_books(bool clean_exit = true) {
    const ledger books = loader_->finish();
    EXPECT_TRUE(books.contradictions.empty()) << books.contradictions.front();
    auto admin = server_.as();
    if (!acknowledged_.empty()) {
      for (std::size_t i = 0; i < acknowledged_.size(); i += 500) {
        const std::vector<json> some(
            acknowledged_.begin() + static_cast<std::ptrdiff_t>(i),
            acknowledged_.begin() + static_cast<std::ptrdiff_t>(std::min(i + 500, acknowledged_.size())));
        EXPECT_EQ(must_post(admin, some).at("duplicates"), some.size());
      }
    }
    const auto end = server_.stop();
    if (clean_exit) EXPECT_EQ(end.code, 0);
    audit_report report = audit(books, disk_.data_dir());
    EXPECT_EQ(report.lost + report.twice + report.disorder + report.differing, 0U) << report.to_string();
    EXPECT_EQ(verified({"--from-start"}), verified({}));
    std::cout << "  healed in " << healed_in_.count() << " ms; " << books.acknowledged_positions() << " acknowledged, "
              << report.lost << " lost\n";
  }

 private:
  std::map<std::string, std::string> with(std::map<std::string, std::string> environment, bool logged) const {
    environment.merge(disk_.environment(logged));
    return environment;
  }

  std::string verified(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "verify");
    const auto ended = run_to_end({.program = HAULCAST_BINARY,
                                   .arguments = std::move(arguments),
                                   .environment = {{"HAULCAST_DATA_DIR", disk_.data_dir().string()}}});
    EXPECT_EQ(ended.exit.code, 0) << ended.out << ended.err;
    return ended.out.substr(std::min(ended.out.size(), ended.out.find("world ")));
  }

  faults::switchboard disk_;
  server server_;
  std::optional<ledger_loader> loader_;
  std::int64_t begin_;
  int step_ = 0;
  std::vector<json> acknowledged_;
  milliseconds healed_in_{0};
};

class Fault : public testing::Test {
 protected:
  void SetUp() override {
    if (!faults::switchboard::available()) GTEST_SKIP() << "a sanitized server takes no preloaded library";
  }
};

struct failure_case {
  std::string name;
  std::vector<fault_plan> faults;
  std::string reason;  // in /readyz, of one that lasts
};
void PrintTo(const failure_case& c, std::ostream* out) { *out << c.name; }

class FailedWrites : public Fault, public testing::WithParamInterface<failure_case> {};

TEST_P(FailedWrites, AreTold503AndItHealsByItself) {
  const failure_case& c = GetParam();
  failing_server s;
  for (std::size_t i = 0; i < c.faults.size(); ++i) s.disk().on(i, c.faults[i]);
  const observed seen = s.watch(fault_time());
  for (std::size_t i = 0; i < c.faults.size(); ++i) {
    EXPECT_GT(s.disk().hits(i), 0U);
    s.disk().off(i);
  }
  std::cout << "  " << c.name << ": " << seen.to_string() << '\n';
  EXPECT_TRUE(seen.ingest_was_told("503 not_ready") || seen.ingest_was_told("503 not_committed"));
  const bool lasts = std::any_of(c.faults.begin(), c.faults.end(), [](const fault_plan& f) { return f.times < 0; });
  const auto says_why = [&](const auto& r) { return r.first.find(c.reason) != std::string::npos; };
  EXPECT_TRUE(!lasts || std::any_of(seen.ready.begin(), seen.ready.end(), says_why)) << c.reason;
  EXPECT_LT(seen.slowest_health, 1s);
  s.expect_healed();
  s.expect_clean_books();
}

constexpr std::string_view segments = ".segment";

INSTANTIATE_TEST_SUITE_P(
    Disk, FailedWrites,
    testing::Values(
        failure_case{"sync_fails_once",
                     {{.operations = faults::syncing, .error = EIO, .times = 1, .part = segments}},
                     "Input/output error"},
        failure_case{"sync_fails_for_some_time",
                     {{.operations = faults::syncing, .error = EIO, .part = segments}},
                     "Input/output error"},
        failure_case{
            "any_sync_fails_for_some_time", {{.operations = faults::syncing, .error = ENOSPC}}, "No space left on device"},
        failure_case{"write_fails_once",
                     {{.operations = faults::writing, .error = EIO, .times = 1, .part = segments}},
                     "Input/output error"},
        failure_case{"write_finds_no_space_for_some_time",
                     {{.operations = faults::writing, .error = ENOSPC, .part = segments}},
                     "No space left on device"},
        failure_case{"write_stops_half_way_and_finds_no_space",
                     {{.operations = faults::writing, .times = 1, .bytes_max = 50, .part = segments},
                      {.operations = faults::writing, .error = ENOSPC, .part = segments}},
                     "No space left on device"},
        failure_case{"sync_fails_and_nothing_can_be_cut_off",
                     {{.operations = faults::syncing, .error = EIO, .times = 1, .part = segments},
                      {.operations = faults::resizing, .error = EIO}},
                     "Input/output error"},
        failure_case{"sync_fails_and_no_file_can_be_opened",
                     {{.operations = faults::syncing, .error = EIO, .times = 1, .part = segments},
                      {.operations = faults::opening, .error = EMFILE}},
                     "Too many open files"},
        failure_case{"everything_fails_for_some_time",
                     {{.operations = faults::opening | faults::writing | faults::syncing | faults::resizing | faults::naming,
                       .error = EIO}},
                     "Input/output error"}),
    [](const auto& one) { return one.param.name; });

TEST_F(Fault, ShortWritesAreNoFailures) {
  failing_server s;
  s.disk().on(0, {.operations = faults::writing, .bytes_max = 100, .part = segments});
  const observed seen = s.watch(fault_time());
  std::cout << "  short writes: " << seen.to_string() << '\n';
  EXPECT_GT(s.disk().hits(0), 10U);
  EXPECT_EQ(seen.ingest.size(), 1U);
  EXPECT_EQ(seen.ready.size(), 1U);
  s.expect_clean_books();
}

TEST_F(Fault, SlowSyncsDelayAnswersAndNothingElse) {
  failing_server s;
  s.disk().on(0, {.operations = faults::syncing, .times = 3, .delay = 2s, .part = segments});
  auto admin = s.process().as();
  const auto asked = std::chrono::steady_clock::now();
  const auto position = driving("SLOW", now_ms() - 60'000, 1);
  std::atomic<bool> answered{false};
  std::thread sender{[&] {
    EXPECT_EQ(must_post(admin, {position}).at("accepted"), 1);
    answered = true;
  }};
  milliseconds slowest{0};
  auto other = s.process().as();
  int asked_while_waiting = 0;
  while (!answered) {
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(other.get("/healthz").status, 200U);
    EXPECT_EQ(other.get("/readyz").status, 200U);
    slowest = std::max(slowest, std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun));
    ++asked_while_waiting;
    std::this_thread::sleep_for(20ms);
  }
  sender.join();
  const auto took = std::chrono::steady_clock::now() - asked;
  std::cout << "  slow syncs: answered after " << std::chrono::duration_cast<milliseconds>(took).count() << " ms; "
            << asked_while_waiting << " other requests meanwhile, the slowest took " << slowest.count() << " ms\n";
  EXPECT_GE(took, 1'500ms);
  EXPECT_LT(slowest, 500ms);
  s.disk().off(0);
  s.expect_healed();
  s.expect_clean_books();
}

TEST_F(Fault, SnapshotsThatFailHoldNobodyUpAndAreMadeLater) {
  failing_server s{{{"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "1"}}};
  s.disk().on(0, {.operations = faults::syncing | faults::writing, .error = EIO, .part = "snapshots"});
  const observed seen = s.watch(fault_time() + 1'500ms);
  std::cout << "  failing snapshots: " << seen.to_string() << '\n';
  EXPECT_GT(s.disk().hits(0), 0U);
  EXPECT_EQ(seen.ingest.size(), 1U);
  EXPECT_EQ(seen.ready.size(), 1U);
  s.disk().off(0);
  auto admin = s.process().as();
  const auto passes = [&] { return metric(admin.get("/metrics").raw.body, "haulcast_snapshot_passes_total").value_or(-1); };
  const double before = passes();
  EXPECT_GE(before, 0) << admin.get("/metrics").raw.body;
  EXPECT_TRUE(eventually([&] { return passes() > before; })) << s.process().log();
  s.expect_clean_books();
}

TEST_F(Fault, ADiskThatFailsForEverLetsItLeaveAndTheNextStartHasEverything) {
  failing_server s;
  s.disk().on(0, {.operations = faults::writing | faults::syncing | faults::resizing, .error = EIO});
  const observed seen = s.watch(fault_time());
  EXPECT_FALSE(seen.ingest_was_told("200") && !seen.ingest_was_told("503 not_ready")) << seen.to_string();
  const auto asked = std::chrono::steady_clock::now();
  EXPECT_EQ(s.process().stop().code, 0);
  std::cout << "  for ever: " << seen.to_string() << "; left within "
            << std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - asked).count() << " ms\n";
  EXPECT_THROW(s.process().start(), std::runtime_error);  // says so, and does not come up half
  EXPECT_NE(s.process().log().find("haulcast: cannot"), std::string::npos) << s.process().log();
  s.disk().off(0);
  s.process().start();
  s.expect_healed();
  s.expect_clean_books();
}

TEST_F(Fault, ANewSegmentThatCannotBeOpenedIsAFailedCommit) {
  failing_server s{{{"HAULCAST_JOURNAL__SEGMENT_BYTES", "1048576"}}};
  s.disk().on(0, {.operations = faults::opening, .error = EMFILE, .part = segments});
  auto admin = s.process().as();
  const auto begin = now_ms() - 3'600'000;
  int step = 0;
  const auto refused = [&] {
    std::vector<json> positions;
    for (int i = 0; i < 500; ++i) {
      positions.push_back(driving("BULK-" + std::to_string(i % 8), begin, ++step));
      positions.back()["attributes"] = {{"bulk", noise(900, static_cast<unsigned>(step))}};
    }
    return admin.post("/v1/positions", batch(positions)).status == 503;
  };
  EXPECT_TRUE(eventually(refused));
  const observed seen = s.watch(fault_time());
  std::cout << "  no descriptor for a new segment: " << seen.to_string() << '\n';
  EXPECT_GT(s.disk().hits(0), 0U);
  s.disk().off(0);
  s.expect_healed();
  s.expect_clean_books();
}

TEST_F(Fault, AClockThatJumpsMovesNoOrder) {
  failing_server s;
  for (const auto by : {40min, -40min, 0min, 20min, 0min}) {
    s.disk().step_clock(by);
    const observed seen = s.watch(fault_time() / 3);
    EXPECT_EQ(seen.ingest.size(), 1U) << seen.to_string();
    EXPECT_EQ(seen.ready.size(), 1U) << seen.to_string();
    EXPECT_TRUE(s.goes_on());
  }
  s.process().kill();
  s.process().start();
  s.expect_healed();
  s.expect_clean_books();
}

TEST_F(Fault, AProcessThatStandsStillGoesOnWhereItWas) {
  failing_server s;
  s.process().process().signal(SIGSTOP);
  std::this_thread::sleep_for(std::max<milliseconds>(3s, fault_time()));
  s.process().process().signal(SIGCONT);
  s.expect_healed();
  const observed seen = s.watch(500ms);
  EXPECT_EQ(seen.ingest.size(), 1U) << seen.to_string();
  s.expect_clean_books();
}

/// A file system of that size in memory, for root only.
class small_disk {
 public:
  explicit small_disk(std::filesystem::path where, const char* size) : where_{std::move(where)} {
    std::filesystem::create_directories(where_);
    mounted_ = ::mount("tmpfs", where_.c_str(), "tmpfs", 0, size) == 0;
  }
  small_disk(const small_disk&) = delete;
  ~small_disk() {
    if (mounted_) ::umount2(where_.c_str(), MNT_DETACH);
  }
  bool mounted() const noexcept { return mounted_; }
  bool make_read_only() const { return ::mount("tmpfs", where_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) == 0; }

 private:
  std::filesystem::path where_;
  bool mounted_ = false;
};

TEST(FullDisk, IsToldAndHealsWhenThereIsRoomAgain) {
  const temp_directory scratch;
  const small_disk disk{scratch / "disk", "size=24m"};
  if (!disk.mounted()) GTEST_SKIP() << "only root may mount a small file system";
  server s{{.binary = HAULCAST_BINARY,
            .environment = {{"HAULCAST_DATA_DIR", (scratch / "disk/data").string()},
                            {"HAULCAST_JOURNAL__MIN_FREE_BYTES", "1 MiB"},
                            {"HAULCAST_JOURNAL__MAX_BYTES", "1 GiB"}}}};
  ledger_loader loader{s.base(), {.token = s.token(), .workers = 4, .trucks = 12, .seed = 9, .pause = 3ms}};
  auto admin = s.as();
  const std::filesystem::path ballast = scratch / "disk/ballast";
  std::map<std::string, int> told;
  for (int round = 0; round < 2; ++round) {
    const std::uint64_t before = loader.acknowledged();
    ASSERT_TRUE(eventually([&] { return loader.acknowledged() > before + 500; }));
    {
      std::ofstream filling{ballast, std::ios::binary};
      const std::string block(1 << 16, 'x');
      while (filling.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
      }
    }
    ASSERT_TRUE(eventually([&] { return admin.get("/readyz").status == 503; })) << s.log();
    const auto refused = admin.post("/v1/positions", batch({driving("PROBE", now_ms() - 60'000, round + 1)}));
    EXPECT_EQ(refused.status, 503U);
    ++told[refused.body.value("code", "") + ": " + admin.get("/readyz").body.value("detail", "")];
    EXPECT_EQ(admin.get("/healthz").status, 200U);
    std::filesystem::remove(ballast);
    ASSERT_TRUE(eventually([&] { return admin.get("/readyz").status == 200; })) << s.log();
  }
  for (const auto& [what, times] : told) std::cout << "  full disk: " << what << '\n';
  const ledger books = loader.finish();
  EXPECT_TRUE(books.contradictions.empty()) << books.contradictions.front();
  EXPECT_EQ(s.stop().code, 0);
  const audit_report report = audit(books, scratch / "disk/data");
  EXPECT_EQ(report.lost + report.twice + report.disorder + report.differing, 0U) << report.to_string();
}

TEST(FullDisk, OneThatBecomesReadOnlyIsToldAndTheNextStartSaysSo) {
  const temp_directory scratch;
  const small_disk disk{scratch / "disk", "size=24m"};
  if (!disk.mounted()) GTEST_SKIP() << "only root may mount a small file system";
  server s{{.binary = HAULCAST_BINARY,
            .environment = {{"HAULCAST_DATA_DIR", (scratch / "disk/data").string()},
                            {"HAULCAST_JOURNAL__MIN_FREE_BYTES", "1 MiB"}}}};
  auto admin = s.as();
  must_post(admin, {driving("TRK-1", now_ms() - 60'000, 1)});
  s.stop();
  ASSERT_TRUE(disk.make_read_only());
  try {
    s.start();
    FAIL() << "it started on a disk that cannot be written";
  } catch (const std::runtime_error&) {
    EXPECT_NE(s.log().find("haulcast: cannot write to the data directory"), std::string::npos) << s.log();
    EXPECT_NE(s.log().find("Read-only file system"), std::string::npos) << s.log();
  }
}

}  // namespace
}  // namespace haulcast::support
