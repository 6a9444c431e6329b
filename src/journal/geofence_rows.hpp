// Rows of geofences on their way into a world: made ready on all cores, for that is most of the time that a start takes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "haulcast/engine/world.hpp"
#include "haulcast/journal/snapshot_store.hpp"

namespace haulcast::journal {

/// Gathers rows, a bounded number at a time, has threads read them side by side, and gives the geofences to the world in the
/// order of the rows, so that the world is the same however many threads there are. Used by one thread; others live within a
/// call only.
class geofence_rows {
 public:
  explicit geofence_rows(engine::world& to) : world_{to} {}

  void take(entity row);
  /// Behind the last one. The key of the first row that no save wrote, if there is one.
  std::optional<std::string> finish();

 private:
  void flush();

  static constexpr std::size_t rows_max = 2'048;
  static constexpr std::size_t bytes_max = 4 << 20;

  engine::world& world_;
  std::vector<entity> rows_;
  std::size_t bytes_ = 0;
  std::optional<std::string> bad_;
};

}  // namespace haulcast::journal
