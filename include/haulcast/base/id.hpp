// The form of every id, chosen by a caller or generated.
#pragma once

#include <algorithm>
#include <string_view>

namespace haulcast {

/// 1-128 of `A-Z a-z 0-9 . _ : -`.
constexpr bool is_id(std::string_view text) noexcept {
  constexpr auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == ':' ||
           c == '-';
  };
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace haulcast
