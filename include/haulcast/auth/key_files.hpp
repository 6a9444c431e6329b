// Files with keys -> the ring of keys.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "haulcast/auth/key_ring.hpp"
#include "haulcast/base/result.hpp"

namespace haulcast::auth {

struct key_source {
  std::filesystem::path file;
  bool is_jwks = false;              // else one key in PEM, for which there must be an algorithm
  std::optional<algorithm> alg{};    // RS256 or ES256
  std::optional<std::string> kid{};  // of the key in PEM
};

/// Adds the keys of one file. Blocking, for start-up and the thread that reloads. Failure: one sentence that names the file
/// and, in a JWKS, the key.
result<void> load_keys(const key_source& from, key_ring& into);

}  // namespace haulcast::auth
