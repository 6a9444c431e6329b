#include "haulcast/app/api_key_admin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "haulcast/base/id.hpp"
#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/time.hpp"

namespace haulcast::app {
namespace {

constexpr milliseconds ttl_min{1000};
constexpr milliseconds ttl_max{std::chrono::days{3650}};
constexpr double requests_per_s_min = 0.001;
constexpr double requests_per_s_max = 1e6;
constexpr std::uint32_t burst_max = 1'000'000;
constexpr std::size_t trucks_shown = 3;

using row = std::array<std::string, 6>;

std::string text_of(utc_time t) {
  std::string text;
  wire::append_time(text, t);
  return text;
}

std::string scope_of(const auth::api_key& key) {
  if (!key.customer_id.empty()) return key.customer_id;
  if (!key.merchant_id.empty()) return key.merchant_id;
  if (key.trucks.empty()) return "everything";
  const auto shown = std::min(key.trucks.size(), trucks_shown);
  auto text = fmt::format("{}", fmt::join(key.trucks.begin(), key.trucks.begin() + static_cast<std::ptrdiff_t>(shown), ","));
  if (shown < key.trucks.size()) text += fmt::format(" and {} more", key.trucks.size() - shown);
  return text;
}

std::string limit_of(const auth::api_key& key) {
  return key.requests_per_s == 0 ? "-" : fmt::format("{}/s, {} at once", key.requests_per_s, key.request_burst);
}

std::string end_of(const auth::api_key& key, utc_time now) {
  if (!key.expires) return "never";
  return (*key.expires <= now ? "expired " : "") + text_of(*key.expires);
}

void append_member(std::string& json, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  fmt::format_to(std::back_inserter(json), R"(,"{}":)", name);
  wire::append_string(json, text);
}

void append_trucks(std::string& json, const std::vector<std::string>& trucks) {
  if (trucks.empty()) return;
  json += R"(,"trucks":[)";
  for (const auto& truck : trucks) {
    if (json.back() != '[') json += ',';
    wire::append_string(json, truck);
  }
  json += ']';
}

void append_key(std::string& json, const auth::api_key& key, utc_time now) {
  json += R"({"name":)";
  wire::append_string(json, key.name);
  append_member(json, "role", auth::to_string(key.who));
  append_trucks(json, key.trucks);
  append_member(json, "customer_id", key.customer_id);
  append_member(json, "merchant_id", key.merchant_id);
  if (key.requests_per_s > 0) {
    fmt::format_to(std::back_inserter(json), R"(,"requests_per_s":{},"burst":{})", key.requests_per_s, key.request_burst);
  }
  append_member(json, "created_at", text_of(key.created));
  if (key.expires) append_member(json, "expires_at", text_of(*key.expires));
  json += key.expires && *key.expires <= now ? R"(,"expired":true})" : R"(,"expired":false})";
}

result<void> check_limits(const api_key_request& request) {
  if (request.burst && !request.requests_per_s) return failure{"--burst needs --requests-per-s"};
  const auto rate = request.requests_per_s.value_or(1);
  if (!(rate >= requests_per_s_min && rate <= requests_per_s_max))
    return failure{"--requests-per-s must be from 0.001 to 1000000"};
  if (request.burst && (*request.burst < 1 || *request.burst > burst_max)) return failure{"--burst must be from 1 to 1000000"};
  return {};
}

}  // namespace

result<auth::api_key> plan_api_key(const api_key_request& request, utc_time now) {
  if (!is_id(request.name)) return failure{"--name has 1 to 128 of A-Z a-z 0-9 . _ : -"};
  const auto who = auth::role_named(request.whom.role);
  if (!who) return failure{"--role must be driver, customer, merchant or admin; it is " + request.whom.role};
  if (auto good = check_scope(request.whom, *who); !good) return good.error();
  if (request.whom.trucks.size() > auth::api_key_trucks_max) return failure{"a key takes at most 1000 trucks"};
  if (request.ttl && (*request.ttl < ttl_min || *request.ttl > ttl_max))
    return failure{"--ttl must be from 1s to 3650d, or none"};
  if (auto good = check_limits(request); !good) return good.error();

  const auto created = std::chrono::floor<seconds>(now);
  auth::api_key key{.name = request.name,
                    .who = *who,
                    .trucks = request.whom.trucks,
                    .customer_id = request.whom.customer_id,
                    .merchant_id = request.whom.merchant_id,
                    .requests_per_s = request.requests_per_s.value_or(0),
                    .created = created};
  key.request_burst = request.burst.value_or(static_cast<std::uint32_t>(std::ceil(key.requests_per_s)));
  if (request.ttl) key.expires = created + std::chrono::ceil<seconds>(*request.ttl);
  return key;
}

std::string api_keys_as_table(const std::vector<auth::api_key>& keys, utc_time now) {
  std::vector<row> rows{{"NAME", "ROLE", "FOR", "LIMIT", "CREATED", "EXPIRES"}};
  for (const auto& key : keys) {
    rows.push_back({key.name, std::string{auth::to_string(key.who)}, scope_of(key), limit_of(key), text_of(key.created),
                    end_of(key, now)});
  }
  std::array<std::size_t, std::tuple_size_v<row>> widths{};
  for (const auto& one : rows) {
    for (std::size_t i = 0; i < one.size(); ++i) widths[i] = std::max(widths[i], one[i].size());
  }
  std::string text;
  for (const auto& one : rows) {
    for (std::size_t i = 0; i + 1 < one.size(); ++i) text += fmt::format("{:<{}}  ", one[i], widths[i]);
    text += one.back() + "\n";
  }
  return text;
}

std::string api_keys_as_json(const std::vector<auth::api_key>& keys, utc_time now) {
  std::string json = R"({"items":[)";
  for (const auto& key : keys) {
    if (json.back() != '[') json += ',';
    append_key(json, key, now);
  }
  return json + "]}\n";
}

}  // namespace haulcast::app
