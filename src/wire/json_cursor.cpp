#include "haulcast/wire/json_cursor.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace haulcast::wire {
namespace {

constexpr std::uint64_t exact_up_to = std::uint64_t{1} << 53;  // every integer up to it is a double
constexpr std::array<double, 23> powers_of_ten{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// The four hex digits at `at`; above 0xFFFF when they are none.
unsigned hex4(std::string_view raw, std::size_t at) noexcept {
  unsigned code = 0;
  if (at + 4 > raw.size()) return 0x10000;
  const auto [end, failed] = std::from_chars(raw.data() + at, raw.data() + at + 4, code, 16);
  return failed == std::errc{} && end == raw.data() + at + 4 ? code : 0x10000;
}

bool is_high_surrogate(unsigned code) noexcept { return code >= 0xD800 && code < 0xDC00; }
bool is_low_surrogate(unsigned code) noexcept { return code >= 0xDC00 && code < 0xE000; }

void append_utf8(unsigned code, std::string& out) {
  const auto continuation = [&](unsigned shift) { out.push_back(static_cast<char>(0x80 | ((code >> shift) & 0x3F))); };
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0 | code >> 6));
    continuation(0);
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | code >> 12));
    continuation(6), continuation(0);
  } else {
    out.push_back(static_cast<char>(0xF0 | code >> 18));
    continuation(12), continuation(6), continuation(0);
  }
}

char short_escape(char letter) noexcept {
  switch (letter) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return letter;  // " \ /
  }
}

}  // namespace

void unescape(std::string_view raw, std::string& out) {
  std::size_t at = 0;
  while (at < raw.size()) {
    const std::size_t backslash = std::min(raw.find('\\', at), raw.size());
    out.append(raw, at, backslash - at);
    if (backslash + 1 >= raw.size()) return;
    at = backslash + 2;
    if (raw[backslash + 1] != 'u') {
      out.push_back(short_escape(raw[backslash + 1]));
      continue;
    }
    unsigned code = hex4(raw, at);
    at += 4;
    if (is_high_surrogate(code)) {
      code = 0x10000 + ((code - 0xD800) << 10) + (hex4(raw, at + 2) - 0xDC00);
      at += 6;
    }
    append_utf8(code, out);
  }
}

/// A lone surrogate is refused: it stands for no character, and no UTF-8 can hold it.
bool json_cursor::check_escapes(std::string_view raw) noexcept {
  for (std::size_t at = raw.find('\\'); at != std::string_view::npos; at = raw.find('\\', at)) {
    if (at + 1 >= raw.size()) return false;
    const char letter = raw[at + 1];
    at += 2;
    if (letter != 'u') {
      if (!std::strchr("\"\\/bfnrt", letter) || letter == '\0') return false;
      continue;
    }
    const unsigned code = hex4(raw, at);
    if (code > 0xFFFF || is_low_surrogate(code)) return false;
    at += 4;
    if (!is_high_surrogate(code)) continue;
    if (raw.substr(at, 2) != "\\u" || !is_low_surrogate(hex4(raw, at + 2))) return false;
    at += 6;
  }
  return true;
}

