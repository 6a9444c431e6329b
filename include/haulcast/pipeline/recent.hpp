// The newest committed groups, in memory: what streams and resuming subscribers read without touching a file.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "haulcast/journal/group.hpp"

namespace haulcast::pipeline {

/// Contiguous groups, the oldest dropped beyond `bytes_max` (the newest always stays). Loop only. find is O(log groups).
class recent_groups {
 public:
  explicit recent_groups(std::size_t bytes_max) : bytes_max_{bytes_max} {}

  void push(journal::shared_group g);
  /// The group that holds the record, if it is still here.
  journal::shared_group find(journal::offset_t offset) const;
  /// The groups that hold records of [first, last], as far as they are here, in order: the newest of them, at most so many and
  /// so many bytes.
  std::vector<journal::shared_group> between(journal::offset_t first, journal::offset_t last, std::size_t groups_max,
                                             std::size_t bytes_max) const;
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::deque<journal::shared_group> groups_;
};

}  // namespace haulcast::pipeline
