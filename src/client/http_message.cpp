#include "haulcast/client/http_message.hpp"

#include <algorithm>
#include <charconv>

namespace haulcast::client {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::optional<std::string_view> http_response::header(std::string_view name) const noexcept {
  for (const auto& [field, value] : headers)
    if (same_name(field, name)) return value;
  return std::nullopt;
}

std::optional<std::chrono::seconds> http_response::retry_after() const noexcept {
  const auto text = header("Retry-After");
  if (!text) return std::nullopt;
  unsigned s = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), s);
  if (error != std::errc{} || end != text->data() + text->size() || s > 3600) return std::nullopt;
  return std::chrono::seconds{s};
}

}  // namespace haulcast::client
