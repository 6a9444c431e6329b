#include "haulcast/journal/segment_log.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <utime.h>

#include <chrono>
#include <fstream>
#include <random>
#include <thread>

#include "journal/scratch.hpp"

namespace haulcast::journal {
namespace {

using namespace scratch;
using namespace std::chrono_literals;

TEST(SegmentLog, ANewOneIsEmptyAndHasAnIdentityOfItsOwn) {
  const directory a;
  const directory b;
  const auto log = scratch::open(a / "journal");
  EXPECT_EQ(log->id().size(), 32u);
  EXPECT_NE(log->id(), scratch::open(b / "journal")->id());
  EXPECT_EQ(log->first_offset(), 1u);
  EXPECT_EQ(log->last_offset(), 0u);
  EXPECT_EQ(record_at(*log, 1), "not written yet");
  EXPECT_EQ(record_at(*log, 0), "expired");
  struct stat info{};
  ASSERT_EQ(::stat(segments(a / "journal").at(0).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
}

TEST(SegmentLog, ReadsFromAnyOffsetAcrossGroupsAndSegments) {
  const directory d;
  offset_t next = 1;
  std::string id;
  {
    const auto log = scratch::open(d.path(), sync_mode::full, 4'000);
    id = log->id();
    for (std::uint32_t i = 0; i < 120; ++i) {
      const std::uint32_t count = 1 + i % 5;
      ASSERT_FALSE(log->append(saying(next, count, 30 + i % 90)));
      next += count;
      EXPECT_EQ(log->last_offset(), next - 1);
    }
    EXPECT_GT(segments(d.path()).size(), 3u);
    for (offset_t o = 1; o < next; ++o) ASSERT_EQ(record_at(*log, o).substr(0, 8), says(o).substr(0, 8)) << o;
  }
  const auto again = scratch::open(d.path(), sync_mode::full, 4'000);
  EXPECT_EQ(again->id(), id);
  EXPECT_EQ(again->last_offset(), next - 1);
  EXPECT_EQ(again->first_offset(), 1u);
  for (offset_t o = next; o-- > 1;) ASSERT_EQ(record_at(*again, o).substr(0, 8), says(o).substr(0, 8)) << o;
  EXPECT_EQ(record_at(*again, next), "not written yet");
  ASSERT_FALSE(again->append(saying(next)));
  EXPECT_EQ(record_at(*again, next), says(next));
}

TEST(SegmentLog, FindsItsWayThroughALargeSegment) {
  const directory d;
  constexpr offset_t count = 1'500;
  {
    const auto log = scratch::open(d.path(), sync_mode::normal);
    for (offset_t o = 1; o <= count; ++o) ASSERT_FALSE(log->append(saying(o, 1, 2'000)));
    log->append(saying(count + 1));
  }
  // A second segment behind it, so that the first one is indexed only as it is read.
  auto log = scratch::open(d.path(), sync_mode::normal, 1'000);
  ASSERT_FALSE(log->append(saying(count + 2)));
  log = scratch::open(d.path());
  std::mt19937 dice{5};
  for (int i = 0; i < 300; ++i) {
    const offset_t o = 1 + dice() % count;
    ASSERT_EQ(record_at(*log, o), says(o, 2'000));
  }
}

// Recovery reads group by group, and a quiet server's groups are small: thousands of them lie between two marks of the index.
TEST(SegmentLog, WhoReadsOnDoesNotSearch) {
  const directory d;
  constexpr offset_t count = 2'000;
  const auto log = scratch::open(d.path(), sync_mode::normal);
  for (offset_t o = 1; o <= count; ++o) ASSERT_FALSE(log->append(saying(o, 1, 100)));
  const auto reads = [] {
    std::ifstream io{"/proc/self/io"};
    std::string word;
    while (io >> word && word != "syscr:") {
    }
    std::uint64_t calls = 0;
    io >> calls;
    return calls;
  };
  const auto before = reads();
  for (offset_t o = 1; o <= count; ++o) ASSERT_EQ(record_at(*log, o).substr(0, 8), says(o).substr(0, 8)) << o;
  EXPECT_LT(reads() - before, 5 * count);
}

TEST(SegmentLog, SaysAboutHowMuchLiesBehindARecord) {
  const directory d;
  const auto log = open(d.path(), sync_mode::normal, 4'000);
  for (offset_t o = 1; o <= 200; ++o) ASSERT_FALSE(log->append(saying(o, 1, 100)));
  ASSERT_GT(segments(d.path()).size(), 3u);
  EXPECT_EQ(log->bytes_behind(200), 0u);
  EXPECT_EQ(log->bytes_behind(900), 0u);
  EXPECT_GT(log->bytes_behind(199), 100u);
  std::uint64_t before = log->bytes();
  for (offset_t o = 0; o <= 200; ++o) {
    const std::uint64_t behind = log->bytes_behind(o);
    EXPECT_LE(behind, before) << o;
    EXPECT_GE(behind, (200 - o) * 100) << o;
    EXPECT_LE(behind, (200 - o) * 200 + 4'500) << o << ": it does not know better than a segment, where that is small";
    before = behind;
  }
}

TEST(SegmentLog, NormalModeSurvivesAReopen) {
  const directory d;
  {
    const auto log = scratch::open(d.path(), sync_mode::normal, 300);
    for (offset_t o = 1; o <= 50; ++o) ASSERT_FALSE(log->append(saying(o)));
  }
  const auto log = scratch::open(d.path());
  EXPECT_EQ(log->last_offset(), 50u);
  EXPECT_EQ(record_at(*log, 17), says(17));
}

TEST(SegmentLog, AfterAFailedAppendNothingIsTakenUntilRestart) {
  const directory d;
  const auto log = scratch::open(d.path());
  ASSERT_FALSE(log->append(saying(1, 3)));
  {
    const full_disk full{log->bytes() + 60};
    EXPECT_TRUE(log->append(saying(4, 10)));
  }
  EXPECT_TRUE(log->append(saying(4)));
  EXPECT_EQ(log->last_offset(), 3u);
  EXPECT_EQ(record_at(*log, 4), "not written yet");
  EXPECT_EQ(record_at(*log, 3), says(3));
  ASSERT_FALSE(log->restart());
  ASSERT_FALSE(log->append(group_of(4, {"sent again"})));
  EXPECT_EQ(record_at(*log, 4), "sent again");
  EXPECT_EQ(record_at(*log, 2), says(2));
}

TEST(SegmentLog, RestartsOnAFullDiskOnceThereIsRoom) {
  const directory d;
  const auto log = scratch::open(d.path(), sync_mode::full, 100);
  ASSERT_FALSE(log->append(saying(1, 3)));
  {
    const full_disk full{30};
    EXPECT_TRUE(log->append(saying(4)));
    EXPECT_TRUE(log->restart());
    EXPECT_TRUE(log->restart());
    EXPECT_EQ(record_at(*log, 2), says(2));
  }
  ASSERT_FALSE(log->restart());
  ASSERT_FALSE(log->restart());
  ASSERT_FALSE(log->append(saying(4)));
  const auto again = scratch::open(d.path());
  for (offset_t o = 1; o <= 4; ++o) EXPECT_EQ(record_at(*again, o), says(o));
}

TEST(SegmentLog, DoubtfulBytesStayUnreadAlsoAfterReopening) {
  const directory d;
  std::string doubtful;
  {
    const auto log = scratch::open(d.path());
    ASSERT_FALSE(log->append(saying(1, 3)));
    const auto segment = segments(d.path()).at(0);
    const auto before = content(segment);
    ASSERT_FALSE(log->append(group_of(4, {"in doubt", "in doubt too"})));
    doubtful = content(segment);
    write(segment, before);
  }
  const auto segment = segments(d.path()).at(0);
  {
    const auto log = scratch::open(d.path());
    ASSERT_EQ(log->last_offset(), 3u);
    {
      const full_disk full{log->bytes() + 10};
      ASSERT_TRUE(log->append(group_of(4, {"in doubt", "in doubt too"})));
    }
    ASSERT_FALSE(log->restart());
    ASSERT_FALSE(log->append(group_of(4, {"certain"})));
  }
  write(segment, doubtful);  // the whole of it was on the disk after all, and the cut was not
  const auto log = scratch::open(d.path());
  EXPECT_EQ(log->last_offset(), 4u);
  EXPECT_EQ(record_at(*log, 3), says(3));
  EXPECT_EQ(record_at(*log, 4), "certain");
  EXPECT_EQ(record_at(*log, 5), "not written yet");
}

TEST(SegmentLog, AFailureBeforeTheFirstRecordIsLeftBehindToo) {
  const directory d;
  const auto log = scratch::open(d.path());
  {
    const full_disk full{100};
    ASSERT_TRUE(log->append(saying(1, 10)));
  }
  ASSERT_FALSE(log->restart());
  ASSERT_FALSE(log->append(group_of(1, {"the first"})));
  EXPECT_EQ(record_at(*log, 1), "the first");
  EXPECT_EQ(record_at(*scratch::open(d.path()), 1), "the first");
  EXPECT_EQ(segments(d.path()).size(), 1u);
}

TEST(SegmentLog, AGroupTooLargeToBeReadAgainIsNotWritten) {
  const directory d;
  const auto log = scratch::open(d.path(), sync_mode::normal);
  group g;
  g.first = g.count = 1;
  g.bytes.resize(group_bytes_max + 1);
  EXPECT_EQ(log->append(g), std::errc::message_size);
  EXPECT_LT(log->bytes(), 1000u);
}

class Retention : public testing::Test {
 protected:
  void SetUp() override {
    log_ = scratch::open(d_.path(), sync_mode::normal, 200);
    for (offset_t o = 1; o <= 40; ++o) ASSERT_FALSE(log_->append(saying(o)));
    ASSERT_GE(segments(d_.path()).size(), 6u);
  }
  offset_t first_of(std::size_t segment) const { return std::stoull(segments(d_.path()).at(segment).stem().string()); }

  directory d_;
  std::unique_ptr<segment_log> log_;
};

TEST_F(Retention, KeepsWhatIsNeitherOldNorTooMuch) {
  EXPECT_EQ(log_->drop(100, system_now() - 1h, 1'000'000), 0u);
  EXPECT_EQ(log_->first_offset(), 1u);
}

TEST_F(Retention, DropsByAgeWhatEverybodyHasRead) {
  const offset_t third = first_of(2);
  EXPECT_EQ(log_->drop(third - 1, system_now() + 1h, 1'000'000), 1u) << "the second segment is not read to its end";
  EXPECT_EQ(log_->drop(third, system_now() + 1h, 1'000'000), 1u);
  EXPECT_EQ(log_->first_offset(), third);
  EXPECT_EQ(record_at(*log_, third - 1), "expired");
  EXPECT_EQ(record_at(*log_, third), says(third));
  EXPECT_EQ(first_of(0), third);
  EXPECT_EQ(scratch::open(d_.path())->first_offset(), third);
}

TEST_F(Retention, DropsBySizeOnlyUntilItFits) {
  const std::uint64_t before = log_->bytes();
  EXPECT_EQ(log_->drop(100, utc_time::min(), before), 0u);
  EXPECT_EQ(log_->drop(100, utc_time::min(), before - 1), 1u);
  EXPECT_LT(log_->bytes(), before);
}

TEST_F(Retention, TheNewestSegmentStays) {
  log_->drop(1'000'000, utc_time::max(), 0);
  EXPECT_EQ(segments(d_.path()).size(), 1u);
  EXPECT_EQ(record_at(*log_, 40), says(40));
  ASSERT_FALSE(log_->append(saying(41)));
  EXPECT_EQ(scratch::open(d_.path())->last_offset(), 41u);
}

TEST_F(Retention, AgeOutlivesAReopen) {
  const auto oldest = segments(d_.path()).at(0);
  const auto then = std::chrono::system_clock::to_time_t(system_now() - 25h);
  const utimbuf times{then, then};
  ASSERT_EQ(::utime(oldest.c_str(), &times), 0);
  log_ = scratch::open(d_.path());
  EXPECT_EQ(log_->drop(100, system_now() - 26h, 1'000'000), 0u);
  EXPECT_EQ(log_->drop(100, system_now() - 24h, 1'000'000), 1u);
}

TEST(SegmentLog, AFleetOfSegmentsTakesNoFleetOfDescriptors) {
  const directory d;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = before;
  few.rlim_cur = 64;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  {
    auto log = scratch::open(d.path(), sync_mode::normal, 70);
    for (offset_t o = 1; o <= 100; ++o) {
      const auto error = log->append(saying(o));
      EXPECT_FALSE(error) << error.message();
      if (error) break;
    }
    EXPECT_EQ(record_at(*log, 50), says(50));
    log.reset();
    EXPECT_EQ(why_not_open(d.path()), "it opened");
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST(SegmentLog, IsReadWhileItIsWrittenAndDropped) {
  const directory d;
  const auto log = scratch::open(d.path(), sync_mode::normal, 2'000);
  constexpr offset_t last = 3'000;
  std::atomic<offset_t> dropping{1};
  std::vector<std::thread> readers;
  for (unsigned seed = 0; seed < 3; ++seed) {
    readers.emplace_back([&, seed] {
      std::mt19937 dice{seed};
      for (offset_t o = 1; o <= last;) {
        const std::string got = record_at(*log, o);
        if (got == "not written yet") {
          std::this_thread::yield();
        } else if (got == "expired") {
          o = std::max(o + 1, log->first_offset());
        } else {
          ASSERT_EQ(got, says(o));
          ++o;
        }
        if (o > 1 && dice() % 4 == 0) {
          const offset_t any = 1 + dice() % (o - 1);
          const std::string old = record_at(*log, any);
          ASSERT_TRUE(old == says(any) || old == "expired") << any << ": " << old;
        }
      }
    });
  }
  // Retention runs on a thread of its own while a rebuild restarts and appends on another.
  std::thread dropper{[&] {
    while (log->last_offset() < last) {
      log->drop(dropping.load(), utc_time::max(), 0);
      log->bytes();
      std::this_thread::yield();
    }
  }};
  for (offset_t o = 1; o <= last;) {
    const std::uint32_t count = 1 + static_cast<std::uint32_t>(o % 3);
    const group g = saying(o, count);
    ASSERT_FALSE(log->append(g));
    o += count;
    if (o % 100 == 0) ASSERT_FALSE(log->restart());
    if (o > 500) dropping = o - 500;
  }
  for (auto& t : readers) t.join();
  dropper.join();
  EXPECT_GT(log->first_offset(), 1u);
}

}  // namespace
}  // namespace haulcast::journal
