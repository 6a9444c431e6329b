// Rows on their way into a table: COPY in PostgreSQL's binary form, an eighth of the client's time of any other way.
#pragma once

#include <libpq-fe.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/base/time.hpp"
#include "haulcast/geo/shape.hpp"

namespace haulcast::store {

/// Between construction and finish() the connection does nothing else. All rows have as many fields as said, in the order of
/// the table's columns. Throws what raise() throws.
class postgres_copy {
 public:
  postgres_copy(PGconn* connection, const std::string& target, std::int16_t fields);
  /// Takes everything back unless it was finished.
  ~postgres_copy();
  postgres_copy(const postgres_copy&) = delete;

  postgres_copy& row() {
    if (size_ >= send_bytes) send();
    return put_raw(big_endian(fields_));
  }
  postgres_copy& null() { return put_length(-1); }
  postgres_copy& boolean(bool value) { return put_length(1).put_raw(static_cast<char>(value)); }
  postgres_copy& int2(std::int16_t value) { return put(value); }
  postgres_copy& int4(std::int32_t value) { return put(value); }
  postgres_copy& int8(std::int64_t value) { return put(value); }
  /// Unknown (NaN) is NULL.
  postgres_copy& number(double value) { return std::isnan(value) ? null() : put(std::bit_cast<std::int64_t>(value)); }
  /// Empty is NULL; also for json.
  postgres_copy& text(std::string_view value);
  postgres_copy& time(utc_time t) { return put((to_epoch_ms(t) - postgres_epoch_ms) * 1'000); }
  postgres_copy& point(geo::point p);
  /// A circle's centre, a polygon, a corridor's path.
  postgres_copy& shape(const geo::shape& s);
  void finish();

 private:
  static constexpr std::int64_t postgres_epoch_ms = 946'684'800'000;  // 2000-01-01
  static constexpr std::size_t send_bytes = 60'000;
  static constexpr std::size_t row_bytes = 2'048;  // of a row's fields besides its texts, at most

  template <class Int>
  static Int big_endian(Int value) noexcept {
    if constexpr (std::endian::native == std::endian::big) return value;
    if constexpr (sizeof(Int) == 2) return static_cast<Int>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
    if constexpr (sizeof(Int) == 4) return static_cast<Int>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
    if constexpr (sizeof(Int) == 8) return static_cast<Int>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
  }
  /// There is room: row() and text() see to it.
  template <class T>
  postgres_copy& put_raw(T value) noexcept {
    std::memcpy(buffer_.data() + size_, &value, sizeof value);
    size_ += sizeof value;
    return *this;
  }
  postgres_copy& put_length(std::int32_t length) noexcept { return put_raw(big_endian(length)); }
  template <class Int>
  postgres_copy& put(Int value) noexcept {
    return put_length(sizeof value).put_raw(big_endian(value));
  }
  void send();

  PGconn* const connection_;
  const std::int16_t fields_;
  std::vector<char> buffer_;
  std::size_t size_ = 0;  // of it, filled
  bool open_ = false;
};

}  // namespace haulcast::store
