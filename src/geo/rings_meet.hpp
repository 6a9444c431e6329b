// Rings that cross, touch or hold one another where they must not.
#pragma once

#include <optional>

#include "haulcast/geo/shape.hpp"

namespace haulcast::geo {

/// Of rings that are closed, each with 3 corners at least, without edges of no length or of half the earth. The first edge that
/// meets an earlier one is where the problem is.
std::optional<shape_problem> ring_problem_of(const polygon& area);

}  // namespace haulcast::geo
