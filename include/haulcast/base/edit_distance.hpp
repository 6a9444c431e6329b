// How far two names are apart, for "did you mean".
#pragma once

#include <cstddef>
#include <string_view>

namespace haulcast {

/// Characters to insert, remove, replace or swap with their neighbour (Damerau-Levenshtein, optimal string alignment).
/// O(|a| * |b|): for short names only.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace haulcast
