#include "haulcast/auth/api_keys.hpp"

#include <openssl/crypto.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <utility>

#include "haulcast/auth/api_key_file.hpp"

namespace haulcast::auth {

struct api_key_table::entries {
  struct entry {
    sha256_digest digest;
    std::shared_ptr<const principal> who;
  };
  boost::unordered_flat_map<std::uint64_t, entry> by_fingerprint;
};

api_key_table::api_key_table(const std::vector<api_key>& keys) {
  auto all = std::make_unique<entries>();
  all->by_fingerprint.reserve(keys.size());
  for (const auto& key : keys) {
    all->by_fingerprint.emplace(fingerprint_of(key.digest),
                                entries::entry{key.digest, std::make_shared<const principal>(to_principal(key))});
  }
  entries_ = std::move(all);
}

api_key_table::~api_key_table() = default;

result<std::shared_ptr<const api_key_table>> api_key_table::load(const std::filesystem::path& file) {
  const auto keys = read_api_keys(file);
  if (!keys) return keys.error();
  return std::shared_ptr<const api_key_table>{std::make_shared<const api_key_table>(*keys)};
}

std::shared_ptr<const principal> api_key_table::find(const sha256_digest& digest) const noexcept {
  const auto found = entries_->by_fingerprint.find(fingerprint_of(digest));
  if (found == entries_->by_fingerprint.end()) return nullptr;
  if (CRYPTO_memcmp(found->second.digest.data(), digest.data(), digest.size()) != 0) return nullptr;
  return found->second.who;
}

const principal* api_key_table::find(std::uint64_t fingerprint) const noexcept {
  const auto found = entries_->by_fingerprint.find(fingerprint);
  return found == entries_->by_fingerprint.end() ? nullptr : found->second.who.get();
}

std::size_t api_key_table::size() const noexcept { return entries_->by_fingerprint.size(); }

api_keys::api_keys(std::shared_ptr<const api_key_table> table) : table_{std::move(table)} {}

std::shared_ptr<const api_key_table> api_keys::replace(std::shared_ptr<const api_key_table> table) noexcept {
  return std::exchange(table_, std::move(table));
}

result<std::shared_ptr<const principal>, token_error> api_keys::verify(std::string_view key, utc_time now) {
  if (key.empty()) return token_error::missing;
  if (!looks_like_api_key(key)) return token_error::invalid;
  auto who = table_->find(digest_of_(key));
  if (!who) return token_error::invalid;
  if (now >= who->expires) return token_error::expired;
  return who;
}

bool api_keys::still_holds(const principal& who) const noexcept {
  if (who.key_fingerprint == 0) return true;
  const auto* now = table_->find(who.key_fingerprint);
  return now != nullptr && *now == who;
}

}  // namespace haulcast::auth
