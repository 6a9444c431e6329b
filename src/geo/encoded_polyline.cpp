#include "haulcast/geo/encoded_polyline.hpp"

#include <cassert>
#include <cmath>
#include <cstdint>
#include <stdexcept>

namespace haulcast::geo {
namespace {

using kind = encoded_polyline_error::kind;

constexpr std::int64_t steps_per_degree(polyline_precision precision) {
  return precision == polyline_precision::six ? 1'000'000 : 100'000;
}

void append_number(std::string& out, std::int64_t number) {
  auto bits = static_cast<std::uint64_t>(number) << 1;
  if (number < 0) bits = ~bits;
  for (; bits >= 0x20; bits >>= 5) out += static_cast<char>(63 + (0x20 | (bits & 0x1f)));
  out += static_cast<char>(63 + bits);
}

class reader {
 public:
  explicit reader(std::string_view text) : text_{text} {}

  bool at_end() const { return at_ == text_.size(); }
  std::size_t at() const { return at_; }

  boost::system::result<std::int64_t, encoded_polyline_error> number() {
    const std::size_t begin = at_;
    std::uint64_t bits = 0;
    for (unsigned shift = 0;; shift += 5) {
      if (at_end()) return encoded_polyline_error{kind::cut_off, at_};
      const unsigned letter = static_cast<unsigned char>(text_[at_]);
      if (letter < 63 || letter > 126) return encoded_polyline_error{kind::not_a_character, at_};
      if (shift > 30) return encoded_polyline_error{kind::number_too_long, begin};
      ++at_;
      const unsigned chunk = letter - 63;
      bits |= static_cast<std::uint64_t>(chunk & 0x1f) << shift;
      if (chunk >= 0x20) continue;
      if (bits > 0xffff'ffff || (chunk == 0 && shift > 0)) return encoded_polyline_error{kind::number_too_long, begin};
      const auto half = static_cast<std::int64_t>(bits >> 1);
      return (bits & 1) != 0 ? ~half : half;
    }
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string_view to_text(encoded_polyline_error::kind what) noexcept {
  switch (what) {
    case kind::not_a_character: return "a character that encoded polylines do not have";
    case kind::cut_off: return "it ends in the middle of a point";
    case kind::number_too_long: return "a number of more than 32 bits";
    case kind::latitude_out_of_range: return "a latitude outside -90 to 90";
    case kind::longitude_out_of_range: return "a longitude outside -180 to 180";
    case kind::too_many_points: return "too many points";
  }
  return "not an encoded polyline";
}

void throw_exception_from_error(const encoded_polyline_error& error, const boost::source_location&) {
  throw std::runtime_error{std::string{to_text(error.what)}};
}

std::string encode_polyline(std::span<const point> line, polyline_precision precision) {
  const auto steps = static_cast<double>(steps_per_degree(precision));
  std::string out;
  out.reserve(line.size() * 8);
  std::int64_t latitude = 0;
  std::int64_t longitude = 0;
  for (const point p : line) {
    assert(std::fabs(p.latitude) <= 90 && std::fabs(p.longitude) <= 180);
    const std::int64_t next_latitude = std::llround(p.latitude * steps);
    const std::int64_t next_longitude = std::llround(p.longitude * steps);
    append_number(out, next_latitude - latitude);
    append_number(out, next_longitude - longitude);
    latitude = next_latitude;
    longitude = next_longitude;
  }
  return out;
}

decoded_polyline decode_polyline(std::string_view text, polyline_precision precision, std::size_t points_max) {
  const std::int64_t steps = steps_per_degree(precision);
  std::vector<point> line;
  std::int64_t latitude = 0;
  std::int64_t longitude = 0;
  for (reader in{text}; !in.at_end();) {
    const std::size_t begin = in.at();
    if (line.size() == points_max) return encoded_polyline_error{kind::too_many_points, begin};
    const auto north = in.number();
    if (!north) return north.error();
    const std::size_t second = in.at();
    const auto east = in.number();
    if (!east) return east.error();
    latitude += *north;
    longitude += *east;
    if (std::abs(latitude) > 90 * steps) return encoded_polyline_error{kind::latitude_out_of_range, begin};
    if (std::abs(longitude) > 180 * steps) return encoded_polyline_error{kind::longitude_out_of_range, second};
    line.push_back({static_cast<double>(latitude) / static_cast<double>(steps),
                    static_cast<double>(longitude) / static_cast<double>(steps)});
  }
  return line;
}

}  // namespace haulcast::geo
