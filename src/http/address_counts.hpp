// How many connections each address has.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <utility>

namespace haulcast::http {

/// An entry for each address that has a connection, so it is bounded by those; an idle connection costs nothing further. IPv6
/// is counted by /64, which is what one subscriber of a provider has at least. Owned by the event loop; places must not outlive
/// it.
class address_counts {
  /// IPv4 as wrapped in IPv6; of IPv6 the first half, whose second half never looks like that.
  struct key {
    std::uint64_t high = 0, low = 0;
    bool operator==(const key&) const = default;
  };

 public:
  explicit address_counts(std::size_t most_of_one);

  /// Counted while it lives; one made by default is not.
  class place {
   public:
    place() = default;
    place(place&& other) noexcept : counts_{std::exchange(other.counts_, nullptr)}, at_{other.at_} {}
    place& operator=(place&&) = delete;
    ~place() {
      if (counts_ != nullptr) counts_->leave(at_);
    }

   private:
    friend class address_counts;
    place(address_counts& counts, key at) : counts_{&counts}, at_{at} {}

    address_counts* counts_ = nullptr;
    key at_;
  };

  /// Nothing: the address has as many as it may. O(1).
  std::optional<place> enter(const boost::asio::ip::address& a);
  std::size_t size() const noexcept { return counts_.size(); }

 private:
  /// Seeded at random: who has many addresses must not be able to choose ones that collide.
  struct hash {
    std::uint64_t seed;
    std::size_t operator()(const key& k) const noexcept;
  };
  static key key_of(const boost::asio::ip::address& a) noexcept;
  void leave(key at) noexcept;

  std::size_t most_of_one_;
  boost::unordered_flat_map<key, std::uint32_t, hash> counts_;
};

}  // namespace haulcast::http
