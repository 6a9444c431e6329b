// The gate: a request head, complete up to its empty line -> a checked request, or the refusal that closes the connection.
//
// Beast's parser reads the syntax; what it lets through (transfer codings it does not know, HTTP/1.0 with chunks, missing or
// double Host, folded lines ...) and what would let one message pass for two is refused here. No I/O, no allocation beyond the
// request's vectors. O(size of the head).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "haulcast/http/problem.hpp"
#include "haulcast/http/request.hpp"

namespace haulcast::http {

struct head_limits {
  std::size_t head_bytes = 16 * 1024;
  std::size_t target_bytes = 4 * 1024;
  std::size_t fields = 100;
};

struct head_facts {
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
  bool upgrade = false;          // `Connection: upgrade` with an `Upgrade` field
  bool expect_continue = false;  // HTTP/1.1 only
  bool expect_other = false;     // an expectation nobody here can meet
};

struct refusal {
  code what;
  std::string_view detail;  // static text
};

/// The size of a complete head with its empty line, 0 when it is not complete. `scanned`: bytes known not to end it.
std::size_t head_size(std::string_view bytes, std::size_t scanned) noexcept;

/// What is already wrong with an incomplete head: too long, lines that end in a bare LF, or no HTTP at all.
std::optional<refusal> check_partial_head(std::string_view bytes, const head_limits& limits) noexcept;

/// Fills `out` (views into `head`, which must stay) and `facts`.
std::optional<refusal> parse_head(std::string_view head, const head_limits& limits, request& out, head_facts& facts);

/// W3C Trace Context: version 00 exactly, later ones by their common part; no zero ids.
bool is_traceparent(std::string_view value) noexcept;

}  // namespace haulcast::http
