// Points as a short text and back: Google's encoded polyline algorithm format, with 5 decimals, or 6 as OSRM and Valhalla have
// them.
#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/geo/point.hpp"

namespace haulcast::geo {

enum class polyline_precision { five = 5, six = 6 };

struct encoded_polyline_error {
  enum class kind {
    not_a_character,  // outside '?' to '~'
    cut_off,          // ends within a number, or after a latitude
    number_too_long,  // more than 32 bits, or with idle characters at its end
    latitude_out_of_range,
    longitude_out_of_range,
    too_many_points,
  };
  kind what{};
  std::size_t at = 0;  // the character, counted from 0: where a number begins that is wrong as a whole
};

std::string_view to_text(encoded_polyline_error::kind what) noexcept;
[[noreturn]] void throw_exception_from_error(const encoded_polyline_error& error, const boost::source_location& where);

using decoded_polyline = boost::system::result<std::vector<point>, encoded_polyline_error>;

/// Each coordinate is rounded to the nearest step. Points in range (asserted).
std::string encode_polyline(std::span<const point> line, polyline_precision precision);

/// Reads whatever comes, and never more than `points_max` points. What it reads is in range and finite; an empty text is no
/// points. O(text).
decoded_polyline decode_polyline(std::string_view text, polyline_precision precision, std::size_t points_max);

}  // namespace haulcast::geo
