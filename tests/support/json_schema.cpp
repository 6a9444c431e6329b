#include "support/json_schema.hpp"

#include <algorithm>
#include <regex>
#include <set>
#include <stdexcept>
#include <unordered_set>
#include <vector>

namespace haulcast::support {
namespace {

using nlohmann::json;

constexpr std::size_t remembered_texts_max = 10'000;  // of each pattern: ids come again and again, and std::regex is slow

bool is_integer(const json& v) {
  if (v.is_number_integer()) return true;
  return v.is_number_float() && v.get<double>() == static_cast<double>(static_cast<std::int64_t>(v.get<double>()));
}

bool has_type(const json& v, const std::string& type) {
  if (type == "null") return v.is_null();
  if (type == "boolean") return v.is_boolean();
  if (type == "object") return v.is_object();
  if (type == "array") return v.is_array();
  if (type == "number") return v.is_number();
  if (type == "integer") return is_integer(v);
  if (type == "string") return v.is_string();
  throw std::runtime_error{"no such type: " + type};
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// RFC 3339, as far as its form goes.
bool is_date_time(const std::string& text) {
  static const std::regex form{R"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d))", std::regex::optimize};
  return text.size() <= 40 && std::regex_match(text, form);
}

std::string shown(const json& v) {
  auto text = v.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > 120) text = text.substr(0, 120) + "...";
  return text;
}

}  // namespace

struct json_schema::node {
  const node* ref = nullptr;
  std::vector<std::string> types;
  std::vector<json> values;  // enum, or const
  bool has_values = false;
  std::map<std::string, const node*, std::less<>> properties;
  std::vector<std::string> required;
  bool closed = false;  // additionalProperties: false
  const node* additional = nullptr;
  const node* items = nullptr;
  std::optional<double> minimum, maximum;
  std::optional<std::size_t> min_items, max_items, min_length, max_length, max_properties;
  std::optional<std::regex> pattern;
  std::string pattern_text;
  mutable std::unordered_set<std::string> fitting;  // texts that are known to match the pattern
  bool date_time = false;
  std::vector<const node*> all_of, any_of, one_of;

  using verdict = std::optional<std::string>;

  verdict check(const json& v, std::string& at) const {
    if (ref != nullptr) return ref->check(v, at);
    const auto wrong = [&](const std::string& what) { return (at.empty() ? "/" : at) + ": " + what; };
    if (!types.empty() && std::none_of(types.begin(), types.end(), [&](const auto& t) { return has_type(v, t); }))
      return wrong(shown(v) + " is no " + types.front());
    if (has_values && std::find(values.begin(), values.end(), v) == values.end())
      return wrong(shown(v) + " is none of the values that are allowed");
    if (auto found = check_object(v, at)) return found;
    if (auto found = check_array(v, at)) return found;
    if (v.is_number() && minimum && v.get<double>() < *minimum) return wrong(shown(v) + " is too small");
    if (v.is_number() && maximum && v.get<double>() > *maximum) return wrong(shown(v) + " is too large");
    if (auto found = check_text(v)) return wrong(*found);
    return check_branches(v, at);
  }

 private:
  verdict check_object(const json& v, std::string& at) const {
    if (!v.is_object()) return std::nullopt;
    for (const auto& name : required) {
      if (!v.contains(name)) return at + ": \"" + name + "\" is missing";
    }
    if (max_properties && v.size() > *max_properties) return at + ": too many members";
    for (const auto& [name, member] : v.items()) {
      const auto known = properties.find(name);
      const node* const by = known != properties.end() ? known->second : additional;
      if (by == nullptr && known == properties.end() && closed) return at + ": \"" + name + "\" is not in the contract";
      if (by == nullptr) continue;
      const auto length = at.size();
      at += '/';
      at += name;
      if (auto found = by->check(member, at)) return found;
      at.resize(length);
    }
    return std::nullopt;
  }

  verdict check_array(const json& v, std::string& at) const {
    if (!v.is_array()) return std::nullopt;
    if ((min_items && v.size() < *min_items) || (max_items && v.size() > *max_items))
      return at + ": " + std::to_string(v.size()) + " elements are too few or too many";
    if (items == nullptr) return std::nullopt;
    for (std::size_t i = 0; i < v.size(); ++i) {
      const auto length = at.size();
      at += '/';
      at += std::to_string(i);
      if (auto found = items->check(v[i], at)) return found;
      at.resize(length);
    }
    return std::nullopt;
  }

  verdict check_text(const json& v) const {
    if (!v.is_string()) return std::nullopt;
    const auto& text = v.get_ref<const std::string&>();
    if (min_length && characters(text) < *min_length) return shown(v) + " is too short";
    if (max_length && characters(text) > *max_length) return shown(v) + " is too long";
    if (date_time && !is_date_time(text)) return shown(v) + " is no time";
    if (!pattern || fitting.contains(text)) return std::nullopt;
    if (text.size() > 1000 || !std::regex_search(text, *pattern)) return shown(v) + " does not match " + pattern_text;
    if (fitting.size() < remembered_texts_max) fitting.insert(text);
    return std::nullopt;
  }

