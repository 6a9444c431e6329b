#include "body_memory.hpp"

#include <algorithm>

namespace haulcast::http {

bool body_memory::grow(std::size_t bytes) {
  if (!share_.hold(bytes)) return false;
  block_.reserve(bytes);
  return true;
}

void body_memory::release() noexcept {
  block_.release();
  share_.release();
}

bool body_share::hold(std::size_t bytes) noexcept {
  auto& of_all = core_.metrics.body_bytes_held;
  const std::size_t most = core_.options.bodies_bytes_max;
  of_all -= std::exchange(held_, 0);
  if (bytes > most - std::min(of_all, most)) return false;
  held_ = bytes;
  of_all += bytes;
  return true;
}

}  // namespace haulcast::http
