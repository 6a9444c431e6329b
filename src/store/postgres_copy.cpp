#include "postgres_copy.hpp"

#include <bit>
#include <cmath>
#include <type_traits>
#include <variant>

#include "postgres_session.hpp"

namespace haulcast::store {

namespace {

constexpr std::size_t send_bytes = 60'000;
constexpr std::int64_t postgres_epoch_ms = 946'684'800'000;  // 2000-01-01

template <class T>
void append_raw(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class Int>
Int big_endian(Int value) noexcept {
  if constexpr (std::endian::native == std::endian::big || sizeof(Int) == 1) return value;
  if constexpr (sizeof(Int) == 2) return static_cast<Int>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  if constexpr (sizeof(Int) == 4) return static_cast<Int>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  if constexpr (sizeof(Int) == 8) return static_cast<Int>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
}

// Geometries are in the byte order of this machine, and say so.
constexpr char ewkb_order = std::endian::native == std::endian::little ? 1 : 0;
constexpr std::uint32_t with_srid = 0x2000'0000;
constexpr std::uint32_t wgs84 = 4326;
enum ewkb : std::uint32_t { ewkb_point = 1, ewkb_line = 2, ewkb_polygon = 3 };
constexpr std::int32_t ewkb_head_bytes = 9;

void append_head(std::string& to, ewkb type) {
  to += ewkb_order;
  append_raw(to, static_cast<std::uint32_t>(type) | with_srid);
  append_raw(to, wgs84);
}

void append_point(std::string& to, geo::point p) {
  append_raw(to, p.longitude);
  append_raw(to, p.latitude);
}

void append_points(std::string& to, const std::vector<geo::point>& points) {
  append_raw(to, static_cast<std::uint32_t>(points.size()));
  for (const geo::point p : points) append_point(to, p);
}

}  // namespace

postgres_copy::postgres_copy(PGconn* connection, const std::string& target, std::int16_t fields)
    : connection_{connection}, fields_{fields} {
  PGresult* const begun = PQexec(connection_, ("COPY " + target + " FROM STDIN BINARY").c_str());
  const std::unique_ptr<PGresult, decltype([](PGresult* r) { PQclear(r); })> held{begun};
  if (PQresultStatus(begun) != PGRES_COPY_IN) raise(connection_, begun);
  open_ = true;
  buffer_.reserve(send_bytes + 8'192);
  constexpr char head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";  // no flags, no extension
  buffer_.append(head, 19);
}

postgres_copy::~postgres_copy() {
  if (!open_) return;
  PQputCopyEnd(connection_, "taken back");
  while (PGresult* const left = PQgetResult(connection_)) {
    const bool copying = PQresultStatus(left) == PGRES_COPY_IN;
    PQclear(left);
    if (copying) break;  // the connection is gone
  }
}

template <class Int>
postgres_copy& postgres_copy::put(Int value) {
  char field[4 + sizeof(Int)];
  const auto length = big_endian(static_cast<std::int32_t>(sizeof(Int)));
  const Int turned = big_endian(value);
  std::memcpy(field, &length, 4);
  std::memcpy(field + 4, &turned, sizeof(Int));
  buffer_.append(field, sizeof field);
  return *this;
}
template postgres_copy& postgres_copy::put(std::int16_t);
template postgres_copy& postgres_copy::put(std::int32_t);
template postgres_copy& postgres_copy::put(std::int64_t);

postgres_copy& postgres_copy::put_length(std::int32_t length) {
  append_raw(buffer_, big_endian(length));
  return *this;
}

postgres_copy& postgres_copy::row() {
  if (buffer_.size() >= send_bytes) send();
  append_raw(buffer_, big_endian(fields_));
  return *this;
}

postgres_copy& postgres_copy::boolean(bool value) {
  put_length(1);
  buffer_ += static_cast<char>(value);
  return *this;
}

postgres_copy& postgres_copy::number(double value) {
  return std::isnan(value) ? null() : put(std::bit_cast<std::int64_t>(value));
}

postgres_copy& postgres_copy::text(std::string_view value) {
  if (value.empty()) return null();
  put_length(static_cast<std::int32_t>(value.size()));
  buffer_.append(value);
  return *this;
}

postgres_copy& postgres_copy::time(utc_time t) { return put((to_epoch_ms(t) - postgres_epoch_ms) * 1'000); }

postgres_copy& postgres_copy::point(geo::point p) {
  put_length(ewkb_head_bytes + 16);
  append_head(buffer_, ewkb_point);
  append_point(buffer_, p);
  return *this;
}

postgres_copy& postgres_copy::shape(const geo::shape& s) {
  if (const auto* const disc = std::get_if<geo::circle>(&s)) return point(disc->center);
  std::string made;
  if (const auto* const area = std::get_if<geo::polygon>(&s)) {
    append_head(made, ewkb_polygon);
    append_raw(made, static_cast<std::uint32_t>(area->rings.size()));
    for (const auto& ring : area->rings) append_points(made, ring);
  } else {
    append_head(made, ewkb_line);
    append_points(made, std::get<geo::corridor>(s).path);
  }
  return text(made);
}

void postgres_copy::send() {
  if (PQputCopyData(connection_, buffer_.data(), static_cast<int>(buffer_.size())) != 1) raise(connection_, nullptr);
  buffer_.clear();
}

void postgres_copy::finish() {
  append_raw(buffer_, big_endian(std::int16_t{-1}));
  send();
  if (PQputCopyEnd(connection_, nullptr) != 1) raise(connection_, nullptr);
  open_ = false;
  std::unique_ptr<PGresult, decltype([](PGresult* r) { PQclear(r); })> wrong;
  while (PGresult* const said = PQgetResult(connection_)) {
    if (PQresultStatus(said) == PGRES_COMMAND_OK) {
      PQclear(said);
    } else if (PQresultStatus(said) == PGRES_COPY_IN) {
      PQclear(said);
      raise(connection_, nullptr);
    } else if (!wrong) {
      wrong.reset(said);
    } else {
      PQclear(said);
    }
  }
  if (wrong) raise(connection_, wrong.get());
}

}  // namespace haulcast::store
