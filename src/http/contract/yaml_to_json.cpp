#include "yaml_to_json.hpp"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <optional>
#include <stdexcept>

namespace haulcast::http::contract {
namespace {

using json = nlohmann::ordered_json;

template <class Number>
std::optional<Number> number_in(const std::string& text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

json plain(const std::string& text) {
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true") return true;
  if (text == "false") return false;
  if (const auto whole = number_in<std::int64_t>(text)) return *whole;
  const bool numeric = text.find_first_not_of("+-.0123456789eE") == std::string::npos;
  if (const auto real = number_in<double>(text); real && numeric) return *real;
  return text;
}

json convert(const YAML::Node& node);

json object_of(const YAML::Node& node) {
  json out = json::object();
  for (const auto& entry : node) {
    const auto key = entry.first.as<std::string>();
    const auto line = "line " + std::to_string(entry.first.Mark().line + 1) + ": ";
    if (key == "<<") throw std::runtime_error{line + "merge keys are not taken"};
    if (out.contains(key)) throw std::runtime_error{line + "\"" + key + "\" is given twice"};
    out[key] = convert(entry.second);
  }
  return out;
}

json convert(const YAML::Node& node) {
  if (node.IsMap()) return object_of(node);
  if (node.IsSequence()) {
    json out = json::array();
    for (const auto& element : node) out.push_back(convert(element));
    return out;
  }
  if (!node.IsDefined() || node.IsNull()) return nullptr;
  return node.Tag() == "!" ? json(node.Scalar()) : plain(node.Scalar());
}

}  // namespace

nlohmann::ordered_json yaml_to_json(const std::string& text) { return convert(YAML::Load(text)); }

}  // namespace haulcast::http::contract
