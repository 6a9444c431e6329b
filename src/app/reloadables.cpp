#include "haulcast/app/reloadables.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "haulcast/app/certificate.hpp"
#include "haulcast/app/commands.hpp"
#include "haulcast/app/credential_check.hpp"
#include "haulcast/app/identity.hpp"
#include "haulcast/http/server.hpp"

namespace haulcast::app {
namespace {

// The configuration as it is written now, of which only `auth` is taken.
result<config> read_again(const config& running) {
  auto fresh = load_config(running.read_from, current_environment());
  if (!fresh) return fresh.error();
  config next = running;
  next.auth = std::move(fresh->auth);
  if (auto valid = validate(next); !valid) return valid.error();
  return next;
}

result<put_in_force> read_credentials(const config& running, credential_check& credentials, const end_those& end) {
  const auto cfg = read_again(running);
  if (!cfg) return cfg.error();
  auto tokens = token_rules_of(*cfg);
  if (!tokens) return tokens.error();
  auto api_keys = auth::api_key_table::load(api_keys_file(*cfg));
  if (!api_keys) return api_keys.error();
  const auto rules = std::make_shared<credential_rules>(credential_rules{std::move(*tokens), std::move(*api_keys)});
  return put_in_force{[rules, &credentials, end]() -> std::shared_ptr<void> {
    spdlog::info("reloaded: {} keys of tokens, {} revoked subjects, {} API keys", rules->tokens.keys.size(),
                 rules->tokens.revoked.size(), rules->api_keys->size());
    *rules = credentials.replace(std::move(*rules));
    end([&credentials](const auth::principal& who) { return !credentials.still_stands(who); });
    return rules;
  }};
}

result<put_in_force> read_certificate(const config& running, http::server& door) {
  auto read = load_certificate_of(running);
  if (!read) return read.error();
  for (const auto& warning : (*read)->warnings) spdlog::warn("{}", warning);
  return put_in_force{[shown = (*read)->shown, &door]() -> std::shared_ptr<void> {
    spdlog::info("reloaded: the certificate");
    door.use_certificate(shown);
    return nullptr;
  }};
}

}  // namespace

std::vector<reloadable> reloadables(const config& running, credential_check& credentials, http::server& door, end_those end) {
  std::vector<reloadable> all{{.name = "credentials", .read = [running, &credentials, end = std::move(end)] {
                                 return read_credentials(running, credentials, end);
                               }}};
  if (running.server.tls.certificate)
    all.push_back({.name = "certificate", .read = [running, &door] { return read_certificate(running, door); }});
  return all;
}

}  // namespace haulcast::app
