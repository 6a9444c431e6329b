#include "haulcast/wire/truck_query.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <stdexcept>

#include "haulcast/base/edit_distance.hpp"
#include "haulcast/base/id.hpp"
#include "haulcast/wire/json_pointer.hpp"

namespace haulcast::wire {

namespace {

namespace dom = simdjson::dom;
using parsed = result<std::vector<std::string>, truck_query_failure>;

constexpr std::string_view member = "truck_ids";
constexpr std::size_t depth_most = 16;

parsed read_ids(const dom::element& given, std::size_t most) {
  dom::array array;
  if (given.get(array) != simdjson::SUCCESS) {
    return truck_query_failure{"field_type_invalid", "/truck_ids", "truck_ids is an array of texts."};
  }
  std::vector<std::string> ids;
  for (const dom::element& element : array) {
    const std::string pointer = fmt::format("/truck_ids/{}", ids.size());
    std::string_view id;
    if (element.get(id) != simdjson::SUCCESS)
      return truck_query_failure{"field_type_invalid", pointer, "A truck_id is a text."};
    if (!is_id(id)) return truck_query_failure{"field_invalid", pointer, "A truck_id is 1 to 128 of A-Z a-z 0-9 . _ : -"};
    if (ids.size() == most) {
      return truck_query_failure{"field_invalid", "/truck_ids", fmt::format("At most {} trucks at a time.", most)};
    }
    ids.emplace_back(id);
  }
  if (ids.empty()) return truck_query_failure{"field_invalid", "/truck_ids", "truck_ids names at least one truck."};
  return ids;
}

}  // namespace

void throw_exception_from_error(const truck_query_failure& error, const boost::source_location&) {
  throw std::runtime_error{error.detail};
}

parsed parse_truck_query(std::string_view body, std::size_t most) {
  dom::parser parser;
  if (parser.allocate(body.size(), depth_most) != simdjson::SUCCESS) {
    return truck_query_failure{"malformed_json", "", "The body is too large to read."};
  }
  dom::element root;
  if (const auto error = parser.parse(body.data(), body.size()).get(root)) {
    return truck_query_failure{"malformed_json", "", simdjson::error_message(error)};
  }
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return truck_query_failure{"field_type_invalid", "", "The body is an object."};
  std::optional<dom::element> ids;
  for (const auto& [key, value] : object) {
    if (key != member)
      return truck_query_failure{"unknown_member", json_pointer_to(key),
                                 "Only truck_ids is known here." + did_you_mean(key, {&member, 1})};
    if (ids) return truck_query_failure{"duplicate_key", "/truck_ids", "truck_ids is given twice."};
    ids = value;
  }
  if (!ids) return truck_query_failure{"member_missing", "/truck_ids", "truck_ids is missing."};
  return read_ids(*ids, most);
}

}  // namespace haulcast::wire
