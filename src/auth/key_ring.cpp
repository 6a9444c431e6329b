#include "haulcast/auth/key_ring.hpp"

#include <algorithm>
#include <utility>

namespace haulcast::auth {
namespace {

bool is_tried(const verifying_key& key, const token_header& header) noexcept {
  return key.alg() == header.alg && (!header.kid || !key.kid() || *key.kid() == *header.kid);
}

}  // namespace

result<void> key_ring::add(verifying_key key) {
  const std::string alg{to_string(key.alg())};
  if (holds(key.id())) return failure{"is given twice"};
  if (keys_.size() >= keys_max) return failure{"is one too many; there may be 64 keys"};
  std::size_t nameless = 0;
  for (const auto& other : keys_) {
    if (other->alg() != key.alg()) continue;
    if (key.kid() && other->kid() == key.kid()) return failure{"has the kid of another " + alg + " key, " + *key.kid()};
    if (!other->kid()) ++nameless;
  }
  // With the one that has the right name they are all that a token is checked with.
  if (!key.kid() && nameless + 1 >= tried_max) return failure{"has no kid, as three other " + alg + " keys; give it one"};
  keys_.push_back(std::make_shared<verifying_key>(std::move(key)));
  return {};
}

std::optional<key_id> key_ring::verify(const token_header& header, std::string_view message, std::string_view signature) const {
  std::size_t tried = 0;
  for (const auto& key : keys_) {
    if (!is_tried(*key, header)) continue;
    if (key->verify(message, signature)) return key->id();
    if (++tried == tried_max) break;
  }
  return std::nullopt;
}

bool key_ring::holds(key_id id) const noexcept {
  return std::any_of(keys_.begin(), keys_.end(), [id](const auto& key) { return key->id() == id; });
}

}  // namespace haulcast::auth
