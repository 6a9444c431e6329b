// Domain values -> JSON text, appended to a string that the caller owns and reuses.
//
// Units and names are those of the API. Nothing here fails or throws (but for lack of memory), nothing is kept between calls;
// any thread may call. Cost is linear in what is written; a position with nine numbers takes 0.1 us when they have the few
// decimals that phones send, 0.3 us when each has seventeen digits.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "haulcast/engine/position.hpp"

namespace haulcast::wire {

/// `text`, valid UTF-8, in quotes and escaped.
void append_string(std::string& out, std::string_view text);

/// The shortest text that reads back as the same double: 47.3769 stays 47.3769, 45.0 is 45. Only numbers below 1e-7
/// or from 1e17 have an exponent. What JSON has no number for (NaN, infinities) is null.
void append_number(std::string& out, double value);
void append_number(std::string& out, std::int64_t value);
void append_number(std::string& out, std::uint64_t value);
template <std::integral Int>
  requires(!std::same_as<Int, bool>)
void append_number(std::string& out, Int value) {
  if constexpr (std::signed_integral<Int>) {
    append_number(out, static_cast<std::int64_t>(value));
  } else {
    append_number(out, static_cast<std::uint64_t>(value));
  }
}

/// `"truck_id":"TRK-1","timestamp":"...","latitude":..,"longitude":..` and every other member that is known, without the
/// braces, so that a caller may add members of its own. `attributes` goes out as it came in, on one line.
void append_position_members(std::string& out, std::string_view truck_id, const engine::position& p);

/// The same as an object of its own.
void append_position(std::string& out, std::string_view truck_id, const engine::position& p);

}  // namespace haulcast::wire
