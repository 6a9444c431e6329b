// What following geofences costs the engine: the same positions in a world with them and in one without.
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "geofences/scene.hpp"
#include "haulcast/engine/geofence.hpp"
#include "haulcast/geo/cover.hpp"
#include "haulcast/geo/region.hpp"

namespace haulcast::bench {

using fence_list = std::vector<std::shared_ptr<const engine::geofence>>;

/// Those of the scene, whose regions and covers these are. Every fifth tells of dwelling too.
fence_list fences_of(const scene& on, const std::vector<geo::region>& regions, const std::vector<geo::cover>& covers);

/// CPU ns per position, round by round, of worlds with all fences ("with", "again") and with none ("without"), on the scene's
/// own tracks and on such of 25 m a step; batches of one truck's 100 positions, and of 100 trucks' one.
nlohmann::json measure_engine(const scene& on, const fence_list& fences, std::size_t rounds);

}  // namespace haulcast::bench
