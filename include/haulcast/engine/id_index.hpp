// From a truck's id to its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "haulcast/base/prefetch.hpp"

namespace haulcast::engine {

/// A hash table of places, eight bytes a slot, at most half full. It does not keep the ids: whoever asks says whether the place
/// that was found has the right one. Unlike a map that holds keys it can be looked up in three steps with time between them
/// (hash; the slot; the truck), so that a batch of a hundred trucks waits for memory once, not three hundred times. Nothing is
/// ever removed. Not thread-safe.
class id_index {
 public:
  using hash_t = std::uint32_t;
  using place_t = std::uint32_t;  // below 2^32 - 1

  /// Room for so many is set aside as address space; memory comes with use. Beyond it the table doubles, which takes O(places).
  explicit id_index(std::size_t places);

  static hash_t hash(std::string_view id) noexcept { return static_cast<hash_t>(std::hash<std::string_view>{}(id)); }

  void prefetch(hash_t h) const noexcept { haulcast::prefetch(&slots_[h & mask_]); }
  /// The first place whose hash is the same: most likely the right one, for prefetching.
  std::optional<place_t> guess(hash_t h) const noexcept {
    return find(h, [](place_t) { return true; });
  }
  /// The place with this hash for which `is_it(place)` holds. O(1) expected.
  template <class IsIt>
  std::optional<place_t> find(hash_t h, IsIt&& is_it) const {
    for (std::size_t i = h & mask_;; i = (i + 1) & mask_) {
      const slot s = slots_[i];
      if (s.place_and_one == 0) return std::nullopt;
      if (s.hash == h && is_it(s.place_and_one - 1)) return s.place_and_one - 1;
    }
  }
  /// A place that is not in it yet.
  void insert(hash_t h, place_t place);

 private:
  struct slot {
    hash_t hash;
    place_t place_and_one;  // 0: empty
  };
  struct release {
    void operator()(slot* slots) const noexcept { std::free(slots); }
  };
  using slots = std::unique_ptr<slot[], release>;
  static slots make_slots(std::size_t count);
  void grow();

  std::size_t mask_;
  std::size_t used_ = 0;
  slots slots_;
};

}  // namespace haulcast::engine
