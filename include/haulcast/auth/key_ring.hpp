// The keys in force, and which of them a token is checked with.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/auth/token_header.hpp"
#include "haulcast/auth/verifying_key.hpp"
#include "haulcast/base/result.hpp"

namespace haulcast::auth {

/// A token is only ever checked with keys whose own algorithm is the one it names. One with a `kid`: with the key of that name,
/// and with keys that have no name. One without: with the first of its algorithm, in the order they were added. Never with more
/// than `tried_max`, so that a forged token costs at most that many checks.
///
/// Copies share the keys. One thread at a time.
class key_ring {
 public:
  static constexpr std::size_t keys_max = 64;
  static constexpr std::size_t tried_max = 4;

  /// Failure: how a sentence about the key goes on.
  result<void> add(verifying_key key);

  /// The key that made the signature; nothing when none did. At most about 0.1 ms for each key that is tried.
  std::optional<key_id> verify(const token_header& header, std::string_view message, std::string_view signature) const;

  bool holds(key_id id) const noexcept;
  bool empty() const noexcept { return keys_.empty(); }
  std::size_t size() const noexcept { return keys_.size(); }

 private:
  std::vector<std::shared_ptr<verifying_key>> keys_;
};

}  // namespace haulcast::auth
