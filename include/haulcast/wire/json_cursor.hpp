// A strict walk over a JSON text whose tokens have been found: every value is looked at, also those that nobody wants.
//
// simdjson's first stage finds the tokens with SIMD and has checked UTF-8, control characters in strings, and that every string
// ends. Its on-demand front end would not validate what it skips (`{"x": tru}` passes), nor bound the depth there; hence
// this walk, which takes nothing on trust and costs no more.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace haulcast::wire {

/// A string as it stands between its quotes.
struct json_text {
  std::string_view raw;
  bool escaped = false;  // holds a backslash: see unescape
};

struct json_number {
  double value = 0;
  std::int64_t whole = 0;  // the same, exactly, if is_whole
  bool is_whole = false;   // written without fraction and exponent, and fits
};

enum class json_fault : std::uint8_t {
  none,
  grammar,   // not JSON
  too_deep,  // nested deeper than json_cursor::max_depth
  number,    // larger than a double can be
};

/// A name that is expected as a key, at most 14 bytes, none of them a quote or a backslash: recognised with two comparisons.
class json_key {
 public:
  constexpr json_key() = default;
  constexpr explicit json_key(std::string_view name) noexcept {
    std::array<char, 16> bytes{'"'};
    std::array<char, 16> known{'\xFF'};
    for (std::size_t i = 0; i <= name.size(); ++i) {
      bytes[i + 1] = i < name.size() ? name[i] : '"';
      known[i + 1] = '\xFF';
    }
    words_ = std::bit_cast<words>(bytes);
    mask_ = std::bit_cast<words>(known);
  }
  /// Whether the 16 bytes at `at` begin with the name in quotes.
  bool opens(const char* at) const noexcept {
    words there;
    std::memcpy(&there, at, sizeof there);
    return (((there[0] ^ words_[0]) & mask_[0]) | ((there[1] ^ words_[1]) & mask_[1])) == 0;
  }

 private:
  using words = std::array<std::uint64_t, 2>;
  words words_{};
  words mask_{};
};

/// Appends the text that `raw` stands for. `raw` comes from a json_cursor, which has checked its escapes.
void unescape(std::string_view raw, std::string& out);

/// Each call takes one value and steps over it. The first fault is kept and puts the cursor at the end: from then on peek() is
/// NUL and every call a no-op, so callers check failed() once, when they are through. No allocation, O(1) per byte.
/// The body belongs to the caller and has 16 readable bytes behind its end.
class json_cursor {
 public:
  static constexpr int max_depth = 16;

  /// `tokens`: the offset of the first byte of each bracket, comma, colon, string and scalar of `body`, ascending.
  json_cursor(std::string_view body, std::span<const std::uint32_t> tokens) noexcept : body_{body}, tokens_{tokens} {}

  bool failed() const noexcept { return fault_ != json_fault::none; }
  json_fault fault() const noexcept { return fault_; }
  /// Byte at which the fault was found.
  std::size_t fault_offset() const noexcept { return fault_offset_; }
  /// True when everything was taken and was JSON.
  bool finished() const noexcept { return !failed() && next_ == tokens_.size(); }

  /// First character of the next token, NUL behind the last.
  char peek() const noexcept { return next_ < tokens_.size() ? body_[tokens_[next_]] : '\0'; }
  /// Where the next token starts, and where the last one ended: between them stands the value taken meanwhile.
  const char* here() const noexcept { return body_.data() + offset(); }
  const char* end_of_last() const noexcept { return body_.data() + (next_ == 0 ? 0 : end_of(next_ - 1)); }

  /// A place to come back to: only to the beginning of a value, and only at the same depth.
  std::size_t place() const noexcept { return next_; }
  void go_back(std::size_t place) noexcept { next_ = failed() ? next_ : place; }
  std::size_t tokens_left() const noexcept { return tokens_.size() - next_; }