/// Most numbers of a position have at most 19 digits and a small exponent: those are exact with one multiplication or division
/// (W. D. Clinger, "How to Read Floating Point Numbers Accurately", 1990). The rest go to std::from_chars.
json_number json_cursor::number() noexcept {
  if (next_ == tokens_.size()) return fail(json_fault::grammar), json_number{};
  const char* const begin = body_.data() + tokens_[next_];
  const char* const limit = body_.data() + end_of(next_);
  const char* p = begin;
  const auto grammar = [&] { return fail(json_fault::grammar), json_number{}; };
  const bool negative = *p == '-';
  p += negative ? 1 : 0;

  std::uint64_t mantissa = 0;  // wraps beyond 19 digits: then it is not used
  const auto take_digits = [&] {
    const char* const from = p;
    for (; p < limit && is_digit(*p); ++p) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*p - '0');
    return p - from;
  };
  const bool leading_zero = p < limit && *p == '0';
  const std::ptrdiff_t whole_digits = take_digits();
  if (whole_digits == 0 || (leading_zero && whole_digits > 1)) return grammar();
  std::ptrdiff_t fraction_digits = 0;
  if (p < limit && *p == '.') {
    ++p;
    fraction_digits = take_digits();
    if (fraction_digits == 0) return grammar();
  }
  std::int64_t exponent = 0;
  bool has_exponent = false;
  if (p < limit && (*p == 'e' || *p == 'E')) {
    has_exponent = true;
    ++p;
    const bool down = p < limit && *p == '-';
    if (p < limit && (*p == '-' || *p == '+')) ++p;
    if (p == limit || !is_digit(*p)) return grammar();
    for (; p < limit && is_digit(*p); ++p) exponent = std::min<std::int64_t>(exponent * 10 + (*p - '0'), 1'000'000'000);
    if (down) exponent = -exponent;
  }
  if (p != limit) return grammar();

  const std::int64_t scale = exponent - fraction_digits;
  if (whole_digits + fraction_digits > 19 || mantissa > exact_up_to || scale < -22 || scale > 22) {
    json_number found = slow_number(begin, limit, exponent);
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (!has_exponent && fraction_digits == 0 && whole_digits <= 19 && mantissa <= most) {
      found.whole = negative ? -static_cast<std::int64_t>(mantissa) : static_cast<std::int64_t>(mantissa);
      found.is_whole = !failed();
    }
    return found;
  }
  ++next_;
  const double digits = static_cast<double>(mantissa);
  const double power = powers_of_ten[static_cast<std::size_t>(scale < 0 ? -scale : scale)];
  const double value = scale < 0 ? digits / power : digits * power;
  const auto whole = static_cast<std::int64_t>(mantissa);
  return {negative ? -value : value, negative ? -whole : whole, !has_exponent && fraction_digits == 0};
}

/// `begin` to `end` is a number by JSON's grammar.
json_number json_cursor::slow_number(const char* begin, const char* end, std::int64_t exponent) noexcept {
  double value = 0;
  const auto [_, failed] = std::from_chars(begin, end, value);
  if (failed == std::errc::result_out_of_range || std::isinf(value)) {
    // Too large or too near to 0: the place of the first digit that counts tells which.
    const std::string_view digits{begin, std::find_if(begin, end, [](char c) { return c == 'e' || c == 'E'; })};
    const std::size_t point = std::min(digits.find('.'), digits.size());
    const std::size_t first = digits.find_first_of("123456789");
    const bool zero = first == std::string_view::npos;
    if (!zero && exponent + static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) > 0) {
      return fail(json_fault::number), json_number{};
    }
    value = *begin == '-' ? -0.0 : 0.0;
  }
  ++next_;
  return {.value = value};
}

bool json_cursor::boolean() noexcept {
  const bool yes = peek() == 't';
  atom(yes ? "true" : "false");
  return yes;
}

void json_cursor::atom(std::string_view word) noexcept {
  if (next_ == tokens_.size()) return fail(json_fault::grammar);
  const std::size_t begin = tokens_[next_];
  if (body_.substr(begin, end_of(next_) - begin) != word) return fail(json_fault::grammar);
  ++next_;
}

void json_cursor::skip() noexcept {
  switch (peek()) {
    case '{': return object([this](json_text) { skip(); });
    case '[': return array([this] { skip(); });
    case '"': static_cast<void>(text()); return;
    case 't':
    case 'f': static_cast<void>(boolean()); return;
    case 'n': return null();
    default: static_cast<void>(number()); return;
  }
}

void json_cursor::fail(json_fault fault) noexcept {
  if (failed()) return;
  fault_offset_ = offset();
  fault_ = fault;
  next_ = tokens_.size();
}

}  // namespace haulcast::wire
