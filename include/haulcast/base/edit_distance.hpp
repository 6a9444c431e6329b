// How far two names are apart, for "did you mean".
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace haulcast {

/// Characters to insert, remove, replace or swap with their neighbour (Damerau-Levenshtein, optimal string alignment).
/// O(|a| * |b|): for short names only.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// ` Did you mean "trucks"?` with the blank before it, or nothing when no known name is near.
std::string did_you_mean(std::string_view given, std::span<const std::string_view> known);

}  // namespace haulcast
