#include "haulcast/journal/group.hpp"

#include <cstring>

namespace haulcast::journal {

void record_cursor::next() noexcept {
  ++offset_;
  --left_;
  read();
}

void record_cursor::read() noexcept {
  if (left_ == 0) return;
  std::uint32_t size = 0;
  if (bytes_.size() >= sizeof size) std::memcpy(&size, bytes_.data(), sizeof size);
  if (bytes_.size() < sizeof size || size > bytes_.size() - sizeof size) {
    left_ = 0;
    return;
  }
  record_ = bytes_.substr(sizeof size, size);
  bytes_.remove_prefix(sizeof size + size);
}

}  // namespace haulcast::journal
