// One value as text <-> the typed member it sets.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "config_lists.hpp"
#include "haulcast/app/config_keys.hpp"
#include "haulcast/app/numbers.hpp"
#include "haulcast/base/control_characters.hpp"

namespace haulcast::app {
namespace {

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <>
struct is_optional<key_items> : std::true_type {};

bool is_byte_size(const config_key& key) { return key.unit == "bytes"; }

std::string shown_number(const config_key& key, double number) {
  if (is_byte_size(key)) return format_bytes(static_cast<std::uint64_t>(number));
  return format_number(number);
}

failure wrong(const config_key& key, std::string_view value, const std::string& rule) {
  auto sentence = std::string{key.name} + " " + rule;
  if (!key.secret && !has_control_character(value)) sentence += "; it is " + std::string{value.substr(0, 80)};
  return {sentence};
}

std::string range_rule(const config_key& key) {
  auto rule = "must be from " + shown_number(key, key.min) + " to " + shown_number(key, key.max);
  if (!key.unit.empty() && !is_byte_size(key)) rule += " " + std::string{key.unit};
  return rule;
}

constexpr std::string_view empty_list = "none";

bool is_choice(std::string_view choices, std::string_view value) {
  while (!choices.empty()) {
    const auto end = std::min(choices.find(' '), choices.size());
    if (choices.substr(0, end) == value) return true;
    choices.remove_prefix(std::min(end + 1, choices.size()));
  }
  return false;
}

std::string choice_rule(std::string_view choices) {
  std::string rule = "must be ";
  for (const char c : choices) rule += c == ' ' ? ", " : std::string(1, c);
  const auto last = rule.rfind(", ");
  return last == std::string::npos ? rule : rule.replace(last, 2, " or ");
}

std::optional<std::string> rule_broken_by_text(const config_key& key, std::string_view value) {
  if (value.empty()) return "must not be empty";
  if (has_control_character(value)) return "must not hold control characters";
  if (!key.choices.empty() && !is_choice(key.choices, value)) return choice_rule(key.choices);
  return key.check == nullptr ? std::nullopt : key.check(value);
}

/// Sets one member; each kind of member is one overload. All return the rule that the text breaks, if it breaks one.
class setter {
 public:
  setter(const config_key& key, std::string_view text) : key_{key}, text_{text} {}

  std::optional<std::string> operator()(bool* flag) const {
    if (text_ != "true" && text_ != "false") return "must be true or false";
    *flag = text_ == "true";
    return std::nullopt;
  }
  std::optional<std::string> operator()(double* number) const {
    const auto parsed = parse_number(text_);
    if (!parsed) return "must be a number";
    if (*parsed < key_.min || *parsed > key_.max) return range_rule(key_);
    *number = *parsed;
    return std::nullopt;
  }
  std::optional<std::string> operator()(std::size_t* count) const {
    const auto parsed = is_byte_size(key_) ? parse_bytes(text_) : parse_count(text_);
    if (!parsed)
      return is_byte_size(key_) ? "must be a whole number of bytes, or one with KiB, MiB, GiB or TiB"
                                : "must be a whole number";
    if (static_cast<double>(*parsed) < key_.min || static_cast<double>(*parsed) > key_.max) return range_rule(key_);
    *count = *parsed;
    return std::nullopt;
  }
  template <class Rep, class Period>
  std::optional<std::string> operator()(std::chrono::duration<Rep, Period>* span) const {
    std::size_t count = 0;
    auto broken = (*this)(&count);
    if (!broken) *span = std::chrono::duration<Rep, Period>{static_cast<Rep>(count)};
    return broken;
  }
  std::optional<std::string> operator()(std::string* text) const {
    auto broken = rule_broken_by_text(key_, text_);
    if (!broken) *text = text_;
    return broken;
  }
  std::optional<std::string> operator()(std::filesystem::path* path) const {
    auto broken = rule_broken_by_text(key_, text_);
    if (!broken) *path = text_;
    return broken;
  }
  std::optional<std::string> operator()(std::vector<std::string>* list) const {
    list->clear();
    if (text_.empty()) return "must not be empty; none is the empty list";
    for (auto rest = text_ == empty_list ? std::string_view{} : text_; !rest.empty();) {
      const auto end = std::min(rest.find(' '), rest.size());
      const auto item = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (item.empty()) continue;
      if (auto broken = rule_broken_by_text(key_, item)) return "has " + std::string{item.substr(0, 80)} + ", which " + *broken;
      list->emplace_back(item);
    }
    return std::nullopt;
  }
  std::optional<std::string> operator()(key_items* items) const {
    items->clear();
    if (text_ == key_.default_value) return std::nullopt;
    return "must be a list";
  }
  template <class T>
  std::optional<std::string> operator()(std::optional<T>* optional) const {
    optional->reset();
    if (text_ == key_.default_value) return std::nullopt;
    T value{};
    auto broken = (*this)(&value);
    if (!broken) *optional = std::move(value);
    return broken;
  }

 private:
  const config_key& key_;
  std::string_view text_;
};

class shower {
 public:
  explicit shower(const config_key& key) : key_{key} {}

  std::string operator()(const bool* flag) const { return *flag ? "true" : "false"; }
  std::string operator()(const double* number) const { return format_number(*number); }
  std::string operator()(const std::size_t* count) const {
    return is_byte_size(key_) ? format_bytes(*count) : std::to_string(*count);
  }
  template <class Rep, class Period>
  std::string operator()(const std::chrono::duration<Rep, Period>* span) const {
    return std::to_string(span->count());
  }
  std::string operator()(const std::string* text) const { return *text; }
  std::string operator()(const std::filesystem::path* path) const { return path->string(); }
  std::string operator()(const std::vector<std::string>* list) const {
    std::string text;
    for (const auto& item : *list) text += (text.empty() ? "" : " ") + item;
    return text.empty() ? std::string{empty_list} : text;
  }
  std::string operator()(const key_items* items) const {
    return items->empty() ? std::string{key_.default_value} : text_of(*items);
  }
  template <class T>
  std::string operator()(const std::optional<T>* optional) const {
    return *optional ? (*this)(&**optional) : std::string{key_.default_value};
  }

 private:
  const config_key& key_;
};

}  // namespace

result<void> set_key(config& cfg, const config_key& key, const std::optional<std::string>& value) {
  const auto target = key.at(cfg);
  const bool may_be_unset =
      std::visit([](auto* member) { return is_optional<std::remove_pointer_t<decltype(member)>>::value; }, target);
  if (!value && !may_be_unset) return failure{std::string{key.name} + " has no value"};
  const std::string text{value ? std::string_view{*value} : key.default_value};
  if (!key.only_default.empty() && text != key.default_value) {
    return failure{std::string{key.name} + " takes only " + std::string{key.default_value} + ": " +
                   std::string{key.only_default}};
  }
  if (auto broken = std::visit(setter{key, text}, target)) return wrong(key, text, *broken);
  return {};
}

bool takes_list(const config_key& key) {
  config cfg;
  return std::holds_alternative<std::vector<std::string>*>(key.at(cfg));
}

std::string value_of(const config& cfg, const config_key& key) {
  auto copy = cfg;  // key.at() is written once, for writing
  return std::visit(shower{key}, key.at(copy));
}

}  // namespace haulcast::app
