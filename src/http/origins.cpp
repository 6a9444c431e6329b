#include "haulcast/http/origins.hpp"

#include <algorithm>

#include "haulcast/http/text.hpp"

namespace haulcast::http {
namespace {

bool is_small_letter(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_scheme(std::string_view s) noexcept {
  return !s.empty() && is_small_letter(s.front()) && std::all_of(s.begin(), s.end(), [](char c) {
    return is_small_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

/// Where the port begins, with its colon; the end when there is none.
std::size_t port_begin(std::string_view authority) noexcept {
  const auto colon = authority.rfind(':');
  const auto bracket = authority.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) return authority.size();
  return colon;
}

std::string_view default_port(std::string_view scheme) noexcept {
  return scheme == "https" ? ":443" : scheme == "http" ? ":80" : "";
}

bool is_host_name(std::string_view s) noexcept {
  if (s.size() > 2 && s.front() == '[' && s.back() == ']') s = s.substr(1, s.size() - 2);
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) {
    return is_small_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == ':';
  });
}

struct origin_parts {
  std::string_view scheme, authority;
};

origin_parts parts_of(std::string_view origin) noexcept {
  const auto colon = origin.find("://");
  if (colon == std::string_view::npos) return {};
  return {origin.substr(0, colon), origin.substr(colon + 3)};
}

std::string_view without_port(std::string_view authority, std::string_view port) noexcept {
  const auto at = port_begin(authority);
  return authority.substr(at) == port || authority.substr(at) == ":" ? authority.substr(0, at) : authority;
}

}  // namespace

bool is_origin(std::string_view text) noexcept {
  const auto [scheme, authority] = parts_of(text);
  const auto at = port_begin(authority);
  const auto port = authority.substr(at);
  if (!is_scheme(scheme) || !is_host_name(authority.substr(0, at))) return false;
  if (port.empty()) return true;
  return port.size() > 1 && port.size() <= 6 && port != default_port(scheme) && port[1] != '0' &&
         std::all_of(port.begin() + 1, port.end(), is_digit);
}

bool is_own_origin(std::string_view origin, std::string_view host) noexcept {
  const auto [scheme, authority] = parts_of(origin);
  if ((scheme != "http" && scheme != "https") || host.empty()) return false;
  const auto port = default_port(scheme);
  return iequals(without_port(authority, port), without_port(host, port));
}

allowed_origins::allowed_origins(std::vector<std::string> list)
    : list_{std::move(list)}, any_{std::ranges::find(list_, "*") != list_.end()} {}

std::string_view allowed_origins::answer_to(std::string_view origin) const noexcept {
  if (any_) return "*";
  const auto found = std::ranges::find(list_, origin);
  return found == list_.end() ? std::string_view{} : std::string_view{*found};
}

}  // namespace haulcast::http
