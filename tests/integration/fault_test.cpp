// A disk that fails, is slow or full, a clock that jumps, a process that stands still: what is answered meanwhile, that it
// heals by itself, and that nothing acknowledged is lost. HAULCAST_FAULT_SECONDS makes each last longer (scripts/fault-test).
#include <fmt/format.h>
#include <sys/mount.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fstream>

#include "integration/auditor.hpp"
#include "integration/failing_server.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using faults::fault_plan;
using nlohmann::json;

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
  EXPECT_TRUE(seen.ingest_was_told("503 not_ready") || seen.ingest_was_told("503 not_committed"));
  const bool lasts = std::any_of(c.faults.begin(), c.faults.end(), [](const fault_plan& f) { return f.times < 0; });
  const auto says_why = [&](const auto& r) { return r.first.find(c.reason) != std::string::npos; };
  EXPECT_TRUE(!lasts || std::any_of(seen.ready.begin(), seen.ready.end(), says_why)) << c.reason;
  EXPECT_LT(seen.slowest_health, 5s) << "the loop stood still";
  s.expect_healed();
  s.expect_clean_books();
  std::string name = c.name;
  std::replace(name.begin(), name.end(), '_', ' ');
  s.tell(name, seen);
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
        failure_case{"disk_is_read_only_for_some_time",
                     {{.operations = faults::opening | faults::writing | faults::resizing | faults::naming, .error = EROFS}},
                     "Read-only file system"},
        failure_case{"everything_fails_for_some_time",
                     {{.operations = faults::opening | faults::writing | faults::syncing | faults::resizing | faults::naming,
                       .error = EIO}},
                     "Input/output error"}),
    [](const auto& one) { return one.param.name; });

TEST_F(Fault, ShortWritesAreNoFailures) {
  failing_server s;
  s.disk().on(0, {.operations = faults::writing, .bytes_max = 100, .part = segments});
  const observed seen = s.watch(fault_time());
  EXPECT_GT(s.disk().hits(0), 10U);
  EXPECT_EQ(seen.ingest.size(), 1U);
  EXPECT_EQ(seen.ready.size(), 1U);
  s.expect_clean_books();
  s.tell("writes take 100 bytes at a time", seen);
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
  EXPECT_GE(took, 1'500ms);
  EXPECT_LT(slowest, took) << "others waited for the disk too";
  s.disk().off(0);
  s.expect_healed();
  s.expect_clean_books();
  tell_row("syncs take 2 s", fmt::format("[200] after {} ms", std::chrono::duration_cast<milliseconds>(took).count()),
           fmt::format("[200] x{}, within {} ms", asked_while_waiting, slowest.count()), "nothing to heal");
}

TEST_F(Fault, SnapshotsThatFailHoldNobodyUpAndAreMadeLater) {
  failing_server s{{{"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "1"}}};
  s.disk().on(0, {.operations = faults::syncing | faults::writing, .error = EIO, .part = "snapshots"});
  const observed seen = s.watch(fault_time() + 1'500ms);
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
  s.tell("snapshots cannot be written", seen);
}

TEST_F(Fault, ADiskThatFailsForEverLetsItLeaveAndTheNextStartHasEverything) {
  failing_server s;
  s.disk().on(0, {.operations = faults::writing | faults::syncing | faults::resizing, .error = EIO});
  const observed seen = s.watch(fault_time());
  EXPECT_FALSE(seen.ingest_was_told("200") && !seen.ingest_was_told("503 not_ready")) << seen.to_string();
  const auto asked = std::chrono::steady_clock::now();
  EXPECT_EQ(s.process().stop().code, 0);
  const auto left_in = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - asked);
  EXPECT_THROW(s.process().start(), std::runtime_error);  // says so, and does not come up half
  EXPECT_NE(s.process().log().find("haulcast: cannot"), std::string::npos) << s.process().log();
  s.disk().off(0);
  s.process().start();
  s.expect_healed();
  s.expect_clean_books();
  tell_row("the disk fails for ever", seen.told(), seen.readyz(),
           fmt::format("SIGTERM is obeyed in {} ms, exit 0; a start says what it cannot write", left_in.count()));
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
  EXPECT_GT(s.disk().hits(0), 0U);
  s.disk().off(0);
  s.expect_healed();
  s.expect_clean_books();
  s.tell("no new segment can be opened", seen);
}

TEST_F(Fault, AClockThatJumpsMovesNoOrder) {
  failing_server s;
  observed seen;
  for (const auto by : {40min, -40min, 0min, 20min, 0min}) {
    s.disk().step_clock(by);
    seen.add(s.watch(fault_time() / 3));
    EXPECT_TRUE(s.goes_on());
  }
  EXPECT_EQ(seen.ingest.size(), 1U) << seen.to_string();
  EXPECT_EQ(seen.ready.size(), 1U) << seen.to_string();
  s.process().kill();
  s.process().start();
  s.expect_healed();
  s.expect_clean_books();
  s.tell("the clock steps by 40 minutes, back and forth", seen);
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
  s.tell("the process stands still, then", seen);
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
  observed seen;
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
    ++seen.ingest["503 " + refused.body.value("code", "")];
    ++seen.ready[admin.get("/readyz").body.value("detail", "200")];
    EXPECT_EQ(admin.get("/healthz").status, 200U);
    std::filesystem::remove(ballast);
    ASSERT_TRUE(eventually([&] { return admin.get("/readyz").status == 200; })) << s.log();
  }
  const ledger books = loader.finish();
  EXPECT_TRUE(books.contradictions.empty()) << books.contradictions.front();
  EXPECT_EQ(s.stop().code, 0);
  const audit_report report = audit(books, scratch / "disk/data");
  EXPECT_EQ(report.lost + report.twice + report.disorder + report.differing, 0U) << report.to_string();
  tell_row("a small file system is full", seen.told(), seen.readyz(),
           fmt::format("by itself when there is room; {} acknowledged, {} lost", books.acknowledged_positions(), report.lost));
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
  tell_row("the data directory is read-only at start", "nothing", "nothing", "exit 3, and a sentence that names it");
}

}  // namespace
}  // namespace haulcast::support
