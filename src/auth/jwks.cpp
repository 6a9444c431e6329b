#include "haulcast/auth/jwks.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "haulcast/auth/base64url.hpp"
#include "strict_json.hpp"

namespace haulcast::auth {
namespace {

using nlohmann::json;

constexpr std::array private_members{"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

// RFC 7518, 8037, 8812, 9864.
constexpr std::array<std::string_view, 11> other_algorithms{"RS384", "RS512",  "PS256", "PS384",   "PS512", "ES384",
                                                            "ES512", "ES256K", "EdDSA", "Ed25519", "Ed448"};

std::string name_of(const json& key, std::size_t place) {
  const auto* kid = key.is_object() ? text_of(member(key, "kid")) : nullptr;
  auto name = "key " + std::to_string(place + 1);
  if (kid != nullptr && is_kid(*kid)) name += " (kid " + *kid + ")";
  return name;
}

result<void> refuse_secrets(const json& key) {
  const auto* kind = text_of(member(key, "kty"));
  if (kind != nullptr && *kind == "oct") {
    return failure{"is a secret (oct), which does not belong in a key set; HS256 has auth.hs256_secret"};
  }
  const bool is_private = std::any_of(private_members.begin(), private_members.end(),
                                      [&](const char* name) { return member(key, name) != nullptr; });
  if (is_private) return failure{"is a private key, which belongs to whoever signs; give the public one"};
  return {};
}

/// Keys that are there for something else are none of ours.
bool is_for_signatures(const json& key) {
  const auto* use = text_of(member(key, "use"));
  if (use != nullptr && *use != "sig") return false;
  const auto* operations = member(key, "key_ops");
  return operations == nullptr ||
         (operations->is_array() && std::find(operations->begin(), operations->end(), "verify") != operations->end());
}

std::string_view kind_for(algorithm alg) noexcept { return alg == algorithm::rs256 ? "RSA" : "EC"; }

/// Of a kind, or for an algorithm, that is not ours: a provider may have such keys besides, and a set with one more of them
/// must still be read (RFC 7517, section 5). HMAC, none and what no RFC names are no such thing but a mistake.
bool is_foreign(const json& key, std::optional<algorithm> configured) {
  const auto* kind = text_of(member(key, "kty"));
  if (kind != nullptr && *kind != "RSA" && *kind != "EC") return true;
  const auto* said = member(key, "alg");
  if (said == nullptr) return configured && kind != nullptr && *kind != kind_for(*configured);
  const auto* name = text_of(said);
  if (name == nullptr) return false;
  if (std::find(other_algorithms.begin(), other_algorithms.end(), *name) != other_algorithms.end()) return true;
  const auto alg = algorithm_named(*name);
  return alg && *alg != algorithm::hs256 && configured && *alg != *configured;
}

result<algorithm> algorithm_of(const json& key, std::optional<algorithm> configured) {
  const auto* said = member(key, "alg");
  if (said == nullptr && configured) return *configured;
  if (said == nullptr) return failure{"has no alg; say it in the configuration, beside jwks"};
  const auto* name = text_of(said);
  const auto alg = name == nullptr ? std::nullopt : algorithm_named(*name);
  if (!alg || *alg == algorithm::hs256) return failure{"has another alg than RS256 and ES256"};
  return *alg;
}

/// Nothing unless it is there, canonically written.
std::optional<std::string> number_of(const json& key, const char* name) {
  const auto* text = text_of(member(key, name));
  return text == nullptr || text->empty() ? std::nullopt : from_base64url(*text);
}

result<public_key> rsa_key(const json& key) {
  const auto n = number_of(key, "n");
  const auto e = number_of(key, "e");
  if (!n || !e) return failure{"lacks n or e in base64url"};
  return public_key::rsa(*n, *e);
}

result<public_key> ec_key(const json& key) {
  const auto* curve = text_of(member(key, "crv"));
  if (curve == nullptr || *curve != "P-256") return failure{"is on another curve; EC keys are on P-256"};
  const auto x = number_of(key, "x");
  const auto y = number_of(key, "y");
  if (!x || !y) return failure{"lacks x or y in base64url"};
  return public_key::p256(*x, *y);
}

result<public_key> public_key_of(const json& key, algorithm alg) {
  const auto* kind = text_of(member(key, "kty"));
  const std::string_view wanted = kind_for(alg);
  if (kind == nullptr || *kind != wanted) {
    return failure{"is not of kty " + std::string{wanted} + ", which " + std::string{to_string(alg)} + " needs"};
  }
  return alg == algorithm::rs256 ? rsa_key(key) : ec_key(key);
}

/// Nothing in the result: it is for something else.
result<std::optional<verifying_key>> read_key(const json& key, std::optional<algorithm> configured) {
  if (!key.is_object()) return failure{"is not an object"};
  if (auto good = refuse_secrets(key); !good) return good.error();
  if (!is_for_signatures(key) || is_foreign(key, configured)) return std::optional<verifying_key>{};
  std::optional<std::string> kid;
  if (const auto* said = member(key, "kid")) {
    const auto* text = text_of(said);
    if (text == nullptr || !is_kid(*text)) return failure{"has a kid that is not a text of 1 to 256 bytes"};
    kid = *text;
  }
  const auto alg = algorithm_of(key, configured);
  if (!alg) return alg.error();
  auto made = public_key_of(key, *alg);
  if (!made) return made.error();
  return std::optional{verifying_key{std::move(*made), std::move(kid)}};
}

}  // namespace

result<std::vector<verifying_key>> read_jwks(std::string_view text, std::optional<algorithm> alg) {
  const auto set = parse_strictly(text);
  const auto* keys = set ? member(*set, "keys") : nullptr;
  if (keys == nullptr || !keys->is_array()) return failure{R"(is no JWKS: {"keys": [...]}, no member twice)"};
  std::vector<verifying_key> out;
  for (std::size_t i = 0; i < keys->size(); ++i) {
    auto key = read_key((*keys)[i], alg);
    if (!key) return failure{name_of((*keys)[i], i) + " " + key.error().what};
    if (*key) out.push_back(std::move(**key));
  }
  if (out.empty()) return failure{"has no key for signatures"};
  return out;
}

}  // namespace haulcast::auth
