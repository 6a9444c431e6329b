// The unit of commit: records that were written and synced together.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "haulcast/engine/world.hpp"

namespace haulcast::journal {

using engine::offset_t;

/// Records with consecutive offsets, each behind its length (4 bytes, little endian). Immutable once handed over.
struct group {
  offset_t first = 0;
  std::uint32_t count = 0;
  std::string bytes;

  offset_t last() const noexcept { return first + count - 1; }
};
using shared_group = std::shared_ptr<const group>;

/// Walks through a group's records. Ends early (valid() false) at bytes that are no group.
class record_cursor {
 public:
  explicit record_cursor(const group& g) noexcept : offset_{g.first}, left_{g.count}, bytes_{g.bytes} { read(); }

  bool valid() const noexcept { return left_ > 0; }
  offset_t offset() const noexcept { return offset_; }
  std::string_view bytes() const noexcept { return record_; }
  void next() noexcept;

 private:
  void read() noexcept;

  offset_t offset_;
  std::uint32_t left_;
  std::string_view bytes_;
  std::string_view record_;
};

}  // namespace haulcast::journal
