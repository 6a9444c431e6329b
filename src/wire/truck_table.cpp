#include "haulcast/wire/truck_table.hpp"

#include <functional>

namespace haulcast::wire {

void truck_table::clear() {
  constexpr std::size_t slots_at_first = 64;
  entries_.clear();
  slots_.assign(slots_at_first, 0);
  last_ = 0;
}

truck_table::entry& truck_table::find(std::string_view id, engine::batch& batch, const covers& may_post) {
  if (last_ < entries_.size() && entries_[last_].id == id) return entries_[last_];
  std::uint32_t& slot = slot_of(id);
  if (slot != 0) return entries_[last_ = slot - 1];
  entries_.push_back({batch.keep(id), !may_post || may_post(id), no_place});
  slot = static_cast<std::uint32_t>(entries_.size());
  if (entries_.size() * 2 > slots_.size()) grow();
  return entries_[last_ = entries_.size() - 1];
}

/// Where the id's place stands, or is to stand.
std::uint32_t& truck_table::slot_of(std::string_view id) {
  std::size_t at = std::hash<std::string_view>{}(id) & (slots_.size() - 1);
  while (slots_[at] != 0 && entries_[slots_[at] - 1].id != id) at = (at + 1) & (slots_.size() - 1);
  return slots_[at];
}

void truck_table::grow() {
  slots_.assign(slots_.size() * 4, 0);
  for (std::uint32_t i = 0; i < entries_.size(); ++i) slot_of(entries_[i].id) = i + 1;
}

}  // namespace haulcast::wire
