// Sets of addresses ("10.0.0.0/8 ::1"), and whom a request that came through proxies is really from.
#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace haulcast::http {

struct field;

/// The address itself, or the IPv4 one that an IPv6 one only wraps (::ffff:1.2.3.4).
boost::asio::ip::address unwrapped(const boost::asio::ip::address& a);

/// One address or a range of them. `::/0` holds IPv4 too.
class network {
 public:
  /// "10.0.0.0/8", "::1/128", "192.0.2.7". Nullopt for anything else, names and bits beyond the prefix too.
  static std::optional<network> parse(std::string_view text);
  bool contains(const boost::asio::ip::address& a) const noexcept;

 private:
  std::array<std::uint8_t, 16> bytes_{};  // IPv4 wrapped in IPv6
  unsigned prefix_ = 128;
};

class network_list {
 public:
  network_list() = default;  // none
  explicit network_list(std::vector<network> all) : all_{std::move(all)} {}
  bool contains(const boost::asio::ip::address& a) const noexcept;  // O(networks)

 private:
  std::vector<network> all_;
};

/// The peer, or, when that is a trusted proxy, the rightmost address of the `X-Forwarded-For` fields (joined in their order)
/// that is none: whatever stands left of it was written by somebody nobody has to believe. Where all are trusted, the leftmost.
/// The peer again when what is looked at is no address, or more than 32 are trusted ones. Takes "1.2.3.4", "::1", "[::1]", and
/// the latter or IPv4 with a port. O(fields).
boost::asio::ip::address client_address(const boost::asio::ip::address& peer, const std::vector<field>& fields,
                                        const network_list& trusted);

}  // namespace haulcast::http
