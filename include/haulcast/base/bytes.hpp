// Compact binary writing and reading, for what the journal and the snapshots keep.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace haulcast {

/// Appends to a string that somebody else owns. Integers are LEB128 varints (signed ones zigzag), fixed ones little endian.
class byte_writer {
 public:
  explicit byte_writer(std::string& out) : out_{out} {}

  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void varint(std::uint64_t value) {
    char bytes[10];
    std::size_t n = 0;
    for (; value >= 0x80; value >>= 7) bytes[n++] = static_cast<char>(value | 0x80);
    bytes[n++] = static_cast<char>(value);
    out_.append(bytes, n);
  }
  void svarint(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void fixed64(std::uint64_t value) {
    static_assert(std::endian::native == std::endian::little);
    char bytes[8];
    std::memcpy(bytes, &value, 8);
    out_.append(bytes, 8);
  }
  void raw(double value) { fixed64(std::bit_cast<std::uint64_t>(value)); }
  void text(std::string_view s) {
    varint(s.size());
    out_.append(s);
  }

  std::string& out() noexcept { return out_; }

 private:
  std::string& out_;
};

/// Reads what byte_writer wrote, from bytes that may be anything: past the end it yields zeros and ok() turns false for good.
class byte_reader {
 public:
  explicit byte_reader(std::string_view in) : at_{in.data()}, end_{in.data() + in.size()} {}

  bool ok() const noexcept { return ok_; }
  bool done() const noexcept { return at_ == end_; }
  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }

  std::uint8_t u8() noexcept { return left() == 0 ? fail<std::uint8_t>() : static_cast<std::uint8_t>(*at_++); }
  std::uint64_t varint() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) return fail<std::uint64_t>();
      const auto byte = static_cast<std::uint8_t>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    return fail<std::uint64_t>();
  }
  std::int64_t svarint() noexcept {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  std::uint64_t fixed64() noexcept {
    if (left() < 8) return fail<std::uint64_t>();
    std::uint64_t value;
    std::memcpy(&value, at_, 8);
    at_ += 8;
    return value;
  }
  double raw() noexcept { return std::bit_cast<double>(fixed64()); }
  /// A view into the input.
  std::string_view text() noexcept {
    const std::uint64_t size = varint();
    if (size > left()) return fail<std::string_view>();
    const std::string_view s{at_, static_cast<std::size_t>(size)};
    at_ += size;
    return s;
  }
  /// A count of things that take at least a byte each: bounded by what is left, so that hostile bytes reserve no memory.
  std::size_t count() noexcept {
    const std::uint64_t n = varint();
    return n > left() ? fail<std::size_t>() : static_cast<std::size_t>(n);
  }
  void fail() noexcept {
    ok_ = false;
    at_ = end_;
  }

 private:
  template <class T>
  T fail() noexcept {
    ok_ = false;
    at_ = end_;
    return T{};
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace haulcast
