#include "api_key_json.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "haulcast/base/id.hpp"
#include "strict_json.hpp"

namespace haulcast::auth {
namespace {

using nlohmann::json;

constexpr std::int64_t format = 1;
constexpr std::int64_t latest_time_s = 253'402'300'799;  // the last second of the year 9999
constexpr double requests_per_s_max = 1e6;
constexpr std::int64_t burst_max = 1'000'000;
constexpr std::string_view hex_digits = "0123456789abcdef";

std::string to_hex(const sha256_digest& digest) {
  std::string text;
  for (const auto byte : digest) (text += hex_digits[byte >> 4]) += hex_digits[byte & 15];
  return text;
}

std::optional<sha256_digest> from_hex(std::string_view text) {
  sha256_digest digest;
  if (text.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto value = hex_digits.find(text[i]);
    if (value == std::string_view::npos) return std::nullopt;
    auto& byte = digest[i / 2];
    byte = static_cast<unsigned char>(i % 2 == 0 ? value << 4 : byte | value);
  }
  return digest;
}

// Each reads one member's value; false: it is not good.

bool read_id(const json& value, std::string& out) {
  const auto* text = value.get_ptr<const std::string*>();
  if (text == nullptr || !is_id(*text)) return false;
  out = *text;
  return true;
}

bool read_ids(const json& value, std::vector<std::string>& out) {
  if (!value.is_array() || value.size() > api_key_trucks_max) return false;
  return std::all_of(value.begin(), value.end(), [&](const json& one) { return read_id(one, out.emplace_back()); });
}

bool read_digest(const json& value, sha256_digest& out) {
  const auto* text = value.get_ptr<const std::string*>();
  const auto digest = text == nullptr ? std::nullopt : from_hex(*text);
  if (digest) out = *digest;
  return digest.has_value();
}

bool read_role(const json& value, role& out) {
  const auto* text = value.get_ptr<const std::string*>();
  const auto who = text == nullptr ? std::nullopt : role_named(*text);
  if (who) out = *who;
  return who.has_value();
}

std::optional<std::int64_t> integer_of(const json& value, std::int64_t min, std::int64_t max) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(max)) return std::nullopt;
  const auto number = value.get<std::int64_t>();
  return number < min || number > max ? std::nullopt : std::optional{number};
}

bool read_time(const json& value, utc_time& out) {
  const auto at = integer_of(value, 0, latest_time_s);
  if (at) out = utc_time{seconds{*at}};
  return at.has_value();
}

bool read_rate(const json& value, double& out) {
  if (!value.is_number()) return false;
  out = value.get<double>();
  return out > 0 && out <= requests_per_s_max;
}

bool read_burst(const json& value, std::uint32_t& out) {
  const auto burst = integer_of(value, 1, burst_max);
  if (burst) out = static_cast<std::uint32_t>(*burst);
  return burst.has_value();
}

struct known_member {
  std::string_view name;
  bool (*read)(const json& value, api_key& out);
  bool required = false;
};

constexpr known_member members[] = {
    {"name", [](const json& v, api_key& k) { return read_id(v, k.name); }, true},
    {"sha256", [](const json& v, api_key& k) { return read_digest(v, k.digest); }, true},
    {"role", [](const json& v, api_key& k) { return read_role(v, k.who); }, true},
    {"trucks", [](const json& v, api_key& k) { return read_ids(v, k.trucks); }},
    {"customer_id", [](const json& v, api_key& k) { return read_id(v, k.customer_id); }},
    {"merchant_id", [](const json& v, api_key& k) { return read_id(v, k.merchant_id); }},
    {"requests_per_s", [](const json& v, api_key& k) { return read_rate(v, k.requests_per_s); }},
    {"burst", [](const json& v, api_key& k) { return read_burst(v, k.request_burst); }},
    {"created", [](const json& v, api_key& k) { return read_time(v, k.created); }, true},
    {"expires", [](const json& v, api_key& k) { return read_time(v, k.expires.emplace()); }},
};

/// Only what goes with the role: anybody who reads the file sees what a key may do.
bool scope_fits(const api_key& key) {
  return key.trucks.empty() == (key.who != role::driver) && key.customer_id.empty() == (key.who != role::customer) &&
         key.merchant_id.empty() == (key.who != role::merchant) && (key.request_burst == 0) == (key.requests_per_s == 0);
}

result<api_key> parse_key(const json& object) {
  if (!object.is_object()) return failure{"is not an object"};
  api_key key;
  for (const auto& [name, value] : object.items()) {
    const auto known = std::find_if(std::begin(members), std::end(members), [&](const auto& m) { return m.name == name; });
    if (known == std::end(members)) return failure{"has a member that is not known: " + name};
    if (!known->read(value, key)) return failure{"has a " + name + " that is not valid"};
  }
  for (const auto& m : members) {
    if (m.required && !object.contains(m.name)) return failure{"has no " + std::string{m.name}};
  }
  if (!scope_fits(key)) return failure{"has a scope or limit that does not go with its role"};
  return key;
}

json to_json(const api_key& key) {
  json object{{"name", key.name}, {"sha256", to_hex(key.digest)}, {"role", to_string(key.who)}};
  const auto seconds_of = [](utc_time t) { return std::chrono::floor<seconds>(t).time_since_epoch().count(); };
  object["created"] = seconds_of(key.created);
  if (key.expires) object["expires"] = seconds_of(*key.expires);
  if (!key.trucks.empty()) object["trucks"] = key.trucks;
  if (!key.customer_id.empty()) object["customer_id"] = key.customer_id;
  if (!key.merchant_id.empty()) object["merchant_id"] = key.merchant_id;
  if (key.requests_per_s > 0) object["requests_per_s"] = key.requests_per_s;
  if (key.request_burst > 0) object["burst"] = key.request_burst;
  return object;
}

}  // namespace

result<std::vector<api_key>> parse_api_keys(std::string_view text) {
  const auto document = parse_strictly(text);
  if (!document) return failure{"is not a JSON object, or repeats a member"};
  const bool ours = document->size() == 2 && document->contains("version") && document->contains("keys");
  if (!ours || !integer_of((*document)["version"], format, format)) return failure{"is not a file of API keys of version 1"};
  const auto& list = (*document)["keys"];
  if (!list.is_array()) return failure{"has keys that are no list"};
  if (list.size() > api_keys_max) return failure{"has more than " + std::to_string(api_keys_max) + " keys"};

  std::vector<api_key> keys;
  std::set<std::string_view> names;
  std::set<std::uint64_t> fingerprints;
  keys.reserve(list.size());
  for (const auto& one : list) {
    const auto which = "key " + std::to_string(keys.size() + 1) + " ";
    auto key = parse_key(one);
    if (!key) return failure{which + key.error().what};
    keys.push_back(std::move(*key));
    if (!names.insert(keys.back().name).second) return failure{which + "has a name that another has: " + keys.back().name};
    if (!fingerprints.insert(fingerprint_of(keys.back().digest)).second)
      return failure{which + "has a sha256 that another has"};
  }
  return keys;
}

std::string write_api_keys(const std::vector<api_key>& keys) {
  auto list = json::array();
  for (const auto& key : keys) list.push_back(to_json(key));
  return json{{"version", format}, {"keys", std::move(list)}}.dump(1) + "\n";
}

}  // namespace haulcast::auth
