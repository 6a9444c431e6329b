// Numbers, sizes and spans of time as people write them in files and on command lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "haulcast/base/time.hpp"

namespace haulcast::app {

/// Decimal digits and nothing else; a leading zero is refused, because some readers would take 010 for eight.
std::optional<std::uint64_t> parse_count(std::string_view text);

/// Finite, decimal: 5, 0.5, -1e3.
std::optional<double> parse_number(std::string_view text);
std::string format_number(double number);  // the shortest that reads back the same

/// "65536", "64 KiB", "64KiB"; KiB, MiB, GiB, TiB.
std::optional<std::uint64_t> parse_bytes(std::string_view text);
std::string format_bytes(std::uint64_t bytes);  // in the largest unit that leaves a whole number

/// "24h", "1h30m", "500ms"; ms, s, m, h, d; at most 100 years.
std::optional<milliseconds> parse_duration(std::string_view text);

}  // namespace haulcast::app
