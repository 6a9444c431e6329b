// Whatever stands in a file that should hold the keys of another issuer: what is read is a key for the algorithm that was asked
// for, the same when it is read again, and believes no signature made of zeros. The first byte says how the file is read.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/require.hpp"
#include "haulcast/auth/jwks.hpp"
#include "haulcast/auth/key_ring.hpp"
#include "haulcast/auth/public_key.hpp"
#include "haulcast/base/control_characters.hpp"

using namespace haulcast;
using namespace haulcast::auth;

namespace {

const std::string no_signature(64, '\0');

void check_sentence(const std::string& why) { REQUIRE(!why.empty() && !has_control_character(why)); }

/// OpenSSL looks for factors of an RSA modulus with random witnesses: a damaged one may pass today and not tomorrow.
void check_pem(std::string_view text, algorithm alg) {
  auto key = public_key::from_pem(text, alg);
  if (!key) return check_sentence(key.error().what);
  REQUIRE(key->alg() == alg);
  REQUIRE(!key->verify("message", no_signature));
  const auto again = public_key::from_pem(text, alg);
  REQUIRE(again ? again->der() == key->der() : alg == algorithm::rs256);
}

void check_set(std::string_view text, std::optional<algorithm> alg) {
  auto keys = read_jwks(text, alg);
  if (!keys) return check_sentence(keys.error().what);
  REQUIRE(!keys->empty());
  const auto again = read_jwks(text, alg);
  const bool has_rsa = std::ranges::any_of(*keys, [](const auto& key) { return key.alg() == algorithm::rs256; });
  if (!again && has_rsa) return check_sentence(again.error().what);
  REQUIRE(again && again->size() == keys->size());
  for (std::size_t i = 0; i < keys->size(); ++i) {
    verifying_key& key = (*keys)[i];
    REQUIRE(key.alg() != algorithm::hs256 && (!alg || key.alg() == *alg));
    REQUIRE(key.id() == (*again)[i].id());
    REQUIRE(!key.verify("message", no_signature));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0] % 5) {
    case 0: check_pem(text, algorithm::rs256); break;
    case 1: check_pem(text, algorithm::es256); break;
    case 2: check_set(text, std::nullopt); break;
    case 3: check_set(text, algorithm::rs256); break;
    default: check_set(text, algorithm::es256);
  }
  return 0;
}
