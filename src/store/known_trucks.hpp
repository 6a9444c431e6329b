// What a writer knows of trucks without asking its store; forgotten whenever a transaction comes to nothing.
#pragma once

#include <boost/container_hash/hash.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace haulcast::store {

template <class Number>
struct known_truck {
  Number number = 0;  // the store's
  bool removed = false;
  std::int64_t unsettled = -1;  // the hour that was marked so last
};

struct truck_id_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return boost::hash<std::string_view>{}(text); }
};
/// Found by a view of the id.
template <class What>
using by_truck_id = boost::unordered_flat_map<std::string, What, truck_id_hash, std::equal_to<>>;

}  // namespace haulcast::store