  verdict check_branches(const json& v, std::string& at) const {
    for (const node* each : all_of) {
      if (auto found = each->check(v, at)) return found;
    }
    const auto fitting_of = [&](const std::vector<const node*>& branches, std::string& why) {
      std::size_t count = 0;
      for (const node* each : branches) {
        std::string there = at;
        if (auto found = each->check(v, there))
          why += "; " + *found;
        else
          ++count;
      }
      return count;
    };
    std::string why;
    if (!any_of.empty() && fitting_of(any_of, why) == 0) return at + ": " + shown(v) + " fits nothing of anyOf" + why;
    if (!one_of.empty() && fitting_of(one_of, why) != 1) return at + ": " + shown(v) + " does not fit one of oneOf" + why;
    return std::nullopt;
  }
};

class json_schema::compiler {
 public:
  compiler(json_schema& owner, node& to) : owner_{owner}, to_{to} {}

  void take(const std::string& keyword, const json& value) {
    static const std::set<std::string> notes{"description", "title", "example", "examples", "default", "deprecated"};
    if (notes.contains(keyword) || keyword.starts_with("x-")) return;
    if (!take_branches(keyword, value) && !take_members(keyword, value) && !take_bounds(keyword, value))
      throw std::runtime_error{"the keyword \"" + keyword + "\" is not checked here: " + shown(value)};
  }

 private:
  bool take_branches(const std::string& keyword, const json& value) {
    auto* const to = keyword == "allOf"   ? &to_.all_of
                     : keyword == "anyOf" ? &to_.any_of
                     : keyword == "oneOf" ? &to_.one_of
                                          : nullptr;
    if (to == nullptr) return false;
    for (const auto& each : value) to->push_back(&owner_.compiled(each));
    return true;
  }

  bool take_members(const std::string& keyword, const json& value) {
    if (keyword == "properties") {
      for (const auto& [name, member] : value.items()) to_.properties.emplace(name, &owner_.compiled(member));
    } else if (keyword == "required") {
      to_.required = value.get<std::vector<std::string>>();
    } else if (keyword == "additionalProperties") {
      if (value.is_boolean())
        to_.closed = !value.get<bool>();
      else
        to_.additional = &owner_.compiled(value);
    } else if (keyword == "items") {
      to_.items = &owner_.compiled(value);
    } else {
      return false;
    }
    return true;
  }

  bool take_bounds(const std::string& keyword, const json& value) {
    if (keyword == "type") {
      to_.types = value.is_string() ? std::vector{value.get<std::string>()} : value.get<std::vector<std::string>>();
      for (const auto& type : to_.types) has_type(json{}, type);  // refuses one that does not exist
    } else if (keyword == "enum" || keyword == "const") {
      to_.has_values = true;
      to_.values = keyword == "enum" ? value.get<std::vector<json>>() : std::vector<json>(1, value);
    } else if (keyword == "format" && value == "date-time") {
      to_.date_time = true;
    } else if (keyword == "pattern") {
      to_.pattern_text = value.get<std::string>();
      to_.pattern.emplace(to_.pattern_text, std::regex::ECMAScript | std::regex::optimize);
    } else if (keyword == "minimum" || keyword == "maximum") {
      (keyword == "minimum" ? to_.minimum : to_.maximum) = value.get<double>();
    } else {
      auto* const size = size_named(keyword);
      if (size == nullptr) return false;
      *size = value.get<std::size_t>();
    }
    return true;
  }

  std::optional<std::size_t>* size_named(const std::string& keyword) {
    if (keyword == "minItems") return &to_.min_items;
    if (keyword == "maxItems") return &to_.max_items;
    if (keyword == "minLength") return &to_.min_length;
    if (keyword == "maxLength") return &to_.max_length;
    if (keyword == "maxProperties") return &to_.max_properties;
    return nullptr;
  }

  json_schema& owner_;
  node& to_;
};

json_schema::json_schema(json document) : document_(std::move(document)) {}
json_schema::~json_schema() = default;

const json& json_schema::resolved(const json& what) const {
  if (!what.is_object() || !what.contains("$ref")) return what;
  const auto reference = what.at("$ref").get<std::string>();
  if (!reference.starts_with("#/")) throw std::runtime_error{"a reference that leads out of the document: " + reference};
  return resolved(document_.at(json::json_pointer{reference.substr(1)}));
}

const json_schema::node& json_schema::compiled(const json& schema) {
  auto& known = nodes_[&schema];
  if (known) return *known;
  known = std::make_unique<node>();
  node& to = *known;  // a schema may name itself
  if (schema.contains("$ref")) {
    if (schema.size() != 1) throw std::runtime_error{"what stands beside $ref is read differently: " + shown(schema)};
    to.ref = &compiled(resolved(schema));
    return to;
  }
  compiler compiling{*this, to};
  for (const auto& [keyword, value] : schema.items()) compiling.take(keyword, value);
  return to;
}

std::optional<std::string> json_schema::fault(const json& schema, const json& value) {
  std::string at;
  return compiled(schema).check(value, at);
}

}  // namespace haulcast::support
