#include "strict_json.hpp"

#include <algorithm>
#include <vector>

#include "haulcast/base/control_characters.hpp"

namespace haulcast::auth {
namespace {

using nlohmann::json;

constexpr std::size_t depth_max = 8;

/// Sees the text go by; each method says whether it may go on.
class strictness final : public json::json_sax_t {
 public:
  bool null() override { return in_object(); }
  bool boolean(bool) override { return in_object(); }
  bool number_integer(number_integer_t) override { return in_object(); }
  bool number_unsigned(number_unsigned_t) override { return in_object(); }
  bool number_float(number_float_t, const string_t&) override { return in_object(); }
  bool string(string_t&) override { return in_object(); }
  bool binary(binary_t&) override { return false; }
  bool key(string_t& name) override {
    auto& names = members_.back();
    if (std::find(names.begin(), names.end(), name) != names.end()) return false;
    names.push_back(name);
    // Looked through from the front: what a stranger sends is short, and a set costs more for the few that there are.
    return names.size() <= members_max;
  }
  bool start_object(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t) override { return in_object() && enter(); }
  bool end_array() override { return leave(); }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override { return false; }

 private:
  static constexpr std::size_t members_max = 128;  // of one object

  bool in_object() const noexcept { return !members_.empty(); }
  bool enter() {
    members_.emplace_back();
    return members_.size() <= depth_max;
  }
  bool leave() {
    members_.pop_back();
    return true;
  }

  std::vector<std::vector<std::string>> members_;  // of each object around this place; arrays have none
};

}  // namespace

std::optional<json> parse_strictly(std::string_view text) {
  strictness watching;
  if (!json::sax_parse(text, &watching)) return std::nullopt;
  return json::parse(text, nullptr, /*allow_exceptions=*/false);
}

const json* member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

const std::string* text_of(const json* value) { return value == nullptr ? nullptr : value->get_ptr<const std::string*>(); }

bool is_plain_text(std::string_view text) noexcept { return !text.empty() && !has_control_character(text); }

bool is_kid(std::string_view text) noexcept { return text.size() <= kid_bytes_max && is_plain_text(text); }

}  // namespace haulcast::auth
