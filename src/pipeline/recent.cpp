#include "haulcast/pipeline/recent.hpp"

#include <algorithm>

namespace haulcast::pipeline {

void recent_groups::push(journal::shared_group g) {
  bytes_ += g->bytes.size();
  groups_.push_back(std::move(g));
  while (bytes_ > bytes_max_ && groups_.size() > 1) {
    bytes_ -= groups_.front()->bytes.size();
    groups_.pop_front();
  }
}

journal::shared_group recent_groups::find(journal::offset_t offset) const {
  const auto after = std::upper_bound(groups_.begin(), groups_.end(), offset,
                                      [](journal::offset_t o, const journal::shared_group& g) { return o < g->first; });
  if (after == groups_.begin()) return nullptr;
  const journal::shared_group& g = *(after - 1);
  return offset <= g->last() ? g : nullptr;
}

std::vector<journal::shared_group> recent_groups::between(journal::offset_t first, journal::offset_t last,
                                                          std::size_t groups_max, std::size_t bytes_max) const {
  std::vector<journal::shared_group> found;
  std::size_t bytes = 0;
  for (auto at = groups_.rbegin(); at != groups_.rend() && (*at)->last() >= first; ++at) {
    if ((*at)->first > last) continue;
    bytes += (*at)->bytes.size();
    if (found.size() == groups_max || bytes > bytes_max) break;
    found.push_back(*at);
  }
  std::reverse(found.begin(), found.end());
  return found;
}

}  // namespace haulcast::pipeline
