#include "haulcast/http/networks.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "haulcast/http/request.hpp"
#include "haulcast/http/text.hpp"

namespace haulcast::http {
namespace {

namespace ip = boost::asio::ip;
using address_bytes = std::array<std::uint8_t, 16>;

constexpr unsigned ipv4_bits_before = 96;  // of an IPv6 address that wraps one
constexpr std::size_t address_chars_max = 45;
constexpr int forwarded_max = 32;

address_bytes bytes_of(const ip::address& a) noexcept {
  return a.is_v6() ? a.to_v6().to_bytes() : ip::make_address_v6(ip::v4_mapped, a.to_v4()).to_bytes();
}

/// The first `prefix` bits, the others 0.
address_bytes cut(address_bytes bytes, unsigned prefix) noexcept {
  for (unsigned i = 0; i < bytes.size(); ++i) {
    const unsigned kept = std::min(8U, prefix > 8 * i ? prefix - 8 * i : 0);
    bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xFF00U >> kept));
  }
  return bytes;
}

/// No zones (fe80::1%eth0): an interface's name is not looked up for a stranger.
std::optional<ip::address> parse_address(std::string_view text) {
  if (text.empty() || text.size() > address_chars_max || text.find('%') != std::string_view::npos) return std::nullopt;
  boost::system::error_code failed;
  const auto a = ip::make_address(std::string{text}, failed);
  if (failed) return std::nullopt;
  return a;
}

std::optional<unsigned> parse_small(std::string_view digits) noexcept {
  unsigned n = 0;
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (wrong != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return n;
}

bool is_port(std::string_view text) noexcept { return parse_small(text).value_or(65'536) <= 65'535; }

/// An item of X-Forwarded-For; some proxies add the port.
std::optional<ip::address> parse_forwarded(std::string_view item) {
  if (item.starts_with('[')) {
    const auto close = item.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const auto behind = item.substr(close + 1);
    if (!behind.empty() && (behind.front() != ':' || !is_port(behind.substr(1)))) return std::nullopt;
    const auto inside = item.substr(1, close - 1);
    return inside.find(':') == std::string_view::npos ? std::nullopt : parse_address(inside);
  }
  const auto colon = item.find(':');
  const bool has_port = colon != std::string_view::npos && item.find(':', colon + 1) == std::string_view::npos;
  if (has_port && !is_port(item.substr(colon + 1))) return std::nullopt;
  return parse_address(has_port ? item.substr(0, colon) : item);
}

/// Cuts the last item of a list off `rest` and returns it trimmed.
std::string_view last_item(std::string_view& rest) noexcept {
  const auto comma = rest.rfind(',');
  const auto item = comma == std::string_view::npos ? rest : rest.substr(comma + 1);
  rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(0, comma);
  return trim(item);
}

}  // namespace

ip::address unwrapped(const ip::address& a) {
  if (!a.is_v6() || !a.to_v6().is_v4_mapped()) return a;
  return ip::make_address_v4(ip::v4_mapped, a.to_v6());
}

std::optional<network> network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  network n;
  n.bytes_ = bytes_of(*address);
  if (slash != std::string_view::npos) {
    const auto bits = parse_small(text.substr(slash + 1));
    if (!bits || *bits > (address->is_v4() ? 32U : 128U)) return std::nullopt;
    n.prefix_ = address->is_v4() ? *bits + ipv4_bits_before : *bits;
  }
  if (cut(n.bytes_, n.prefix_) != n.bytes_) return std::nullopt;
  return n;
}

bool network::contains(const ip::address& a) const noexcept { return cut(bytes_of(a), prefix_) == bytes_; }

bool network_list::contains(const ip::address& a) const noexcept {
  return std::ranges::any_of(all_, [&](const network& one) { return one.contains(a); });
}

ip::address client_address(const ip::address& peer, const std::vector<field>& fields, const network_list& trusted) {
  const auto direct = unwrapped(peer);
  auto client = direct;
  int seen = 0;
  for (auto f = fields.rbegin(); f != fields.rend(); ++f) {
    if (!iequals(f->name, "x-forwarded-for")) continue;
    for (std::string_view rest = f->value; !rest.empty();) {
      if (!trusted.contains(client)) return client;
      if (++seen > forwarded_max) return direct;
      const auto item = last_item(rest);
      if (item.empty()) continue;
      const auto next = parse_forwarded(item);
      if (!next) return direct;
      client = unwrapped(*next);
    }
  }
  return client;
}

}  // namespace haulcast::http
