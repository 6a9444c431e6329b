// Rows on their way into a table: COPY in PostgreSQL's binary form, an eighth of the client's time of any other way.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

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

  postgres_copy& row();
  postgres_copy& null() { return put_length(-1); }
  postgres_copy& boolean(bool value);
  postgres_copy& int2(std::int16_t value) { return put(value); }
  postgres_copy& int4(std::int32_t value) { return put(value); }
  postgres_copy& int8(std::int64_t value) { return put(value); }
  /// Unknown (NaN) is NULL.
  postgres_copy& number(double value);
  /// Empty is NULL; also for json.
  postgres_copy& text(std::string_view value);
  postgres_copy& time(utc_time t);
  postgres_copy& point(geo::point p);
  /// A circle's centre, a polygon, a corridor's path.
  postgres_copy& shape(const geo::shape& s);
  void finish();

 private:
  template <class Int>
  postgres_copy& put(Int value);
  postgres_copy& put_length(std::int32_t length);
  void send();

  PGconn* const connection_;
  const std::int16_t fields_;
  std::string buffer_;
  bool open_ = false;
};

}  // namespace haulcast::store
