// The body of POST /v1/positions/query -> truck ids.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "haulcast/base/result.hpp"

namespace haulcast::wire {

struct truck_query_failure {
  std::string_view code;  // malformed_json, duplicate_key, unknown_member, member_missing, field_type_invalid, field_invalid
  std::string pointer;    // JSON Pointer to the offender
  std::string detail;     // one sentence
};
[[noreturn]] void throw_exception_from_error(const truck_query_failure& error, const boost::source_location& where);

/// `{"truck_ids": [...]}` with 1 to `most` valid ids, in the order sent. Strict: nothing else, nothing twice. O(bytes).
result<std::vector<std::string>, truck_query_failure> parse_truck_query(std::string_view body, std::size_t most);

}  // namespace haulcast::wire
