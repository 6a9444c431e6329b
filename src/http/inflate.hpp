// Undoes `Content-Encoding: gzip`.
#pragma once

#include <optional>

#include "body_memory.hpp"
#include "haulcast/http/head.hpp"
#include "haulcast/wire/gzip.hpp"

namespace haulcast::http {

/// Whether there is a body, and it came with `Content-Encoding: gzip`.
bool is_gzipped(const request& r) noexcept;

/// One body of that kind, slice by slice, so that a large one holds up nobody for more than about 0.3 ms. What comes out counts
/// as a body of the server's until `share` is told otherwise, and is at most `limit` bytes.
class inflation {
 public:
  /// Done in one slice of about 0.1 ms.
  static bool is_small(const request& r) noexcept;

  inflation(const request& r, std::size_t limit, body_share& share);

  enum class progress { more, done, wrong };
  /// Done: `r` owns the plain body and has it as its own. Wrong: why() says so, in an answer like any other: the connection
  /// may live on.
  progress slice(request& r);
  const refusal& why() const noexcept { return why_; }

 private:
  wire::gunzipper from_;
  refusal why_{};
  bool has_room_;
};

}  // namespace haulcast::http
