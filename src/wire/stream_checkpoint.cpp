#include "haulcast/wire/stream_checkpoint.hpp"

#include <simdjson.h>

#include <optional>

#include "haulcast/base/edit_distance.hpp"
#include "haulcast/wire/json_pointer.hpp"

namespace haulcast::wire {

namespace {

namespace dom = simdjson::dom;

constexpr std::string_view member = "offset";
constexpr std::size_t depth_most = 16;

}  // namespace

result<std::uint64_t, body_failure> parse_stream_checkpoint(std::string_view body) {
  dom::parser parser;
  if (parser.allocate(body.size(), depth_most) != simdjson::SUCCESS)
    return body_failure{"malformed_json", "", "The body is too large to read."};
  dom::element root;
  if (const auto error = parser.parse(body.data(), body.size()).get(root))
    return body_failure{"malformed_json", "", simdjson::error_message(error)};
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return body_failure{"field_type_invalid", "", "The body is an object."};
  std::optional<dom::element> given;
  for (const auto& [key, value] : object) {
    if (key != member)
      return body_failure{"unknown_member", json_pointer_to(key),
                          "Only offset is known here." + did_you_mean(key, {&member, 1})};
    if (given) return body_failure{"duplicate_key", "/offset", "offset is given twice."};
    given = value;
  }
  if (!given) return body_failure{"member_missing", "/offset", "offset is missing."};
  std::uint64_t offset = 0;
  if (given->get(offset) != simdjson::SUCCESS)
    return body_failure{"field_type_invalid", "/offset", "offset is a whole number, as it stood in the last line handled."};
  return offset;
}

}  // namespace haulcast::wire
