#include "haulcast/http/text.hpp"

#include <cstdint>

namespace haulcast::http {
namespace {

struct sequence {
  std::size_t length;      // bytes in all; 0: no first byte of a character
  unsigned char from, to;  // what the second byte may be
};

sequence sequence_of(unsigned char first) noexcept {
  if (first >= 0xC2 && first <= 0xDF) return {2, 0x80, 0xBF};
  if (first == 0xE0) return {3, 0xA0, 0xBF};
  if (first == 0xED) return {3, 0x80, 0x9F};  // no surrogates
  if (first >= 0xE1 && first <= 0xEF) return {3, 0x80, 0xBF};
  if (first == 0xF0) return {4, 0x90, 0xBF};
  if (first >= 0xF1 && first <= 0xF3) return {4, 0x80, 0xBF};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

bool is_utf8(std::string_view s) noexcept {
  const auto byte = [s](std::size_t at) { return static_cast<unsigned char>(s[at]); };
  for (std::size_t i = 0; i < s.size();) {
    if (byte(i) < 0x80) {
      ++i;
      continue;
    }
    const auto seq = sequence_of(byte(i));
    if (seq.length == 0 || s.size() - i < seq.length || byte(i + 1) < seq.from || byte(i + 1) > seq.to) return false;
    for (std::size_t k = 2; k < seq.length; ++k) {
      if ((byte(i + k) & 0xC0) != 0x80) return false;
    }
    i += seq.length;
  }
  return true;
}

}  // namespace haulcast::http
