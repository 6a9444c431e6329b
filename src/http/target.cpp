#include "haulcast/http/target.hpp"

#include <algorithm>

#include "haulcast/http/text.hpp"

namespace haulcast::http {
namespace {

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = to_lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

/// Decodes into `to`, which has room for text.size() bytes. Returns the end, nullptr when the text is not valid.
char* decode(std::string_view text, char* to) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return nullptr;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return nullptr;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (is_control(c)) return nullptr;
    *to++ = c;
  }
  return to;
}

bool parse_query(request& r, std::string_view query) {
  auto& into = request_access::query(r);
  while (!query.empty()) {
    const auto at = query.find('&');
    const auto item = query.substr(0, at);
    query = at == std::string_view::npos ? std::string_view{} : query.substr(at + 1);
    if (item.empty()) continue;
    const auto equals = item.find('=');
    const auto name = percent_decode(r, item.substr(0, equals));
    const auto value = percent_decode(r, equals == std::string_view::npos ? std::string_view{} : item.substr(equals + 1));
    if (!name || !value) return false;
    into.push_back({*name, *value});
  }
  return true;
}

/// "http://host/path?query", as a proxy is asked -> "/path?query". Everybody who sends this form must name the same host in
/// Host (RFC 9112, 3.2.2); two that differ are a request that somebody else would read differently.
const char* to_origin_form(request& r) noexcept {
  const auto end = r.target.find("://");
  const auto authority = r.target.substr(end + 3, r.target.find_first_of("/?#", end + 3) - end - 3);
  const auto host = r.header("host");
  if (host.empty() || !iequals(authority, host)) return "The request target and Host must name the same host.";
  const auto slash = end + 3 + authority.size();
  if (slash == r.target.size()) {
    r.target = r.target.substr(end + 1, 1);  // one of the slashes in front of the host
  } else if (r.target[slash] == '/') {
    r.target.remove_prefix(slash);
  } else {
    return "The request target must have a path.";
  }
  return nullptr;
}

bool is_absolute(std::string_view target) noexcept {
  const auto scheme = target.substr(0, std::min(target.find("://"), target.size()));
  return scheme.size() != target.size() && (iequals(scheme, "http") || iequals(scheme, "https"));
}

}  // namespace

std::optional<std::string_view> percent_decode(request& owner, std::string_view text) {
  if (text.find('%') == std::string_view::npos) {
    if (std::any_of(text.begin(), text.end(), is_control) || !is_utf8(text)) return std::nullopt;
    return text;
  }
  char* const to = request_access::scratch(owner, text.size());
  char* const end = decode(text, to);
  if (end == nullptr) return std::nullopt;
  const std::string_view decoded{to, static_cast<std::size_t>(end - to)};
  if (!is_utf8(decoded)) return std::nullopt;
  return decoded;
}

const char* parse_target(request& r) {
  if (is_absolute(r.target)) {
    if (const char* wrong = to_origin_form(r)) return wrong;
  }
  const auto target = r.target;
  if (target == "*") {
    if (r.method != method::options) return "The target * is for OPTIONS only.";
    r.path = target;
    return nullptr;
  }
  if (target.empty() || target.front() != '/') return "The request target must be a path that starts with a slash.";
  if (target.find('#') != std::string_view::npos) return "The request target must not have a fragment.";
  if (std::any_of(target.begin(), target.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    return "The request target must be ASCII; other characters are percent-encoded.";
  }
  const auto mark = target.find('?');
  const auto path = percent_decode(r, target.substr(0, mark));
  if (!path) return "The path is not valid: wrong percent-encoding, a control character, or not UTF-8.";
  r.path = *path;
  if (mark != std::string_view::npos && !parse_query(r, target.substr(mark + 1))) {
    return "The query is not valid: wrong percent-encoding, a control character, or not UTF-8.";
  }
  return nullptr;
}

}  // namespace haulcast::http
