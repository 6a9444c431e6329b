#include "postgres_copy.hpp"

#include <memory>
#include <variant>

#include "postgres_session.hpp"

namespace haulcast::store {

namespace {

template <class T>
void append_raw(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
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
    : connection_{connection}, fields_{fields}, buffer_(send_bytes + 2 * row_bytes) {
  PGresult* const begun = PQexec(connection_, ("COPY " + target + " FROM STDIN BINARY").c_str());
  const std::unique_ptr<PGresult, decltype([](PGresult* r) { PQclear(r); })> held{begun};
  if (PQresultStatus(begun) != PGRES_COPY_IN) raise(connection_, begun);
  open_ = true;
  constexpr std::string_view head{"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19};  // no flags, no extension
  std::memcpy(buffer_.data(), head.data(), head.size());
  size_ = head.size();
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

postgres_copy& postgres_copy::text(std::string_view value) {
  if (value.empty()) return null();
  put_length(static_cast<std::int32_t>(value.size()));
  if (size_ + value.size() + row_bytes > buffer_.size()) buffer_.resize(size_ + value.size() + row_bytes);
  std::memcpy(buffer_.data() + size_, value.data(), value.size());
  size_ += value.size();
  return *this;
}

postgres_copy& postgres_copy::point(geo::point p) {
  put_length(ewkb_head_bytes + 16);
  put_raw(ewkb_order).put_raw(static_cast<std::uint32_t>(ewkb_point) | with_srid).put_raw(wgs84);
  return put_raw(p.longitude).put_raw(p.latitude);
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
  if (PQputCopyData(connection_, buffer_.data(), static_cast<int>(size_)) != 1) raise(connection_, nullptr);
  size_ = 0;
}

void postgres_copy::finish() {
  put_raw(big_endian(std::int16_t{-1}));
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
