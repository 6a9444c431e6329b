// An API key -> the principal it speaks for.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "haulcast/auth/api_key.hpp"
#include "haulcast/auth/principal.hpp"
#include "haulcast/auth/token.hpp"
#include "haulcast/base/result.hpp"
#include "haulcast/base/time.hpp"

namespace haulcast::auth {

/// All keys at one time. Immutable: made on any thread and handed to the loop. About 300 bytes a key, and its trucks.
class api_key_table {
 public:
  explicit api_key_table(const std::vector<api_key>& keys);
  ~api_key_table();

  /// Blocking. Error: one sentence, as read_api_keys() has it.
  static result<std::shared_ptr<const api_key_table>> load(const std::filesystem::path& file);

  /// Null when there is none. The digest is compared whole, in the same time wherever it differs. O(1), no allocation.
  std::shared_ptr<const principal> find(const sha256_digest& digest) const noexcept;
  /// By principal::key_fingerprint.
  const principal* find(std::uint64_t fingerprint) const noexcept;
  std::size_t size() const noexcept;

 private:
  struct entries;
  std::unique_ptr<const entries> entries_;
};

/// The keys in force. Owned and called by the event loop. Never logs; no error holds a key. O(1) and no allocation each.
class api_keys {
 public:
  explicit api_keys(std::shared_ptr<const api_key_table> table);

  /// From now on these hold and no others. The table of before comes back: destroying ten thousand keys is nothing for the
  /// loop.
  [[nodiscard]] std::shared_ptr<const api_key_table> replace(std::shared_ptr<const api_key_table> table) noexcept;

  /// As token_verifier::verify(): missing when empty, expired when its time is over, invalid for anything else.
  result<std::shared_ptr<const principal>, token_error> verify(std::string_view key, utc_time now);

  /// Whether a principal that came in earlier still stands as it is: by a token, or by a key that is there and says the same.
  /// For what lives longer than a request. It does not look at the expiry, which a principal has with it.
  bool still_holds(const principal& who) const noexcept;

  std::size_t size() const noexcept { return table_->size(); }

 private:
  std::shared_ptr<const api_key_table> table_;
  sha256 digest_of_;
};

}  // namespace haulcast::auth
