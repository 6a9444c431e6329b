#include "haulcast/app/config_keys.hpp"

#include <algorithm>

#include "haulcast/base/edit_distance.hpp"

namespace haulcast::app {
namespace {

constexpr std::string_view after_a_word = ":= ";
constexpr std::size_t shown_bytes_max = 80;

std::string_view leaf(std::string_view name) {
  const auto dot = name.find('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

/// The key that was probably meant: one of nearly the same name, or of that very name in another section.
std::string_view nearest(std::string_view name) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 5) + 1;
  for (const auto& key : config_keys()) {
    const auto distance = leaf(key.name) == leaf(name) ? std::size_t{1} : edit_distance(key.name, name);
    if (distance >= best_distance) continue;
    best = key.name;
    best_distance = distance;
  }
  return best;
}

}  // namespace

const config_key* find_key(std::string_view name) {
  const auto all = config_keys();
  const auto found = std::ranges::find(all, name, &config_key::name);
  return found == all.end() ? nullptr : &*found;
}

bool is_section(std::string_view name) {
  return std::ranges::find(config_sections(), name, &config_section::name) != config_sections().end();
}

std::string_view shown_word(std::string_view word) {
  return word.substr(0, std::min(word.find_first_of(after_a_word), shown_bytes_max));
}

std::string unknown_key(std::string_view name) {
  const std::string shown{shown_word(name)};
  if (name.find_first_of(after_a_word) != std::string_view::npos) {
    return shown + " is followed by something that is no part of a key; between key and value stand a colon and a blank";
  }
  auto sentence = shown + " is not a key of the configuration";
  if (name.size() > shown_bytes_max) return sentence;
  const auto meant = nearest(name);
  if (!meant.empty()) sentence += "; did you mean " + std::string{meant} + "?";
  return sentence;
}

}  // namespace haulcast::app
