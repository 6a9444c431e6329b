// The form of every id, chosen by a caller or generated.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace haulcast {

inline constexpr std::size_t id_bytes_max = 128;

namespace detail {
inline constexpr auto id_characters = [] {
  std::array<bool, 256> allowed{};
  for (const char c : std::string_view{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"}) {
    allowed[static_cast<unsigned char>(c)] = true;
  }
  return allowed;
}();
}  // namespace detail

/// 1-128 of `A-Z a-z 0-9 . _ : -`.
constexpr bool is_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= id_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return detail::id_characters[static_cast<unsigned char>(c)]; });
}

}  // namespace haulcast
