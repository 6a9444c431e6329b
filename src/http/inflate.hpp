// Undoes `Content-Encoding: gzip`.
#pragma once

#include <optional>

#include "haulcast/http/head.hpp"

namespace haulcast::http {

/// Replaces the body of `r` by the plain one, which `r` then owns; does nothing for a body that is not compressed. At most
/// `limit` bytes come out. The failure is an answer like any other: the connection may live on. Blocks, see wire::gunzip.
std::optional<refusal> inflate_body(request& r, std::size_t limit);

}  // namespace haulcast::http
