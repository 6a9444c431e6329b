// Which trucks are believed to be in which geofence: the visits of all trucks, looked at from the other side.
#pragma once

#include <array>
#include <boost/container/flat_set.hpp>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace haulcast::engine {

/// Each visit begins and ends here, so it has to be quick: O(1) expected and O(trucks in that geofence) of moving, which is
/// less than a microsecond for a thousand of them. It grows a little at a time: a table that doubles has a 256th of all. Part
/// of a world; follows from its trucks, and is never saved.
class trucks_inside {
 public:
  using truck_index = std::uint32_t;
  using trucks = boost::container::flat_set<truck_index, std::less<>, boost::container::small_vector<truck_index, 4>>;

  void come(std::string_view geofence_id, truck_index truck);
  void go(std::string_view geofence_id, truck_index truck);
  /// Null: nobody is in it. Valid until the next change.
  const trucks* in(std::string_view geofence_id) const;
  /// `each(id, trucks)` for all geofences that somebody is in, in no order.
  template <class Each>
  void for_each(const Each& each) const {
    for (const table& t : tables_) {
      for (const auto& [id, trucks] : t) each(id, trucks);
    }
  }

 private:
  struct id_hash {
    using is_transparent = void;
    using is_avalanching = void;
    std::size_t operator()(std::string_view id) const noexcept { return std::hash<std::string_view>{}(id); }
  };
  using table = boost::unordered_flat_map<std::string, trucks, id_hash, std::equal_to<>>;
  static constexpr std::size_t tables = 256;

  /// By bits from the middle: a table finds its groups by the first ones, and in a group by the last.
  static std::size_t place_of(std::string_view id) noexcept { return (id_hash{}(id) >> 24) % tables; }

  std::array<table, tables> tables_;
};

}  // namespace haulcast::engine
