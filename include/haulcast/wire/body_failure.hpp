// Why the JSON body of a request is refused.
#pragma once

#include <boost/assert/source_location.hpp>
#include <string>
#include <string_view>

namespace haulcast::wire {

struct body_failure {
  std::string_view code;  // malformed_json, duplicate_key, unknown_member, field_type_invalid, field_invalid; lives for ever
  std::string pointer;    // JSON Pointer to the offender; empty for the whole body
  std::string detail;     // one sentence
};
[[noreturn]] void throw_exception_from_error(const body_failure& error, const boost::source_location& where);

}  // namespace haulcast::wire
