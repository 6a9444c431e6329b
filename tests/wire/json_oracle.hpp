// A second opinion on what JSON is, by nlohmann's SAX parser: for differential tests and fuzzing.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace haulcast::wire::oracle {

/// Follows nesting and numbers, keeps nothing. Stops at the first that haulcast does not take.
class judge : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t value, const string_t&) override { return std::isfinite(value); }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return ++depth_ <= 16; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return --depth_, true; }
  bool start_array(std::size_t) override { return ++depth_ <= 16; }
  bool end_array() override { return --depth_, true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  int depth_ = 0;
};

/// Whether `text` is JSON within haulcast's bounds. Where the libraries differ by intent, ours is the rule: nlohmann takes a
/// NUL for the end of the text, and steps over a byte order mark.
inline bool is_json(std::string_view text) {
  if (text.find('\0') != std::string_view::npos || text.starts_with("\xEF\xBB\xBF")) return false;
  judge j;
  return nlohmann::json::sax_parse(text.begin(), text.end(), &j);
}

}  // namespace haulcast::wire::oracle
