#include "haulcast/auth/token.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "haulcast/auth/base64url.hpp"

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

token_verifier::token_verifier(options opts) : opts_{std::move(opts)}, hmac_{opts_.hs256_secret}, cache_{opts_.cache_bytes} {
  if (opts_.hs256_secret.empty()) throw std::invalid_argument{"a token verifier needs a secret"};
}

result<std::shared_ptr<const principal>, token_error> token_verifier::verify(std::string_view token, utc_time now) {
  if (token.empty()) return token_error::missing;
  if (token.size() > token_bytes_max) return token_error::invalid;
  if (auto known = recall(token, now)) return *known;
  auto verified = verify_anew(token, now);
  if (verified) cache_.put(token, *verified);
  return verified;
}

std::optional<result<std::shared_ptr<const principal>, token_error>> token_verifier::recall(std::string_view token,
                                                                                            utc_time now) {
  auto known = cache_.find(token);
  if (!known) return std::nullopt;
  if (now < known->expires) return known;
  cache_.erase(token);
  return token_error::expired;
}

result<std::shared_ptr<const principal>, token_error> token_verifier::verify_anew(std::string_view token, utc_time now) {
  const auto parts = split(token);
  if (!parts) return token_error::invalid;
  const auto signature = from_base64url(parts->signature);
  if (!signature || !hmac_.verify(parts->signed_text, *signature)) return token_error::invalid;

  const auto header = from_base64url(parts->header);
  const auto payload = from_base64url(parts->payload);
  if (!header || !payload || !is_hs256_header(*header)) return token_error::invalid;
  auto said = read_claims(*payload);
  if (!said || !meant_for_us(*said)) return token_error::invalid;
  if (said->not_before && now < *said->not_before - opts_.leeway) return token_error::invalid;

  auto who = to_principal(std::move(*said), opts_.leeway);
  if (now >= who->expires) return token_error::expired;
  return who;
}

bool token_verifier::meant_for_us(const claims& said) const {
  if (opts_.issuer && said.issuer != opts_.issuer) return false;
  return !opts_.audience || std::find(said.audience.begin(), said.audience.end(), *opts_.audience) != said.audience.end();
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
