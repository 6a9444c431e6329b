// A flat tree over things that follow one another, such as the edges of a ring: neighbours share a box, boxes a larger box.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace haulcast::geo {

/// `Box` begins empty and has add(box). Nothing is sorted: rings and paths are in a good order as they come. Immutable once
/// built.
template <class Box>
class box_levels {
 public:
  static constexpr std::size_t leaf = 8;    // things
  static constexpr std::size_t fanout = 4;  // boxes of the level below

  struct node {
    std::size_t level, index;
  };
  struct range {
    std::size_t begin, end;
  };

  box_levels() = default;

  /// box_of(i) for i below `count`.
  template <class BoxOf>
  box_levels(std::size_t count, const BoxOf& box_of) : count_{count} {
    std::vector<Box> boxes((count + leaf - 1) / leaf);
    for (std::size_t i = 0; i < count; ++i) boxes[i / leaf].add(box_of(i));
    levels_.push_back(std::move(boxes));
    while (levels_.back().size() > 1) {
      const auto& below = levels_.back();
      std::vector<Box> above((below.size() + fanout - 1) / fanout);
      for (std::size_t i = 0; i < below.size(); ++i) above[i / fanout].add(below[i]);
      levels_.push_back(std::move(above));
    }
  }

  bool empty() const noexcept { return levels_.empty(); }
  node root() const { return {levels_.size() - 1, 0}; }
  const Box& box(node of) const { return levels_[of.level][of.index]; }
  /// Of a leaf the things in it, of another node the indices of its children.
  range below(node of) const {
    const std::size_t width = of.level == 0 ? leaf : fanout;
    const std::size_t end = of.level == 0 ? count_ : levels_[of.level - 1].size();
    return {of.index * width, std::min(end, (of.index + 1) * width)};
  }

  /// Calls visit(i) for the things whose boxes `wanted(box)` accepts, in their order, until it returns false.
  template <class Wanted, class Visit>
  bool walk(node of, const Wanted& wanted, const Visit& visit) const {
    if (!wanted(box(of))) return true;
    const auto [begin, end] = below(of);
    for (std::size_t i = begin; i < end; ++i)
      if (!(of.level == 0 ? visit(i) : walk({of.level - 1, i}, wanted, visit))) return false;
    return true;
  }

  std::size_t bytes() const noexcept {
    std::size_t all = levels_.capacity() * sizeof(std::vector<Box>);
    for (const auto& level : levels_) all += level.capacity() * sizeof(Box);
    return all;
  }

 private:
  std::size_t count_ = 0;
  std::vector<std::vector<Box>> levels_;  // from the leaves up
};

}  // namespace haulcast::geo
