#include "haulcast/app/listen.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <charconv>
#include <optional>

namespace haulcast::app {
namespace {

/// Whether it is loopback; nothing when it is no address of that family.
std::optional<bool> ipv4_loopback(const std::string& host) {
  in_addr address{};
  if (::inet_pton(AF_INET, host.c_str(), &address) != 1) return std::nullopt;
  return (ntohl(address.s_addr) >> 24) == 127;
}

std::optional<bool> ipv6_loopback(const std::string& host) {
  in6_addr address{};
  if (::inet_pton(AF_INET6, host.c_str(), &address) != 1) return std::nullopt;
  const bool mapped_loopback = IN6_IS_ADDR_V4MAPPED(&address) != 0 && address.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&address) != 0 || mapped_loopback;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return port;
}

}  // namespace

result<endpoint> parse_listen(std::string_view text) {
  const failure wrong{"must be an address and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080"};
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong;
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return wrong;

  auto host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host == "localhost" && !bracketed) host = "127.0.0.1";
  endpoint where{std::string{host}, *port, false};
  const auto loopback = bracketed ? ipv6_loopback(where.host) : ipv4_loopback(where.host);
  if (!loopback) return wrong;
  where.loopback = *loopback;
  return where;
}

}  // namespace haulcast::app
