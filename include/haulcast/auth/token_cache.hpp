// Tokens that have been believed, so that a phone which sends the same one every few seconds is not verified anew each time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "haulcast/auth/principal.hpp"
#include "haulcast/auth/verifying_key.hpp"

namespace haulcast::auth {

struct believed {
  std::shared_ptr<const principal> who;
  key_id by = 0;                   // the key that made its signature
  mutable std::uint32_t held = 0;  // the newest rules under which it was found to hold
};

/// Keyed by the whole token, the least recently used leaves first, bounded in bytes. Holds only tokens whose signature was
/// right, so a stranger can neither fill it nor choose its keys. One thread. O(1); finding allocates nothing.
class token_cache {
 public:
  explicit token_cache(std::size_t bytes_max);
  ~token_cache();

  /// Null when it is not there. Makes it the most recently used.
  /// What it points to stays until the next change.
  const believed* find(std::string_view token) noexcept;

  /// What is over the bound leaves, this one too if it alone is larger.
  void put(std::string_view token, believed what);
  void erase(std::string_view token) noexcept;

  std::size_t size() const noexcept;
  std::size_t bytes() const noexcept;

 private:
  struct table;
  std::unique_ptr<table> table_;
};

}  // namespace haulcast::auth
