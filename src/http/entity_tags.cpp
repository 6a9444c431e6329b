#include "haulcast/http/entity_tags.hpp"

#include <algorithm>
#include <string>

#include "haulcast/http/text.hpp"

namespace haulcast::http {

namespace {

bool is_tag_character(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7F);
}

// Cuts `W/"x"` or `"x"` off the front.
std::optional<entity_tag> next_tag(std::string_view& rest) noexcept {
  entity_tag tag;
  if (rest.starts_with("W/")) {
    tag.weak = true;
    rest.remove_prefix(2);
  }
  if (!rest.starts_with('"')) return std::nullopt;
  rest.remove_prefix(1);
  std::size_t size = 0;
  while (size < rest.size() && is_tag_character(rest[size])) ++size;
  if (size == rest.size() || rest[size] != '"') return std::nullopt;
  tag.opaque = rest.substr(0, size);
  rest.remove_prefix(size + 1);
  return tag;
}

// `"a", W/"b"`. Empty places between commas count for nothing.
bool read_list(std::string_view rest, std::vector<entity_tag>& tags) {
  for (rest = trim(rest); !rest.empty(); rest = trim(rest)) {
    if (rest.starts_with(',')) {
      rest.remove_prefix(1);
      continue;
    }
    const auto tag = next_tag(rest);
    rest = trim(rest);
    if (!tag || !(rest.empty() || rest.starts_with(','))) return false;
    tags.push_back(*tag);
  }
  return true;
}

}  // namespace

result<std::optional<entity_tags>, problem> read_entity_tags(const request& r, std::string_view field_name) {
  std::optional<entity_tags> found;
  bool valid = true;
  for (const field& f : r.headers()) {
    if (!iequals(f.name, field_name)) continue;
    if (!found) found.emplace();
    if (f.value == "*")
      found->any = true;
    else
      valid &= read_list(f.value, found->tags);
  }
  if (found) valid &= found->any != !found->tags.empty();
  if (valid) return found;
  return problem{.what = code::precondition_failed,
                 .detail = std::string{field_name} + " is a list of entity tags, each in quotes, or a star.",
                 .errors = {}};
}

bool is_known(const request& r, std::string_view tag) {
  const auto has = read_entity_tags(r, "If-None-Match");
  if (!has || !*has) return false;
  const auto& tags = (*has)->tags;
  const auto is_it = [opaque = tag.substr(1, tag.size() - 2)](const entity_tag& t) { return t.opaque == opaque; };
  return (*has)->any || std::ranges::any_of(tags, is_it);
}

}  // namespace haulcast::http
