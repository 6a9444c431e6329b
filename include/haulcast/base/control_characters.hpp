// What no text of a client may hold.
#pragma once

#include <cstddef>
#include <string_view>

namespace haulcast {

/// Of UTF-8: U+0000-001F, U+007F, U+0080-009F.
inline bool has_control_character(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7F) return true;
    if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
  }
  return false;
}

}  // namespace haulcast
