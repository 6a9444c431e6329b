#include "haulcast/app/identity.hpp"

#include <utility>

#include "haulcast/app/commands.hpp"
#include "haulcast/app/listen.hpp"
#include "haulcast/auth/key_files.hpp"

namespace haulcast::app {
namespace {

auth::key_source source_of(const key_item& item) {
  const bool is_jwks = item.file.empty();
  return {.file = is_jwks ? item.jwks : item.file,
          .is_jwks = is_jwks,
          .alg = auth::algorithm_named(item.alg),
          .kid = item.kid.empty() ? std::nullopt : std::optional{item.kid}};
}

result<void> add_keys(const config& cfg, auth::key_ring& to) {
  for (const auto& item : cfg.auth.keys) {
    if (auto loaded = auth::load_keys(source_of(item), to); !loaded) return failure{item.where + ": " + loaded.error().what};
  }
  return {};
}

result<void> add_secrets(const config& cfg, auth::key_ring& to) {
  if (!believes_hs256(cfg)) return {};
  const auto secret = signing_secret(cfg);
  if (!secret) return secret.error();
  if (auto added = to.add(auth::verifying_key{secret->text}); !added) return failure{"auth.hs256_secret " + added.error().what};
  const auto& previous = cfg.auth.hs256_previous_secret;
  if (!previous) return {};
  auto added = to.add(auth::verifying_key{*previous});
  return added ? added : failure{"auth.hs256_previous_secret " + added.error().what};
}

result<auth::subject_list> revoked_subjects(const config& cfg) {
  if (!cfg.auth.revoked) return auth::subject_list{};
  auto subjects = auth::load_subjects(*cfg.auth.revoked);
  if (!subjects) return failure{"auth.revoked: " + subjects.error().what};
  return subjects;
}

}  // namespace

bool believes_hs256(const config& cfg) {
  if (cfg.auth.hs256_secret || cfg.auth.keys.empty()) return true;
  const auto where = parse_listen(cfg.server.listen);
  return where && where->loopback;
}

result<auth::token_rules> token_rules_of(const config& cfg) {
  auth::token_rules rules{.issuer = cfg.auth.issuer, .audience = cfg.auth.audience, .leeway = cfg.auth.leeway};
  if (auto added = add_secrets(cfg, rules.keys); !added) return added.error();
  if (auto added = add_keys(cfg, rules.keys); !added) return added.error();
  auto revoked = revoked_subjects(cfg);
  if (!revoked) return revoked.error();
  rules.revoked = std::move(*revoked);
  return rules;
}

std::vector<std::string> identity_warnings(const config& cfg) {
  if (cfg.auth.keys.empty() || cfg.auth.audience) return {};
  return {"auth.keys are set and auth.audience is not: tokens that their issuers made for other applications are believed too"};
}

result<void> check_identity_files(const config& cfg) {
  auth::key_ring keys;
  if (auto added = add_keys(cfg, keys); !added) return added;
  const auto revoked = revoked_subjects(cfg);
  return revoked ? result<void>{} : revoked.error();
}

}  // namespace haulcast::app
