#include "haulcast/base/bytes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace haulcast {
namespace {

constexpr std::uint64_t unsigned_edges[] = {0, 1, 127, 128, 16'383, 16'384, 1ULL << 32, (1ULL << 63) - 1, 1ULL << 63, ~0ULL};
constexpr std::int64_t signed_edges[] = {
    0, -1, 1, -64, 63, 64, -65, std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};

TEST(Bytes, ReadWhatWasWritten) {
  std::string bytes;
  byte_writer out{bytes};
  for (const auto v : unsigned_edges) out.varint(v), out.fixed64(v);
  for (const auto v : signed_edges) out.svarint(v);
  out.u8(255);
  out.raw(-0.0);
  out.text("");
  out.text(std::string_view{"a\0b", 3});
  byte_reader in{bytes};
  for (const auto v : unsigned_edges) {
    EXPECT_EQ(in.varint(), v);
    EXPECT_EQ(in.fixed64(), v);
  }
  for (const auto v : signed_edges) EXPECT_EQ(in.svarint(), v);
  EXPECT_EQ(in.u8(), 255);
  EXPECT_TRUE(std::signbit(in.raw()));
  EXPECT_EQ(in.text(), "");
  EXPECT_EQ(in.text(), (std::string_view{"a\0b", 3}));
  EXPECT_TRUE(in.ok() && in.done());
}

TEST(Bytes, SmallNumbersAreOneByteEach) {
  std::string bytes;
  byte_writer out{bytes};
  out.varint(127);
  out.svarint(-64);
  EXPECT_EQ(bytes.size(), 2u);
  out.varint(128);
  out.varint(~0ULL);
  EXPECT_EQ(bytes.size(), 2u + 2 + 10);
}

TEST(Bytes, PastTheEndThereAreZerosAndItIsNotOk) {
  byte_reader in{std::string_view{"\x01", 1}};
  EXPECT_EQ(in.fixed64(), 0u);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0) << "once failed it stays so, whatever was left";
  EXPECT_EQ(in.varint(), 0u);
  EXPECT_EQ(in.text(), "");
  EXPECT_EQ(in.left(), 0u);
  byte_reader nothing{std::string_view{}};
  EXPECT_TRUE(nothing.ok() && nothing.done());
  EXPECT_EQ(nothing.text(), "");
  EXPECT_FALSE(nothing.ok());
}

TEST(Bytes, AnEndlessVarintIsRefused) {
  const std::string bytes(20, '\xFF');
  byte_reader in{bytes};
  EXPECT_EQ(in.varint(), 0u);
  EXPECT_FALSE(in.ok());
}

TEST(Bytes, CountsAndLengthsAreBoundedByWhatIsThere) {
  std::string bytes;
  byte_writer{bytes}.varint(4);
  bytes += "abc";
  EXPECT_EQ(byte_reader{bytes}.count(), 0u);
  EXPECT_EQ(byte_reader{bytes}.text(), "");
  bytes += "d";
  EXPECT_EQ(byte_reader{bytes}.count(), 4u);
  EXPECT_EQ(byte_reader{bytes}.text(), "abcd");
  std::string huge;
  byte_writer{huge}.varint(~0ULL);
  byte_reader in{huge};
  EXPECT_EQ(in.text(), "");
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace haulcast
