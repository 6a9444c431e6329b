#include "address_counts.hpp"

#include <cstring>
#include <random>

#include "haulcast/http/networks.hpp"

namespace haulcast::http {
namespace {

constexpr std::uint64_t ipv4_wrap = 0xFFFF;

std::uint64_t mix(std::uint64_t x) noexcept {  // the finaliser of splitmix64
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

std::uint64_t random_seed() {
  std::random_device dice;
  return std::uint64_t{dice()} << 32 | dice();
}

}  // namespace

address_counts::address_counts(std::size_t most_of_one) : most_of_one_{most_of_one}, counts_{0, hash{random_seed()}} {}

std::size_t address_counts::hash::operator()(const key& k) const noexcept { return mix(mix(k.high ^ seed) + k.low); }

address_counts::key address_counts::key_of(const boost::asio::ip::address& a) noexcept {
  const auto plain = unwrapped(a);
  if (plain.is_v4()) return {0, ipv4_wrap << 32 | plain.to_v4().to_uint()};
  key k;
  const auto bytes = plain.to_v6().to_bytes();
  std::memcpy(&k.high, bytes.data(), sizeof k.high);
  return k;
}

std::optional<address_counts::place> address_counts::enter(const boost::asio::ip::address& a) {
  const key at = key_of(a);
  auto& count = counts_[at];
  if (count >= most_of_one_) return std::nullopt;
  ++count;
  return place{*this, at};
}

void address_counts::leave(key at) noexcept {
  const auto found = counts_.find(at);
  if (--found->second == 0) counts_.erase(found);
}

}  // namespace haulcast::http
