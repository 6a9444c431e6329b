#include "config_lists.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "haulcast/app/config_keys.hpp"
#include "haulcast/base/control_characters.hpp"

namespace haulcast::app {
namespace {

constexpr std::size_t items_max = 64;
constexpr std::size_t kid_bytes_max = 256;

/// The member of that name; null when there is none of it.
std::string* member_of(key_item& item, std::string_view name) {
  if (name == "file") return &item.file;
  if (name == "jwks") return &item.jwks;
  if (name == "alg") return &item.alg;
  return name == "kid" ? &item.kid : nullptr;
}

bool is_plain(std::string_view text) { return !text.empty() && !has_control_character(text); }

/// How the sentence goes on when the members do not fit together.
std::optional<std::string> rule_broken_by(const key_item& item) {
  if (item.file.empty() == item.jwks.empty()) return "names one of file and jwks";
  if (!item.alg.empty() && item.alg != "RS256" && item.alg != "ES256") {
    return "has RS256 or ES256 as alg; HS256 is for auth.hs256_secret";
  }
  if (!item.file.empty() && item.alg.empty()) return "needs alg: RS256 or ES256";
  if (!item.jwks.empty() && !item.kid.empty()) return "takes no kid: those of a key set are in it";
  if (item.kid.size() > kid_bytes_max) return "has a kid of at most 256 bytes";
  return std::nullopt;
}

result<void> read_item(const setting_item& from, key_item& to) {
  to.where = from.where;
  for (const auto& [name, value] : from.members) {
    auto* member = member_of(to, name);
    if (member == nullptr) {
      return failure{from.where + ": " + std::string{shown_word(name)} +
                     " is nothing that auth.keys knows; it knows file, jwks, alg, kid"};
    }
    if (!is_plain(value)) return failure{from.where + ": the " + name + " of a key in auth.keys is a plain text, not empty"};
    *member = value;
  }
  if (const auto broken = rule_broken_by(to)) return failure{from.where + ": a key in auth.keys " + *broken};
  return {};
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

bool takes_items(const config_key& key) {
  config any;
  return std::holds_alternative<key_items*>(key.at(any));
}

result<void> set_items(config& cfg, const config_key& key, const std::vector<setting_item>& items) {
  key_items read;
  for (const auto& item : items) {
    if (read.size() == items_max) return failure{item.where + ": " + std::string{key.name} + " has at most 64 items"};
    if (auto good = read_item(item, read.emplace_back()); !good) return good;
  }
  *std::get<key_items*>(key.at(cfg)) = std::move(read);
  return {};
}

std::string text_of(const key_items& items) {
  std::string out;
  for (const auto& item : items) {
    out += out.empty() ? "[{" : ", {";
    out += (item.file.empty() ? "jwks: " : "file: ") + in_quotes(item.file.empty() ? item.jwks : item.file);
    if (!item.alg.empty()) out += ", alg: " + item.alg;
    if (!item.kid.empty()) out += ", kid: " + in_quotes(item.kid);
    out += '}';
  }
  return out + ']';
}

}  // namespace haulcast::app
