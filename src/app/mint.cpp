#include "haulcast/app/mint.hpp"

#include <algorithm>
#include <utility>

#include "haulcast/app/commands.hpp"
#include "haulcast/auth/token.hpp"
#include "haulcast/base/id.hpp"

namespace haulcast::app {
namespace {

constexpr milliseconds ttl_min{1000};
constexpr milliseconds ttl_max{std::chrono::days{3650}};

std::string subject_of(const token_request& request) {
  if (!request.subject.empty()) return request.subject;
  if (!request.trucks.empty()) return request.trucks.front();
  if (!request.customer_id.empty()) return request.customer_id;
  return request.merchant_id.empty() ? request.role : request.merchant_id;
}

std::string signed_token(const token_request& request, auth::role who, const config& cfg, std::string_view secret,
                         utc_time now) {
  auth::claims said{.subject = subject_of(request),
                    .who = who,
                    .trucks = request.trucks,
                    .customer_id = request.customer_id,
                    .merchant_id = request.merchant_id,
                    .issuer = cfg.auth.issuer,
                    .issued_at = std::chrono::floor<seconds>(now),
                    .expires = std::chrono::floor<seconds>(now) + std::chrono::ceil<seconds>(request.ttl)};
  if (cfg.auth.audience) said.audience.push_back(*cfg.auth.audience);
  return auth::mint_token(said, secret);
}

}  // namespace

result<void> check_scope(const token_request& request, auth::role who) {
  const auto role = "--role " + request.role;
  if (!request.trucks.empty() && who != auth::role::driver) return failure{role + " takes no --truck: that is for drivers"};
  if (who == auth::role::driver && request.trucks.empty()) return failure{role + " needs at least one --truck"};
  if (!request.customer_id.empty() != (who == auth::role::customer)) {
    return failure{role + (who == auth::role::customer ? " needs --customer" : " takes no --customer")};
  }
  if (!request.merchant_id.empty() != (who == auth::role::merchant)) {
    return failure{role + (who == auth::role::merchant ? " needs --merchant" : " takes no --merchant")};
  }
  auto ids = request.trucks;
  ids.insert(ids.end(), {request.customer_id, request.merchant_id});
  const auto wrong = std::ranges::find_if(ids, [](const auto& id) { return !id.empty() && !is_id(id); });
  const bool empty_truck = std::ranges::count(request.trucks, "") > 0;
  if (wrong != ids.end() || empty_truck) {
    return failure{"an id has 1 to 128 of A-Z a-z 0-9 . _ : -" +
                   (empty_truck ? std::string{} : ", which " + *wrong + " has not")};
  }
  return {};
}

result<minted_token> mint(const token_request& request, const config& cfg, std::string_view secret, utc_time now) {
  const auto who = auth::role_named(request.role);
  if (!who) return failure{"--role must be driver, customer, merchant or admin; it is " + request.role};
  if (auto good = check_scope(request, *who); !good) return good.error();
  if (request.ttl < ttl_min || request.ttl > ttl_max) return failure{"--ttl must be from 1s to 3650d"};

  auto text = signed_token(request, *who, cfg, secret, now);
  if (text.size() > auth::token_bytes_max) return failure{"a token has at most 4 KiB, too little for so many trucks"};
  auth::token_rules rules{.issuer = cfg.auth.issuer, .audience = cfg.auth.audience};
  if (auto added = rules.keys.add(auth::verifying_key{secret}); !added) return added.error();
  auth::token_verifier verifier{std::move(rules), 0};
  if (!verifier.verify(text, now)) return failure{"--subject must be text without control characters"};
  return minted_token{std::move(text)};
}

result<auth::generated_secret> signing_secret(const config& cfg) {
  if (cfg.auth.hs256_secret) return auth::generated_secret{*cfg.auth.hs256_secret, false};
  return auth::load_or_create_secret(cfg.data_dir);
}

std::filesystem::path api_keys_file(const config& cfg) {
  return cfg.auth.api_keys ? std::filesystem::path{*cfg.auth.api_keys} : cfg.data_dir / "api-keys.json";
}

}  // namespace haulcast::app