  json_text text() noexcept {
    if (peek() != '"') return fail(json_fault::grammar), json_text{};
    const std::size_t begin = tokens_[next_] + std::size_t{1};
    const std::size_t end = end_of(next_);
    if (end <= begin || body_[end - 1] != '"') return fail(json_fault::grammar), json_text{};
    const json_text found{body_.substr(begin, end - 1 - begin), has_backslash(body_.data() + begin, end - 1 - begin)};
    if (found.escaped && !check_escapes(found.raw)) return fail(json_fault::grammar), json_text{};
    ++next_;
    return found;
  }
  /// Takes the key and its colon if they are the next tokens, and are written without escapes; else takes nothing.
  bool take_key(const json_key& key) noexcept {
    if (next_ + 1 >= tokens_.size() || !key.opens(here()) || body_[tokens_[next_ + 1]] != ':') return false;
    next_ += 2;
    return true;
  }
  json_number number() noexcept;
  bool boolean() noexcept;
  void null() noexcept { atom("null"); }
  /// Any value, checked to its end.
  void skip() noexcept;

  /// Takes an object; `each(json_text key)` takes exactly the member's value.
  template <class Each>
  void object(Each&& each) {
    object([] { return false; }, each);
  }
  /// The same for objects that are alike: `guess()` may take the whole next member, after take_key(), and then returns true.
  template <class Guess, class Each>
  void object(Guess&& guess, Each&& each) {
    if (!open('{')) return;
    if (peek() != '}') {
      do {
        if (guess()) continue;
        const json_text key = text();
        if (!take(':')) return fail(json_fault::grammar);
        each(key);
      } while (take(','));
    }
    close('}');
  }
  /// Takes an array; `each()` takes exactly the next element.
  template <class Each>
  void array(Each&& each) {
    if (!open('[')) return;
    if (peek() != ']') {
      do each();
      while (take(','));
    }
    close(']');
  }

 private:
  static bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
  static bool check_escapes(std::string_view raw) noexcept;
  static bool has_backslash(const char* at, std::size_t size) noexcept;

  std::size_t offset() const noexcept { return next_ < tokens_.size() ? tokens_[next_] : body_.size(); }
  /// Between the end of a token and the next one stand only blanks.
  std::size_t end_of(std::size_t token) const noexcept {
    std::size_t end = token + 1 < tokens_.size() ? tokens_[token + 1] : body_.size();
    while (is_space(body_[end - 1])) --end;  // ends at the token itself, which starts with no blank
    return end;
  }
  bool take(char c) noexcept {
    if (peek() != c) return false;
    ++next_;
    return true;
  }
  bool open(char c) noexcept {
    if (!take(c)) return fail(json_fault::grammar), false;
    if (++depth_ > max_depth) return fail(json_fault::too_deep), false;
    return true;
  }
  void close(char c) noexcept {
    if (!take(c)) return fail(json_fault::grammar);
    --depth_;
  }
  void atom(std::string_view word) noexcept;
  json_number slow_number(const char* begin, const char* end, std::int64_t exponent) noexcept;
  void fail(json_fault fault) noexcept;

  std::string_view body_;
  std::span<const std::uint32_t> tokens_;
  std::size_t next_ = 0;
  int depth_ = 0;
  json_fault fault_ = json_fault::none;
  std::size_t fault_offset_ = 0;
};

/// Eight bytes at a time: strings are short, and a call of memchr would cost more than the look.
inline bool json_cursor::has_backslash(const char* at, std::size_t size) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t highs = 0x8080808080808080;
  for (std::size_t i = 0; i < size; i += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, at + i, 8);
    const std::uint64_t zero_if_backslash = eight ^ (ones * '\\');
    if (((zero_if_backslash - ones) & ~zero_if_backslash & highs) != 0) {
      return std::memchr(at, '\\', size) != nullptr;  // the hit may lie behind the end
    }
  }
  return false;
}

}  // namespace haulcast::wire
