#include "haulcast/engine/id_index.hpp"

#include <bit>
#include <new>
#include <utility>

namespace haulcast::engine {

id_index::id_index(std::size_t places)
    : mask_{std::bit_ceil(2 * std::max<std::size_t>(places, 8)) - 1}, slots_{make_slots(mask_ + 1)} {}

// Zeroed by the kernel page by page as they are used; a vector would write all of them now.
id_index::slots id_index::make_slots(std::size_t count) {
  slots made{static_cast<slot*>(std::calloc(count, sizeof(slot)))};
  if (!made) throw std::bad_alloc{};
  return made;
}

void id_index::insert(hash_t h, place_t place) {
  if (2 * (used_ + 1) > mask_ + 1) grow();
  std::size_t i = h & mask_;
  while (slots_[i].place_and_one != 0) i = (i + 1) & mask_;
  slots_[i] = {h, place + 1};
  ++used_;
}

void id_index::grow() {
  const std::size_t old_count = mask_ + 1;
  const slots old = std::exchange(slots_, make_slots(2 * old_count));
  mask_ = 2 * old_count - 1;
  used_ = 0;
  for (std::size_t i = 0; i < old_count; ++i) {
    if (old[i].place_and_one != 0) insert(old[i].hash, old[i].place_and_one - 1);
  }
}

}  // namespace haulcast::engine
