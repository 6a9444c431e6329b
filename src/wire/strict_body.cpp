#include "strict_body.hpp"

#include <stdexcept>

#include "haulcast/base/control_characters.hpp"
#include "haulcast/wire/distinct_names.hpp"
#include "haulcast/wire/json_out.hpp"

namespace haulcast::wire {

namespace {

namespace dom = simdjson::dom;

constexpr std::size_t depth_most = 16;
constexpr std::size_t attributes_most = 16;
constexpr std::size_t attributes_bytes_most = 1024;

body_failure wrong_type(std::string_view name, std::string_view wanted) {
  return {"field_type_invalid", json_pointer_to(name), fmt::format("{} is {}.", name, wanted)};
}

body_failure wrong_value(std::string_view name, std::string_view wanted) {
  return {"field_invalid", json_pointer_to(name), fmt::format("{} is {}.", name, wanted)};
}

// False: it is no scalar, or a text with a control character.
bool append_scalar(std::string& out, const dom::element& value) {
  switch (value.type()) {
    case dom::element_type::STRING: {
      const std::string_view text = value.get_string().value_unsafe();
      if (has_control_character(text)) return false;
      append_string(out, text);
      return true;
    }
    case dom::element_type::INT64: append_number(out, value.get_int64().value_unsafe()); return true;
    case dom::element_type::UINT64: append_number(out, value.get_uint64().value_unsafe()); return true;
    case dom::element_type::DOUBLE: append_number(out, value.get_double().value_unsafe()); return true;
    case dom::element_type::BOOL: out += value.get_bool().value_unsafe() ? "true" : "false"; return true;
    case dom::element_type::NULL_VALUE: out += "null"; return true;
    default: return false;
  }
}

}  // namespace

void throw_exception_from_error(const body_failure& error, const boost::source_location&) {
  throw std::runtime_error{error.detail};
}

body_fault parse_object(dom::parser& parser, std::string_view body, dom::object& object) {
  if (body.empty()) return body_failure{"malformed_json", "", "The body is empty."};
  if (parser.allocate(body.size(), depth_most) != simdjson::SUCCESS)
    return body_failure{"malformed_json", "", "The body is too large to read."};
  dom::element root;
  if (const auto error = parser.parse(body.data(), body.size()).get(root))
    return body_failure{"malformed_json", "", simdjson::error_message(error)};
  if (root.get(object) != simdjson::SUCCESS) return body_failure{"field_type_invalid", "", "The body is an object."};
  return std::nullopt;
}

body_fault read_number(const dom::element& given, std::string_view name, double low, double high, double& into) {
  if (given.get(into) != simdjson::SUCCESS) return wrong_type(name, "a number");
  if (!(into >= low && into <= high)) return wrong_value(name, fmt::format("from {} to {}", low, high));
  return std::nullopt;
}

body_fault read_text(const dom::element& given, std::string_view name, std::size_t bytes_max, std::string& into) {
  std::string_view text;
  if (given.get(text) != simdjson::SUCCESS) return wrong_type(name, "a text");
  if (text.empty() || text.size() > bytes_max || has_control_character(text))
    return wrong_value(name, fmt::format("a text of 1 to {} bytes without control characters", bytes_max));
  into = text;
  return std::nullopt;
}

body_fault read_attributes(const dom::element& given, std::string_view name, std::string& into) {
  dom::object object;
  if (given.get(object) != simdjson::SUCCESS) return wrong_type(name, "an object");
  distinct_names names;
  bool good = true;
  into = "{";
  for (const auto& [key, value] : object) {
    if (into.size() > 1) into += ',';
    append_string(into, key);
    into += ':';
    good &= !has_control_character(key) && append_scalar(into, value);
    names.add(key);
  }
  into += '}';
  good &= names.size() <= attributes_most && into.size() <= attributes_bytes_most && names.all_different();
  if (!good) return wrong_value(name, "a flat object of at most 16 scalars in 1 KiB, none twice, without control characters");
  return std::nullopt;
}

}  // namespace haulcast::wire
