// What a start makes of what it finds: torn ends, damage, files that do not belong together.
#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "haulcast/journal/segment_log.hpp"
#include "journal/scratch.hpp"

namespace haulcast::journal {
namespace {

using namespace scratch;
using namespace std::chrono_literals;
using testing::TestWithParam;

constexpr std::size_t segment_header_bytes = 64;
constexpr std::size_t group_header_bytes = 40;

// A crash may leave any part of what was being written, and anything in place of the rest.
class TornTail : public TestWithParam<const char*> {};

TEST_P(TornTail, AtEveryByteKeepsAllThatCameBefore) {
  const directory d;
  std::size_t whole = 0;
  {
    const auto log = scratch::open(d / "whole");
    ASSERT_FALSE(log->append(saying(1, 3)));
    ASSERT_FALSE(log->append(saying(4, 2)));
    whole = log->bytes();
    ASSERT_FALSE(log->append(saying(6, 2)));
  }
  const auto name = segments(d / "whole").at(0).filename();
  const std::string bytes = content(d / "whole" / name);
  const std::string kind = GetParam();
  std::mt19937 dice{11};
  for (std::size_t cut = whole; cut < bytes.size(); ++cut) {
    const auto path = d / "torn";
    fs::remove_all(path);
    fs::copy(d / "whole", path);
    std::string torn = bytes.substr(0, cut);
    if (kind == "zeros") torn.resize(bytes.size() + 100, '\0');
    while (kind == "garbage" && torn.size() < bytes.size() + 100) torn += static_cast<char>(dice());
    if (kind == "flipped") (torn = bytes)[cut] = static_cast<char>(torn[cut] ^ 1);
    write(path / name, torn);
    const auto log = segment_log::open({path});
    ASSERT_TRUE(log) << cut << ": " << log.error().what;
    ASSERT_EQ((*log)->last_offset(), 5u) << cut;
    for (offset_t o = 1; o <= 5; ++o) ASSERT_EQ(record_at(**log, o), says(o));
    ASSERT_FALSE((*log)->append(group_of(6, {"what was sent again"})));
    EXPECT_EQ(record_at(**log, 6), "what was sent again");
    EXPECT_EQ(record_at(*scratch::open(path), 6), "what was sent again");
  }
}
INSTANTIATE_TEST_SUITE_P(Kinds, TornTail, testing::Values("cut", "zeros", "garbage", "flipped"));

TEST(SegmentLogOpen, ATornTailFullOfTheMagicWordOpensQuickly) {
  const directory d;
  {
    ASSERT_FALSE(scratch::open(d.path())->append(saying(1)));
  }
  const auto path = segments(d.path()).at(0);
  std::string bytes = content(path);
  // As a driver could write it into a rejected position: a size of 150 MB, and offsets as text.
  while (bytes.size() < 200'000) bytes += "HJG1\", \taaaaaaaabbbbccccaaaaaaaa12345678";
  write(path, bytes);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(scratch::open(d.path())->last_offset(), 1u);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
}

TEST(SegmentLogOpen, AFlippedBitInAnAcknowledgedGroupIsRefusedWithFileAndRecord) {
  const directory d;
  std::vector<std::size_t> begins;
  {
    const auto log = scratch::open(d / "whole");
    for (const offset_t first : {1u, 4u, 7u}) {
      begins.push_back(log->bytes());
      ASSERT_FALSE(log->append(saying(first, 3)));
    }
  }
  const auto name = segments(d / "whole").at(0).filename();
  for (std::size_t at = begins[1]; at < begins[2]; ++at) {
    fs::remove_all(d / "bad");
    fs::copy(d / "whole", d / "bad");
    flip(d / "bad" / name, at);
    const std::string why = why_not_open(d / "bad");
    ASSERT_NE(why.find("record 4 was acknowledged"), std::string::npos) << at << ": " << why;
    ASSERT_NE(why.find((d / "bad" / name).string()), std::string::npos) << why;
    ASSERT_EQ(content(d / "bad" / name).size(), content(d / "whole" / name).size()) << "nothing was cut off";
  }
}

TEST(SegmentLogOpen, AFlippedBitInAnOlderSegmentIsFoundWhenItIsRead) {
  const directory d;
  {
    const auto log = scratch::open(d.path(), sync_mode::full, 200);
    for (offset_t o = 1; o <= 30; ++o) ASSERT_FALSE(log->append(saying(o)));
  }
  const auto first = segments(d.path()).at(0);
  const auto whole = content(first);
  for (std::size_t at = segment_header_bytes; at < segment_header_bytes + group_header_bytes + 24; ++at) {
    write(first, whole);
    flip(first, at);
    const auto log = scratch::open(d.path());
    ASSERT_EQ(record_at(*log, 1), "corrupt") << at;
    ASSERT_EQ(record_at(*log, 30), says(30));
  }
}

TEST(SegmentLogOpen, AnOlderSegmentThatIsGoneOrShortIsCorruptWhereItWasRead) {
  const directory d;
  {
    const auto log = scratch::open(d.path(), sync_mode::full, 200);
    for (offset_t o = 1; o <= 30; ++o) ASSERT_FALSE(log->append(saying(o)));
  }
  const auto all = segments(d.path());
  ASSERT_GE(all.size(), 4u);
  fs::remove(all[1]);
  fs::resize_file(all[2], segment_header_bytes + 20);
  const auto log = scratch::open(d.path());
  const auto first_of = [](const fs::path& p) { return std::stoull(p.stem().string()); };
  EXPECT_EQ(record_at(*log, first_of(all[1])), "corrupt");
  EXPECT_EQ(record_at(*log, first_of(all[2])), "corrupt");
  EXPECT_EQ(record_at(*log, first_of(all[3])), says(first_of(all[3])));
}

TEST(SegmentLogOpen, AnyFlippedBitInASegmentsHeaderIsRefused) {
  const directory d;
  {
    const auto log = scratch::open(d.path(), sync_mode::full, 200);
    for (offset_t o = 1; o <= 12; ++o) ASSERT_FALSE(log->append(saying(o)));
  }
  const auto all = segments(d.path());
  for (const auto& path : {all.front(), all.back()}) {
    const auto whole = content(path);
    for (std::size_t at = 0; at < segment_header_bytes; ++at) {
      write(path, whole);
      flip(path, at);
      ASSERT_NE(why_not_open(d.path()).find(path.string() + " is damaged"), std::string::npos) << at;
    }
    write(path, whole);
  }
  EXPECT_EQ(why_not_open(d.path()), "it opened");
}

TEST(SegmentLogOpen, ASegmentThatWasJustBegunIsBegunAgain) {
  const directory d;
  {
    const auto log = scratch::open(d.path());
    ASSERT_FALSE(log->append(saying(1, 4)));
    ASSERT_FALSE(log->restart());
  }
  const auto begun = segments(d.path()).at(1);
  const std::string header = content(begun);
  ASSERT_EQ(header.size(), segment_header_bytes);
  for (std::size_t size = 0; size < segment_header_bytes; ++size) {
    write(begun, header.substr(0, size));
    const auto log = scratch::open(d.path());
    ASSERT_EQ(log->last_offset(), 4u);
  }
  write(begun, std::string(segment_header_bytes, '\0'));
  const auto log = scratch::open(d.path());
  ASSERT_FALSE(log->append(saying(5)));
  EXPECT_EQ(record_at(*log, 5), says(5));
}

// Taken for just begun, it would be thrown away, and the journal would begin at 1 again.
TEST(SegmentLogOpen, AWholeHeaderWithoutGroupsIsNotThrownAway) {
  const directory d;
  {
    const auto log = scratch::open(d.path());
    ASSERT_FALSE(log->append(saying(1, 4)));
    ASSERT_FALSE(log->restart());
    ASSERT_EQ(log->drop(5, utc_time::max(), 0), 1u);
  }
  const auto only = segments(d.path()).at(0);
  {
    const auto log = scratch::open(d.path());
    EXPECT_EQ(log->first_offset(), 5u);
    EXPECT_EQ(log->last_offset(), 4u);
  }
  const auto whole = content(only);
  flip(only, 30);
  EXPECT_NE(why_not_open(d.path()).find("is damaged"), std::string::npos);
  write(only, whole.substr(0, 20));
  EXPECT_NE(why_not_open(d.path()).find("is damaged"), std::string::npos) << "its offsets must not be used again";
  EXPECT_EQ(content(only).size(), 20u);
}

TEST(SegmentLogOpen, RoomForLaterGroupsIsMadeOnceAndGoesWithWhoeverClosesOrSealsTheSegment) {
  const directory d;
  std::uint64_t held = 0;
  {
    const auto log = scratch::open(d / "whole");
    ASSERT_FALSE(log->append(saying(1, 3)));
    const auto file = segments(d / "whole").at(0);
    const auto size = fs::file_size(file);
    EXPECT_GT(size, log->bytes());
    for (offset_t o = 4; o <= 40; ++o) ASSERT_FALSE(log->append(saying(o)));
    EXPECT_EQ(fs::file_size(file), size) << "a commit changed the file's size";
    fs::copy(d / "whole", d / "killed");
    held = log->bytes();
  }
  EXPECT_EQ(fs::file_size(segments(d / "whole").at(0)), held);
  {
    const auto log = scratch::open(d / "killed");
    EXPECT_EQ(log->last_offset(), 40u);
    EXPECT_EQ(log->bytes(), held);
    EXPECT_EQ(fs::file_size(segments(d / "killed").at(0)), held) << "zeros were taken for more than nothing";
    ASSERT_FALSE(log->append(saying(41)));
    for (offset_t o = 1; o <= 41; ++o) ASSERT_EQ(record_at(*log, o), says(o));
  }
  const auto sealed = scratch::open(d / "sealed", sync_mode::full, 200);
  for (offset_t o = 1; o <= 30; ++o) ASSERT_FALSE(sealed->append(saying(o)));
  std::uint64_t on_disk = 0;
  for (const auto& file : segments(d / "sealed")) on_disk += fs::file_size(file);
  EXPECT_LE(on_disk, sealed->bytes() + 200);
}

TEST(SegmentLogOpen, DamageIsToldFromATornTailAlsoWithRoomBehindTheLastGroup) {
  const directory d;
  const auto log = scratch::open(d / "whole");
  std::vector<std::size_t> begins;
  for (const offset_t first : {1u, 4u, 7u}) {
    begins.push_back(log->bytes());
    ASSERT_FALSE(log->append(saying(first, 3)));
  }
  const auto flipped = [&](std::size_t at) {
    fs::remove_all(d / "bad");
    fs::copy(d / "whole", d / "bad");  // as kill -9 leaves it
    flip(segments(d / "bad").at(0), at);
    return d / "bad";
  };
  EXPECT_NE(why_not_open(flipped(begins[1] + 50)).find("record 4 was acknowledged"), std::string::npos);
  EXPECT_EQ(scratch::open(flipped(begins[2] + 50))->last_offset(), 6u);
  EXPECT_EQ(scratch::open(flipped(log->bytes() + 50))->last_offset(), 9u);
}

TEST(SegmentLogOpen, ASegmentUnderAnotherNameIsRefused) {
  const directory d;
  {
    const auto log = scratch::open(d.path(), sync_mode::full, 200);
    for (offset_t o = 1; o <= 12; ++o) ASSERT_FALSE(log->append(saying(o)));
  }
  fs::rename(segments(d.path()).at(0), d / "0000000000000002.segment");
  EXPECT_NE(why_not_open(d.path()).find("0000000000000002.segment"), std::string::npos);
}

TEST(SegmentLogOpen, AnotherJournalsSegmentIsRefused) {
  const directory d;
  {
    scratch::open(d / "a");
  }
  {
    scratch::open(d / "b");
  }
  const auto name = segments(d / "a").at(0).filename();
  fs::copy_file(d / "a" / name, d / "b" / name, fs::copy_options::overwrite_existing);
  EXPECT_EQ(why_not_open(d / "b"), (d / "b" / name).string() + " belongs to another journal");
}

TEST(SegmentLogOpen, AMissingOrDamagedIdentityIsRefused) {
  const directory d;
  {
    scratch::open(d.path());
  }
  write(d / "identity", "short\n");
  EXPECT_NE(why_not_open(d.path()).find("is not a journal's identity"), std::string::npos);
  write(d / "identity", "");
  EXPECT_NE(why_not_open(d.path()).find("identity"), std::string::npos);
  fs::remove(d / "identity");
  EXPECT_NE(why_not_open(d.path()).find("is missing beside the journal's segments"), std::string::npos);
}

TEST(SegmentLogOpen, ADirectoryThatCannotBeMadeIsASentence) {
  const directory d;
  write(d / "file", "");
  EXPECT_NE(why_not_open(d / "file" / "journal").find("cannot create"), std::string::npos);
}

}  // namespace
}  // namespace haulcast::journal
