// The first part of a token: which algorithm it claims to be signed with, and by which key.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "haulcast/auth/algorithm.hpp"

namespace haulcast::auth {

inline constexpr std::size_t header_bytes_max = 2048;

struct token_header {
  algorithm alg;
  std::optional<std::string> kid{};  // 1 to 256 bytes without control characters
};

/// Read before the signature is checked, so strangers reach it: at most 2 KiB, no nesting over 8, no member twice. Nothing
/// unless `alg` is one that exists here, and `kid`, when there is one, is a text that may name a key; nothing when something
/// must be understood (`crit`) that is not. Members that carry keys or say where to fetch some (`jwk`, `jku`, `x5c`, `x5u`)
/// are not looked at.
std::optional<token_header> read_token_header(std::string_view json);

}  // namespace haulcast::auth
