#include "haulcast/geo/region_index.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "degrees.hpp"
#include "line_search.hpp"

namespace haulcast::geo {

namespace {

/// A memo's cell has at most this size: 9.8 km, so that a shortest line between two points of it leaves it by a metre at most.
constexpr unsigned shift_of_memo_max = shift_of_cells(2);
constexpr double bulge_m = 1;
constexpr unsigned root_shift = cell::depth_max - depth_of_tiles(0);

}  // namespace

void region_index::insert(std::uint32_t key, region r, const cover& its_cover) {
  assert(find(key) == nullptr);
  records_.reach(key);
  record& to = records_[key];
  to.tiles = std::make_unique_for_overwrite<cell_tree::tile_id[]>(its_cover.size());
  to.tile_count = static_cast<std::uint32_t>(its_cover.size());
  for (std::size_t i = 0; i < its_cover.size(); ++i) to.tiles[i] = tree_.add(its_cover[i], key);
  to.shape.emplace(std::move(r));
  tiles_named_ += to.tile_count;
  ++changes_;
  ++size_;
}

bool region_index::erase(std::uint32_t key) {
  if (find(key) == nullptr) return false;
  record& from = records_[key];
  for (std::size_t i = 0; i < from.tile_count; ++i) tree_.remove(from.tiles[i], key);
  tiles_named_ -= from.tile_count;
  ++changes_;
  --size_;
  from = {};
  return true;
}

const region* region_index::find(std::uint32_t key) const noexcept {
  if (key >= records_.size() || !records_[key].shape) return nullptr;
  return &*records_[key].shape;
}

void region_index::containing(point p, std::vector<std::uint32_t>& out) const {
  memo forgotten;
  containing(p, forgotten, out);
}

bool region_index::containing(point p, memo& last, std::vector<std::uint32_t>& out) const {
  const cell at = cell::of(p);
  if (knows(last, at)) return false;
  last = {};
  const auto& [where, changes, inside, partly] = look_up(at);
  out.assign(inside.begin(), inside.end());
  for (const std::uint32_t key : partly) __builtin_prefetch(&records_[key].shape);
  for (const std::uint32_t key : partly) records_[key].shape->prefetch();
  for (const std::uint32_t key : partly) {
    if (records_[key].shape->contains(p)) out.push_back(key);
  }
  if (partly.empty()) remember(last, at, cell::depth_max - where.depth);
  return true;
}

const region_index::cell_answer& region_index::around(point p, memo& last) const {
  const cell at = cell::of(p);
  const cell_answer& found = look_up(at);
  last = {};
  if (found.partly.empty()) remember(last, at, cell::depth_max - found.where.depth);
  return found;
}

const region_index::cell_answer& region_index::look_up(cell at) const {
  auto& [where, changes, inside, partly] = last_;
  if (const unsigned shift = cell::depth_max - where.depth;
      changes == changes_ && at.column >> shift == where.column && at.row >> shift == where.row) {
    return last_;
  }
  // First down, then through the lists: meanwhile these come from memory.
  std::array<const cell_tree::tile*, tiers> path;
  unsigned tier = 0;
  path[0] = &tree_.root(at.column >> root_shift, at.row >> root_shift);
  __builtin_prefetch(path[0]->entries);
  while (path[tier]->block != 0) {
    const unsigned shift = shift_of_cells(tier);
    path[tier + 1] = &tree_.child(*path[tier], cell_in_tile(at.column >> shift, at.row >> shift));
    __builtin_prefetch(path[++tier]->entries);
  }
  // Without branches, since which entries matter is as good as chance.
  std::size_t room = 0;
  for (unsigned i = 0; i <= tier; ++i) room += path[i]->size;
  inside.resize(room);
  partly.resize(room);
  std::uint32_t* next_inside = inside.data();
  std::uint32_t* next_partly = partly.data();
  for (unsigned i = 0; i <= tier; ++i) {
    const unsigned shift = shift_of_cells(i);
    const unsigned which = cell_in_tile(at.column >> shift, at.row >> shift);
    for (const cell_entry& e : *path[i]) {
      *next_inside = *next_partly = e.key;
      next_inside += e.inside >> which & 1;
      next_partly += e.partly >> which & 1;
    }
  }
  inside.resize(static_cast<std::size_t>(next_inside - inside.data()));
  partly.resize(static_cast<std::size_t>(next_partly - partly.data()));
  const unsigned shift = shift_of_cells(tier);
  where = {cell::depth_max - shift, at.column >> shift, at.row >> shift};
  changes = changes_;
  return last_;
}

void region_index::along(point a, point b, double margin_m, std::vector<candidate>& out) const {
  memo forgotten;
  along(a, b, margin_m, forgotten, out);
}

bool region_index::along(point a, point b, double margin_m, memo& last, std::vector<candidate>& out) const {
  if (knows(last, b, margin_m)) return false;
  out.clear();
  last = {};
  line_search search{tree_, out};
  if (const auto tier = search.run(a, b, margin_m)) {
    remember(last, cell::of(b), shift_of_cells(*tier));
  }
  return true;
}

bool region_index::knows(const memo& last, cell at) const noexcept {
  const unsigned shift = last.row_and_depth_ >> 24;
  return at.column >> shift == last.column_ && at.row >> shift == (last.row_and_depth_ & 0xFFFFFF) &&
         tree_.generation(at.column >> root_shift, at.row >> root_shift) == last.generation_;
}

bool region_index::knows(const memo& last, point p, double margin_m) const noexcept {
  if (!knows(last, cell::of(p))) return false;
  const unsigned shift = last.row_and_depth_ >> 24;
  const degrees margin = degrees::around(p, margin_m + bulge_m);
  const bbox box = cell{cell::depth_max - shift, last.column_, last.row_and_depth_ & 0xFFFFFF}.box();
  return box.west <= p.longitude - margin.longitude && p.longitude + margin.longitude <= box.east &&
         box.south <= p.latitude - margin.latitude && p.latitude + margin.latitude <= box.north;
}

void region_index::remember(memo& last, cell at, unsigned shift) const noexcept {
  shift = std::min(shift, shift_of_memo_max);
  last.column_ = at.column >> shift;
  last.row_and_depth_ = shift << 24 | at.row >> shift;
  last.generation_ = tree_.generation(at.column >> root_shift, at.row >> root_shift);
}

std::size_t region_index::bytes() const noexcept {
  return tree_.bytes() + records_.bytes() + tiles_named_ * sizeof(cell_tree::tile_id);
}

}  // namespace haulcast::geo
