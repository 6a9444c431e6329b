// A hash of text under a key that strangers do not know, so that nobody can choose texts that fall together.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace haulcast {

/// The key of one table or purpose; drawn at random, it makes the hashes of one process its own.
struct siphash_key {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
};

/// SipHash-2-4 (Aumasson and Bernstein, 2012). Ours because what Debian has of it (OpenSSL's EVP_MAC) takes longer to set up
/// than the ids we hash. About 1 ns a byte, 10 ns at least. Little-endian machines only, as all of the house.
inline std::uint64_t siphash(const siphash_key& key, std::string_view text) noexcept {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t v0 = key.k0 ^ 0x736f6d6570736575U, v1 = key.k1 ^ 0x646f72616e646f6dU;
  std::uint64_t v2 = key.k0 ^ 0x6c7967656e657261U, v3 = key.k1 ^ 0x7465646279746573U;
  const auto round = [&] {
    v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
    v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
  };
  const auto take = [&](std::uint64_t word) {
    v3 ^= word;
    round(), round();
    v0 ^= word;
  };
  const std::uint64_t size = text.size();
  for (; text.size() >= 8; text.remove_prefix(8)) {
    std::uint64_t word;
    std::memcpy(&word, text.data(), 8);
    take(word);
  }
  std::uint64_t last = 0;
  if (!text.empty()) std::memcpy(&last, text.data(), text.size());
  take(last | size << 56);
  v2 ^= 0xff;
  round(), round(), round(), round();
  return v0 ^ v1 ^ v2 ^ v3;
}

}  // namespace haulcast
