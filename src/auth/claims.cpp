#include "haulcast/auth/claims.hpp"

#include <cmath>
#include <utility>

#include "haulcast/base/id.hpp"
#include "strict_json.hpp"

namespace haulcast::auth {
namespace {

using nlohmann::json;

constexpr double latest_time_s = 253402300799.0;  // the last second of the year 9999

/// A NumericDate, which may have a fraction. Seconds only: milliseconds put there by mistake lie beyond the year 9999.
std::optional<utc_time> time_of(const json& value) {
  if (!value.is_number()) return std::nullopt;
  const auto since_epoch_s = value.get<double>();
  if (!(since_epoch_s >= 0 && since_epoch_s <= latest_time_s)) return std::nullopt;
  return from_epoch_ms(static_cast<std::int64_t>(std::floor(since_epoch_s * 1000)));
}

/// Absent is fine, present and wrong is not.
bool read_time(const json& payload, const char* name, std::optional<utc_time>& out) {
  const auto* value = member(payload, name);
  if (value == nullptr) return true;
  out = time_of(*value);
  return out.has_value();
}

bool read_texts(const json& list, std::vector<std::string>& out, bool (*acceptable)(std::string_view) noexcept) {
  if (!list.is_array()) return false;
  for (const auto& item : list) {
    const auto* text = text_of(&item);
    if (text == nullptr || !acceptable(*text)) return false;
    out.push_back(*text);
  }
  return true;
}

bool read_issuer(const json& payload, claims& out) {
  const auto* value = member(payload, "iss");
  if (value == nullptr) return true;
  const auto* text = text_of(value);
  if (text != nullptr) out.issuer = *text;
  return text != nullptr;
}

bool read_audience(const json& payload, claims& out) {
  const auto* value = member(payload, "aud");
  if (value == nullptr) return true;
  if (const auto* one = text_of(value)) {
    out.audience.push_back(*one);
    return true;
  }
  return read_texts(*value, out.audience, [](std::string_view) noexcept { return true; });
}

bool read_id(const json& payload, const char* name, bool required, std::string& out) {
  const auto* value = member(payload, name);
  if (value == nullptr) return !required;
  const auto* text = text_of(value);
  if (text == nullptr || !is_id(*text)) return false;
  out = *text;
  return true;
}

bool read_scope(const json& payload, claims& out) {
  const auto* trucks = member(payload, "trucks");
  return (trucks == nullptr || read_texts(*trucks, out.trucks, is_id)) &&
         read_id(payload, "customer_id", out.who == role::customer, out.customer_id) &&
         read_id(payload, "merchant_id", out.who == role::merchant, out.merchant_id);
}

bool read_identity(const json& payload, claims& out) {
  const auto* subject = text_of(member(payload, "sub"));
  const auto* role_name = text_of(member(payload, "role"));
  if (subject == nullptr || role_name == nullptr || !is_plain_text(*subject)) return false;
  const auto who = role_named(*role_name);
  if (!who) return false;
  out.subject = *subject;
  out.who = *who;
  return true;
}

double to_numeric_date(utc_time t) { return static_cast<double>(to_epoch_ms(t)) / 1000; }

}  // namespace

std::optional<claims> read_claims(std::string_view text) {
  const auto payload = parse_strictly(text);
  if (!payload) return std::nullopt;
  claims out;
  std::optional<utc_time> expires;
  const bool good = read_identity(*payload, out) && read_scope(*payload, out) && read_issuer(*payload, out) &&
                    read_audience(*payload, out) && read_time(*payload, "iat", out.issued_at) &&
                    read_time(*payload, "nbf", out.not_before) && read_time(*payload, "exp", expires);
  if (!good || !expires) return std::nullopt;
  out.expires = *expires;
  return out;
}

std::string write_claims(const claims& what) {
  json payload{{"sub", what.subject}, {"role", to_string(what.who)}};
  const auto put_time = [&](const char* name, utc_time t) {
    const auto ms = to_epoch_ms(t);
    if (ms % 1000 == 0) {
      payload[name] = ms / 1000;
    } else {
      payload[name] = to_numeric_date(t);
    }
  };
  put_time("exp", what.expires);
  if (what.issued_at) put_time("iat", *what.issued_at);
  if (what.not_before) put_time("nbf", *what.not_before);
  if (!what.trucks.empty()) payload["trucks"] = what.trucks;
  if (!what.customer_id.empty()) payload["customer_id"] = what.customer_id;
  if (!what.merchant_id.empty()) payload["merchant_id"] = what.merchant_id;
  if (what.issuer) payload["iss"] = *what.issuer;
  if (what.audience.size() == 1) payload["aud"] = what.audience.front();
  if (what.audience.size() > 1) payload["aud"] = what.audience;
  return payload.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace haulcast::auth
