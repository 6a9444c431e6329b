#include "haulcast/wire/gzip.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

namespace haulcast::wire {
namespace {

constexpr std::size_t mib = 1024 * 1024;

std::string noise(std::size_t size, unsigned seed = 1) {
  std::mt19937 random{seed};
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

result<std::string, gzip_error> gunzip_in_slices(std::string_view in, std::size_t max_out, std::size_t slice) {
  gunzipper from{in, max_out};
  for (;;) {
    if (auto over = from.slice(slice)) return *std::move(over);
  }
}

/// In one go, and the same in slices of any size.
result<std::string, gzip_error> gunzip_both_ways(std::string_view in, std::size_t max_out) {
  auto out = gunzip(in, max_out);
  for (const std::size_t slice : {7U, 5000U, 100'000U}) {
    const auto again = gunzip_in_slices(in, max_out, slice);
    EXPECT_EQ(again.has_value(), out.has_value()) << slice;
    if (again && out) EXPECT_TRUE(*again == *out) << slice;
    if (!again && !out) EXPECT_EQ(again.error(), out.error()) << slice;
  }
  return out;
}

/// The text, or the error's sentence.
std::string opened(std::string_view in, std::size_t max_out = mib) {
  const auto out = gunzip_both_ways(in, max_out);
  return out ? *out : std::string{to_string(out.error())};
}

gzip_error error_of(std::string_view in, std::size_t max_out = mib) {
  const auto out = gunzip_both_ways(in, max_out);
  EXPECT_TRUE(out.has_error());
  return out.has_error() ? out.error() : gzip_error{};
}

TEST(Gzip, WhatWasPackedComesOutAgain) {
  for (const std::size_t size : {0U, 1U, 2U, 3U, 4U, 63U, 64U, 4095U, 4096U, 4097U, 65536U, 1048576U}) {
    EXPECT_EQ(opened(gzip(std::string(size, 'a'))), std::string(size, 'a')) << size;
    EXPECT_EQ(opened(gzip(noise(size))), noise(size)) << size;
  }
}

TEST(Gzip, ATextAsLongAsAllowedPassesAndOneByteMoreDoesNot) {
  for (const std::size_t size : {0U, 1U, 1000U, 100'000U}) {
    EXPECT_EQ(opened(gzip(noise(size)), size), noise(size));
    EXPECT_EQ(error_of(gzip(noise(size + 1)), size), gzip_error::too_large);
  }
}

TEST(Gzip, ABombThatSaysSoIsNotInflatedAtAll) {
  const std::string bomb = gzip(std::string(64 * mib, '\0'));
  gunzipper from{bomb, mib};
  EXPECT_EQ(from.memory(), 0U);
  EXPECT_EQ(from.slice(1).value().error(), gzip_error::too_large);
}

TEST(Gzip, ABombIsStoppedAtTheLimit) {
  const std::string bomb = gzip(std::string(64 * mib, '\0'));
  EXPECT_LT(bomb.size(), 70'000U);
  EXPECT_EQ(error_of(bomb), gzip_error::too_large);
}

TEST(Gzip, EveryTruncationIsSeen) {
  const std::string whole = gzip(R"({"positions": []})" + noise(300));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto seen = error_of(std::string_view{whole}.substr(0, size));
    EXPECT_TRUE(seen == gzip_error::truncated || seen == gzip_error::wrong_length) << size << ' ' << to_string(seen);
  }
}

TEST(Gzip, NothingMayFollowTheEnd) {
  const std::string whole = gzip("{}");
  using namespace std::string_literals;
  for (const std::string& more : {"\0"s, "junk"s, "\0\0\0\0"s, whole, gzip(noise(5000)), "\x1F\x8B"s}) {
    const auto seen = error_of(whole + more);
    EXPECT_TRUE(seen == gzip_error::trailing_data || seen == gzip_error::wrong_length) << to_string(seen);
  }
  EXPECT_EQ(error_of(whole + whole), gzip_error::trailing_data);
  EXPECT_EQ(error_of(gzip(noise(5000)) + whole), gzip_error::wrong_length);
}

TEST(Gzip, WhatIsNoGzipIsCorrupt) {
  EXPECT_EQ(error_of(R"({"positions": []})"), gzip_error::corrupt);
  EXPECT_EQ(error_of(std::string(100, '\0')), gzip_error::corrupt);
  EXPECT_EQ(error_of("\x78\x9C\x03\x00\x00\x00\x00\x01"), gzip_error::corrupt);  // zlib's own format
}

TEST(Gzip, AFlippedBitNeverGivesAnotherText) {
  const std::string text = R"({"truck_id": "TRK-001", "latitude": 47.3769, "longitude": 8.5417})" + std::string(100, 'x');
  const std::string whole = gzip(text);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const auto out = gunzip(flipped, mib);
    // The header's time, operating system and flags are under no checksum: there the text itself is untouched.
    if (out) EXPECT_EQ(*out, text) << bit;
  }
}

TEST(Gzip, ALieAboutTheLengthIsFoundOut) {
  std::string shorter = gzip(noise(5000));
  shorter[shorter.size() - 4] = 1, shorter[shorter.size() - 3] = 0;
  EXPECT_EQ(error_of(shorter), gzip_error::wrong_length);
  std::string longer = gzip(noise(5000));
  longer.replace(longer.size() - 4, 4, "\xFF\xFF\xFF\xFF");
  EXPECT_EQ(error_of(longer), gzip_error::wrong_length);
}

TEST(Gzip, TheTextHasReadablePaddingBehindIt) {
  for (const std::size_t size : {0U, 10U, 1000U, 100'000U}) {
    const auto out = gunzip(gzip(noise(size)), 100'000, 64);
    ASSERT_TRUE(out);
    EXPECT_EQ(out->size(), size);
    EXPECT_GE(out->capacity(), size + 64);
  }
}

/// Writes bits in the order in which deflate reads them.
class bit_writer {
 public:
  void put(unsigned value, unsigned count) {
    for (unsigned i = 0; i < count; ++i, ++used_) {
      if (used_ % 8 == 0) out_.push_back('\0');
      if ((value >> i & 1U) != 0) out_.back() = static_cast<char>(out_.back() | 1 << used_ % 8);
    }
  }
  const std::string& text() const { return out_; }

 private:
  std::string out_;
  std::size_t used_ = 0;
};

/// A member of `blocks` blocks that hold nothing but their own code tables.
std::string hollow(std::size_t blocks) {
  bit_writer bits;
  for (std::size_t i = 0; i < blocks; ++i) {
    bits.put(i + 1 == blocks ? 1 : 0, 1), bits.put(2, 2);
    bits.put(0, 5), bits.put(0, 5), bits.put(14, 4);  // 257 lengths, 1 distance, 18 lengths of lengths
    for (const unsigned length : {0U, 0U, 1U, 2U, 0U, 0U, 0U, 0U, 0U, 0U, 0U, 0U, 0U, 0U, 0U, 0U, 0U, 2U}) bits.put(length, 3);
    bits.put(0, 1), bits.put(138 - 11, 7), bits.put(0, 1), bits.put(118 - 11, 7);  // 256 zeros
    bits.put(3, 2), bits.put(1, 2);                                                // the end's length 1, the distance's 0
    bits.put(0, 1);                                                                // the end
  }
  return std::string("\x1F\x8B\x08\0\0\0\0\0\0\x03", 10) + bits.text() + std::string(8, '\0');
}

TEST(Gzip, BlocksThatHoldNothingAreCounted) {
  EXPECT_EQ(opened(hollow(1)), "");
  EXPECT_EQ(opened(hollow(60)), "");
  EXPECT_EQ(opened(hollow(4000)), "");
  EXPECT_EQ(error_of(hollow(5000)), gzip_error::too_many_blocks);
  EXPECT_EQ(error_of(hollow(90'000)), gzip_error::too_many_blocks);
  EXPECT_EQ(error_of(hollow(100), 1000), gzip_error::too_many_blocks);
}

TEST(Gzip, WhoeverFlushesForEachPositionIsRead) {
  const std::string line = R"({"truck_id":"TRK-1","timestamp":"2026-11-20T12:00:00Z","latitude":47.3,"longitude":8.5},)";
  z_stream z{};
  ASSERT_EQ(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(1 << 20, '\0');
  z.next_out = reinterpret_cast<Bytef*>(packed.data());
  z.avail_out = static_cast<unsigned>(packed.size());
  std::string plain;
  for (int i = 0; i < 1000; ++i) {
    plain += line;
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(line.data()));
    z.avail_in = static_cast<unsigned>(line.size());
    ASSERT_EQ(deflate(&z, i == 999 ? Z_FINISH : Z_FULL_FLUSH), i == 999 ? Z_STREAM_END : Z_OK);
  }
  packed.resize(packed.size() - z.avail_out);
  deflateEnd(&z);
  EXPECT_EQ(opened(packed), plain);
}

TEST(Gzip, ASliceIsNoLongerThanAsked) {
  const std::string packed = gzip(std::string(mib, ' '));
  gunzipper from{packed, mib};
  int slices = 1;
  while (!from.slice(mib / 8)) ++slices;
  EXPECT_GE(slices, 8);
}

TEST(Gzip, ABombThatSaysThatItIsSmallGivesNoByteMore) {
  std::string bomb = gzip(std::string(64 * mib, ' '));
  for (const char* told : {"\0\0\0\0", "\1\0\0\0", "\0\0\x0F\0", "\xFF\xFF\xFF\xFF"}) {
    bomb.replace(bomb.size() - 4, 4, told, 4);
    EXPECT_EQ(error_of(bomb), gzip_error::wrong_length);
  }
}

TEST(Gzip, MemoryFollowsTheLimitNotTheLie) {
  std::string lie = gzip("{}");
  lie.replace(lie.size() - 4, 4, "\xFF\xFF\xFF\x7F");
  EXPECT_EQ(error_of(lie, 1000), gzip_error::wrong_length);
  EXPECT_EQ(gunzipper(lie, 1000).memory(), 0U);
  const auto small = gunzip(gzip("{}"), mib, 64);
  ASSERT_TRUE(small);
  EXPECT_LT(small->capacity(), 200U);
}

}  // namespace
}  // namespace haulcast::wire
