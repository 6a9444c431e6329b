// Reads a JSON object by a table of its members: what is not in the table is refused, and so is what is given twice.
#pragma once

#include <fmt/format.h>
#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "haulcast/base/edit_distance.hpp"
#include "haulcast/wire/body_failure.hpp"
#include "haulcast/wire/json_pointer.hpp"

namespace haulcast::wire {

using body_fault = std::optional<body_failure>;

template <class Into>
struct number_member {
  double Into::* at;
  double low, high;  // inclusive
};
template <class Into>
struct text_member {
  std::string Into::* at;
  std::size_t bytes_max;  // 1 to so many
};
template <class Into>
struct other_member {
  body_fault (*read)(const simdjson::dom::element& given, std::string_view name, Into& into);
};

template <class Into>
struct body_member {
  std::string_view name;
  std::variant<number_member<Into>, text_member<Into>, other_member<Into>> how;
};

/// The body as an object, which lives as long as the parser. Nesting over 16, bad UTF-8, lone surrogates, numbers outside
/// double: malformed_json.
body_fault parse_object(simdjson::dom::parser& parser, std::string_view body, simdjson::dom::object& object);

body_fault read_number(const simdjson::dom::element& given, std::string_view name, double low, double high, double& into);
/// Valid UTF-8 without control characters.
body_fault read_text(const simdjson::dom::element& given, std::string_view name, std::size_t bytes_max, std::string& into);
/// At most 16 scalars in 1 KiB; as compact JSON.
body_fault read_attributes(const simdjson::dom::element& given, std::string_view name, std::string& into);

/// At most 64 members. null means not given.
template <class Into>
body_fault read_members(const simdjson::dom::object& object, std::span<const body_member<Into>> known, Into& into) {
  std::uint64_t seen = 0;
  for (const auto& [key, value] : object) {
    std::size_t place = 0;
    while (place < known.size() && known[place].name != key) ++place;
    if (place == known.size()) {
      std::vector<std::string_view> names;
      for (const auto& member : known) names.push_back(member.name);
      return body_failure{"unknown_member", json_pointer_to(key), "The member is not known here." + did_you_mean(key, names)};
    }
    const std::string_view name = known[place].name;
    if ((std::exchange(seen, seen | std::uint64_t{1} << place) >> place & 1) != 0)
      return body_failure{"duplicate_key", json_pointer_to(name), fmt::format("The member {} is given twice.", name)};
    if (value.is_null()) continue;
    const auto read = [&](const auto& how) -> body_fault {
      using kind = std::decay_t<decltype(how)>;
      if constexpr (std::is_same_v<kind, number_member<Into>>) return read_number(value, name, how.low, how.high, into.*how.at);
      if constexpr (std::is_same_v<kind, text_member<Into>>) return read_text(value, name, how.bytes_max, into.*how.at);
      if constexpr (std::is_same_v<kind, other_member<Into>>) return how.read(value, name, into);
    };
    if (auto fault = std::visit(read, known[place].how)) return fault;
  }
  return std::nullopt;
}

}  // namespace haulcast::wire
