// Small ASCII tools for header fields: no locale, no allocation, never a byte read outside the view.
#pragma once

#include <cstddef>
#include <string_view>

namespace haulcast::http {

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// Equal but for the case of ASCII letters.
constexpr bool iequals(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

/// Without the blanks and tabs at both ends.
constexpr std::string_view trim(std::string_view s) noexcept {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

/// Cuts the text up to the next `separator` off `rest` and returns it trimmed. Empty items are returned too.
constexpr std::string_view next_item(std::string_view& rest, char separator) noexcept {
  const auto at = rest.find(separator);
  const auto item = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return trim(item);
}

/// Whether a comma-separated list such as the value of `Connection` contains `token`, in any case.
constexpr bool list_has(std::string_view list, std::string_view token) noexcept {
  while (!list.empty()) {
    if (iequals(next_item(list, ','), token)) return true;
  }
  return false;
}

/// Whether the bytes are UTF-8 as RFC 3629 has it: shortest forms only, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view s) noexcept;

}  // namespace haulcast::http
