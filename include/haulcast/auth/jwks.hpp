// A JWK set (RFC 7517) -> the keys in it that check signatures.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "haulcast/auth/verifying_key.hpp"
#include "haulcast/base/result.hpp"

namespace haulcast::auth {

/// `alg` is what the configuration says of keys that do not say it themselves; those that say something else are left out, like
/// keys for encryption (`use`, `key_ops`), of other kinds and for other algorithms that an RFC names. Refused, with how a sentence
/// about the file goes on and naming the key by its place and kid: what is no key set read strictly, a set without keys for
/// signatures, secrets (`oct`), private keys, keys without algorithm or with one that is none, and whatever public_key does not
/// take.
result<std::vector<verifying_key>> read_jwks(std::string_view json, std::optional<algorithm> alg);

}  // namespace haulcast::auth
