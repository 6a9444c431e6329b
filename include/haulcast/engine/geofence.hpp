// What a geofence is: where it lies, what is told about it, and what holds inside.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/base/time.hpp"
#include "haulcast/engine/position.hpp"
#include "haulcast/geo/cover.hpp"
#include "haulcast/geo/region.hpp"
#include "haulcast/geo/shape.hpp"

namespace haulcast {
class byte_reader;
class byte_writer;
}  // namespace haulcast

namespace haulcast::engine {

/// Which of a truck's doings are told. What a truck does is followed in any case.
struct alerts {
  bool on_enter = true;
  bool on_exit = true;
  bool on_dwell = false;

  friend bool operator==(const alerts&, const alerts&) = default;
};

/// Immutable once it is in a world: the world, the view and whoever answers share one. Texts are valid UTF-8 without control
/// characters; empty, and `unknown` for a number, mean that nothing was said. Besides its shape at most some 140 KiB, mostly
/// some 200 bytes.
struct geofence {
  static constexpr std::size_t name_bytes_max = 256;
  static constexpr std::size_t trucks_max = 1'000;
  static constexpr std::size_t tags_max = 16;
  static constexpr std::size_t tag_bytes_max = 64;
  static constexpr double hysteresis_max_m = 1'000;
  static constexpr seconds dwell_max{30 * 86'400};
  static constexpr seconds default_dwell{300};

  std::string id;
  std::string name;
  geo::shape shape;                           // has no problem (geo::problem_of)
  std::optional<geo::region> region{};        // made of it; none where nobody had to ask yet
  std::shared_ptr<const geo::cover> cover{};  // of the region, likewise
  alerts alert_on{};
  std::optional<seconds> dwell{};     // none: default_dwell
  bool restricted = false;            // nobody may be there
  double speed_limit_kmh = unknown;   // inside
  double hysteresis_m = 20;           // how far beyond the boundary a truck may seem to be and still is where it was
  std::vector<std::string> trucks{};  // whom it concerns; sorted, each once; empty: all
  bool active = true;                 // otherwise nobody is in it
  std::vector<std::string> tags{};    // in the order given
  std::string merchant_id{};          // whose it is; empty: the operator's
  std::uint64_t version = 0;          // the record that set it, and so another one for each change
  std::uint64_t created = 0;          // the first of these; another one once it was deleted; 0: not in a world yet

  seconds dwell_after() const noexcept { return dwell.value_or(default_dwell); }
  bool belongs_to(std::string_view merchant) const noexcept { return !merchant.empty() && merchant_id == merchant; }
  /// O(log trucks).
  bool concerns(std::string_view truck_id) const noexcept;

  /// Makes region and cover unless they are there. Milliseconds for thousands of vertices.
  void prepare();

  void save(byte_writer& out) const;
  /// False: bytes that no save wrote. The region is not made.
  bool load(byte_reader& in);
};

/// What save wrote, prepared. Null: bytes that it did not write. Touches nothing else, so many may be read side by side.
std::shared_ptr<const geofence> read_geofence(std::string_view bytes);

/// All but the versions and what follows from the rest.
bool same(const geofence& a, const geofence& b) noexcept;

}  // namespace haulcast::engine
