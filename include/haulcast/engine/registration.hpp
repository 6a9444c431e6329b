// What an operator says of a truck: name, plate, dimensions.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "haulcast/engine/position.hpp"

namespace haulcast {
class byte_reader;
class byte_writer;
}  // namespace haulcast

namespace haulcast::engine {

/// Immutable once it is in a world: the world, the view and whoever answers share one. Texts are valid UTF-8 without control
/// characters; empty, and `unknown` for a number, mean that nothing was said. At most about 1.4 KiB, mostly a tenth of it.
struct registration {
  std::string name;
  std::string plate;
  double max_speed_kmh = unknown;
  double length_m = unknown;
  double width_m = unknown;
  double height_m = unknown;
  double weight_kg = unknown;
  std::string attributes;     // a flat JSON object on one line
  std::uint64_t version = 0;  // the record that set it, and so another one for each change; 0: the truck registered itself

  void save(byte_writer& out) const;
  /// False: bytes that no save wrote.
  bool load(byte_reader& in);
};

/// All but the versions.
bool same(const registration& a, const registration& b) noexcept;

}  // namespace haulcast::engine
