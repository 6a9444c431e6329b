#include "haulcast/http/idempotency_key.hpp"

#include <algorithm>
#include <cstring>
#include <initializer_list>

#include "haulcast/auth/principal.hpp"
#include "haulcast/http/text.hpp"

namespace haulcast::http {

namespace {

constexpr std::string_view field_name = "Idempotency-Key";
constexpr std::size_t key_bytes_max = 255;

bool is_key(std::string_view text) noexcept {
  const auto fits = [](char c) { return c >= 0x20 && c <= 0x7E; };
  return !text.empty() && text.size() <= key_bytes_max && std::ranges::all_of(text, fits);
}

problem refuse_key(std::string detail) { return {.what = code::field_invalid, .detail = std::move(detail), .errors = {}}; }

// None of the parts but the last may hold a NUL, so no two lists of parts give the same text.
void join(std::string& into, std::initializer_list<std::string_view> parts) {
  into.clear();
  for (const std::string_view part : parts) {
    into += part;
    into += '\0';
  }
}

engine::retry_key::digest half_of(const auth::sha256_digest& whole) noexcept {
  engine::retry_key::digest half;
  static_assert(sizeof half == 16 && sizeof whole == 2 * sizeof half);
  std::memcpy(half.data(), whole.data(), sizeof half);
  return half;
}

}  // namespace

result<std::optional<std::string_view>, problem> read_idempotency_key(const request& r) {
  std::optional<std::string_view> key;
  for (const field& f : r.headers()) {
    if (!iequals(f.name, field_name)) continue;
    if (key) return refuse_key("Idempotency-Key is given twice.");
    key = f.value;
  }
  if (key && !is_key(*key))
    return refuse_key("An Idempotency-Key is 1 to 255 visible ASCII characters, with blanks among them.");
  return key;
}

piecewise_retry_key::piecewise_retry_key(const request& r, std::string_view key) {
  std::string text;
  join(text, {r.principal->subject, key});
  made_.key = half_of(sha256_(text));
  join(text, {to_string(r.method), r.path});
  sha256_.begin();
  sha256_.add(text);
}

engine::retry_key piecewise_retry_key::end() {
  sha256_.add({"", 1});  // as behind the other parts
  made_.request = half_of(sha256_.end());
  return made_;
}

result<std::optional<engine::retry_key>, problem> retry_key_maker::operator()(const request& r) {
  const auto key = read_idempotency_key(r);
  if (!key) return key.error();
  std::optional<engine::retry_key> made;
  if (!*key) return made;
  made.emplace();
  join(hashed_, {r.principal->subject, **key});
  made->key = half_of(sha256_(hashed_));
  join(hashed_, {to_string(r.method), r.path, r.body});
  made->request = half_of(sha256_(hashed_));
  return made;
}

}  // namespace haulcast::http
