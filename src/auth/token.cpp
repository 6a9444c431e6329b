#include "haulcast/auth/token.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "haulcast/auth/base64url.hpp"
#include "haulcast/auth/hmac.hpp"
#include "haulcast/auth/token_header.hpp"

namespace haulcast::auth {
namespace {

struct token_parts {
  std::string_view signed_text;  // header.payload
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
};

std::optional<token_parts> split(std::string_view token) {
  const auto first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  return token_parts{token.substr(0, second), token.substr(0, first), token.substr(first + 1, second - first - 1),
                     token.substr(second + 1)};
}

std::shared_ptr<const principal> to_principal(claims said, seconds leeway) {
  auto who = std::make_shared<principal>();
  who->subject = std::move(said.subject);
  who->who = said.who;
  who->expires = said.expires + leeway;
  if (said.who == role::driver) {
    who->trucks = std::move(said.trucks);
    std::sort(who->trucks.begin(), who->trucks.end());
    who->trucks.erase(std::unique(who->trucks.begin(), who->trucks.end()), who->trucks.end());
  }
  if (said.who == role::customer) who->customer_id = std::move(said.customer_id);
  if (said.who == role::merchant) who->merchant_id = std::move(said.merchant_id);
  return who;
}

}  // namespace

std::string_view to_code(token_error error) noexcept {
  switch (error) {
    case token_error::missing: return "token_missing";
    case token_error::expired: return "token_expired";
    case token_error::invalid: break;
  }
  return "token_invalid";
}

void throw_exception_from_error(token_error error, const boost::source_location&) {
  throw std::runtime_error{std::string{to_code(error)}};
}

token_verifier::token_verifier(token_rules rules, std::size_t cache_bytes) : rules_{std::move(rules)}, cache_{cache_bytes} {
  if (rules_.keys.empty()) throw std::invalid_argument{"a token verifier needs a key"};
}

result<std::shared_ptr<const principal>, token_error> token_verifier::verify(std::string_view token, utc_time now) {
  if (token.empty()) return token_error::missing;
  if (token.size() > token_bytes_max) return token_error::invalid;
  if (auto known = recall(token, now)) return *known;
  auto verified = verify_anew(token, now);
  if (!verified) return verified.error();
  auto who = verified->who;
  cache_.put(token, std::move(*verified));
  return who;
}

bool token_verifier::still_holds(const believed& known) const noexcept {
  return known.held >= forgotten_at_ && rules_.keys.holds(known.by) && !rules_.revoked.contains(known.who->subject);
}

// What is remembered is looked at again once after each change of the rules.
std::optional<result<std::shared_ptr<const principal>, token_error>> token_verifier::recall(std::string_view token,
                                                                                            utc_time now) {
  const auto* known = cache_.find(token);
  if (known == nullptr) return std::nullopt;
  if (known->held != version_ && !still_holds(*known)) {
    cache_.erase(token);
    return std::nullopt;
  }
  known->held = version_;
  if (now < known->who->expires) return known->who;
  cache_.erase(token);
  return token_error::expired;
}

result<believed, token_error> token_verifier::verify_anew(std::string_view token, utc_time now) const {
  const auto parts = split(token);
  if (!parts) return token_error::invalid;
  const auto header_text = from_base64url(parts->header);
  const auto signature = from_base64url(parts->signature);
  const auto header = header_text ? read_token_header(*header_text) : std::nullopt;
  if (!header || !signature) return token_error::invalid;
  const auto signed_by = rules_.keys.verify(*header, parts->signed_text, *signature);
  if (!signed_by) return token_error::invalid;

  const auto payload = from_base64url(parts->payload);
  auto said = payload ? read_claims(*payload) : std::nullopt;
  if (!said || !meant_for_us(*said) || is_revoked(said->subject)) return token_error::invalid;
  if (said->not_before && now < *said->not_before - rules_.leeway) return token_error::invalid;

  auto who = to_principal(std::move(*said), rules_.leeway);
  if (now >= who->expires) return token_error::expired;
  return believed{std::move(who), *signed_by, version_};
}

bool token_verifier::meant_for_us(const claims& said) const {
  if (rules_.issuer && said.issuer != rules_.issuer) return false;
  return !rules_.audience || std::find(said.audience.begin(), said.audience.end(), *rules_.audience) != said.audience.end();
}

token_rules token_verifier::replace(token_rules rules) {
  if (rules.keys.empty()) throw std::invalid_argument{"a token verifier needs a key"};
  ++version_;
  const bool judged_alike = rules.issuer == rules_.issuer && rules.audience == rules_.audience && rules.leeway == rules_.leeway;
  if (!judged_alike) forgotten_at_ = version_;
  return std::exchange(rules_, std::move(rules));
}

std::string mint_token(const claims& what, std::string_view hs256_secret) {
  auto token = to_base64url(R"({"alg":"HS256","typ":"JWT"})");
  token += '.';
  token += to_base64url(write_claims(what));
  const auto signature = hmac_sha256{hs256_secret}.sign(token);
  token += '.';
  token += to_base64url({reinterpret_cast<const char*>(signature.data()), signature.size()});
  return token;
}

}  // namespace haulcast::auth
