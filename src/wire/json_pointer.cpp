#include "haulcast/wire/json_pointer.hpp"

namespace haulcast::wire {

std::string_view cut_at_character(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0) == 0x80) --bytes_max;
  return text.substr(0, bytes_max);
}

std::string json_pointer_to(std::string_view member) {
  constexpr std::size_t member_bytes_max = 64;
  std::string pointer{"/"};
  for (const char c : cut_at_character(member, member_bytes_max)) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

}  // namespace haulcast::wire
