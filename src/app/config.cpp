#include "haulcast/app/config.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "haulcast/app/config_file.hpp"
#include "haulcast/app/config_keys.hpp"
#include "haulcast/app/listen.hpp"
#include "haulcast/app/numbers.hpp"
#include "haulcast/base/file.hpp"

namespace haulcast::app {
namespace {

constexpr std::size_t config_bytes_max = 1U << 20;
constexpr std::size_t secret_bytes_max = 4096;
constexpr std::size_t secret_bytes_good = 32;  // RFC 7518: a key as long as the hash
constexpr std::string_view prefix = "HAULCAST_";
constexpr std::string_view file_suffix = "_FILE";

/// "journal.sync" -> "HAULCAST_JOURNAL__SYNC"
std::string variable_of(std::string_view key_name) {
  std::string variable{prefix};
  for (const char c : key_name) {
    if (c == '.') {
      variable += "__";
    } else {
      variable += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
  }
  return variable;
}

/// The other way round, for the sentence about a variable that no key has.
std::string key_of(std::string_view variable) {
  std::string name;
  for (const char c : variable.substr(prefix.size())) name += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  for (auto at = name.find("__"); at != std::string::npos; at = name.find("__", at)) name.replace(at, 2, ".");
  return name;
}

result<void> apply(config& cfg, const std::vector<setting>& settings) {
  for (const auto& [name, value, where, items] : settings) {
    const auto* key = find_key(name);
    if (key == nullptr && is_section(name)) {
      if (!value) continue;  // all its keys are commented out
      return failure{where + ": " + name + " is a section; its keys stand below it, indented"};
    }
    if (key == nullptr) return failure{where + ": " + unknown_key(name)};
    if (items) {
      if (auto set = set_items(cfg, *key, *items); !set) return set;
      continue;
    }
    if (auto set = set_key(cfg, *key, value); !set) return failure{where + ": " + set.error().what};
  }
  return {};
}

result<setting> read_secret(const config_key& key, const std::string& path, const std::string& variable) {
  auto text = read_file(path, secret_bytes_max);
  // Not which file: now and then it is the secret itself that somebody has put there.
  if (!text) return failure{variable + ": cannot read the file it names: " + text.error().message()};
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  return setting{std::string{key.name}, std::move(*text), variable};
}

const std::string* variable_named(const environment& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() || found->second.empty() ? nullptr : &found->second;
}

result<std::vector<setting>> settings_of(const environment& variables) {
  std::vector<setting> settings;
  for (const auto& key : config_keys()) {
    const auto name = variable_of(key.name);
    const auto* value = variable_named(variables, name);
    const auto* file = key.secret ? variable_named(variables, name + std::string{file_suffix}) : nullptr;
    if (value != nullptr && file != nullptr) return failure{name + " and " + name + "_FILE are both set; one of them must go"};
    if (value != nullptr && takes_items(key)) {
      auto items = read_items(key.name, *value, name);
      if (!items) return items.error();
      settings.push_back(std::move(*items));
    } else if (value != nullptr) {
      settings.push_back({std::string{key.name}, *value, name});
    }
    if (file == nullptr) continue;
    auto secret = read_secret(key, *file, name + std::string{file_suffix});
    if (!secret) return secret.error();
    settings.push_back(std::move(*secret));
  }
  return settings;
}

bool is_known_variable(std::string_view name) {
  return std::ranges::any_of(config_keys(), [&](const config_key& key) {
    const auto variable = variable_of(key.name);
    return name == variable || (key.secret && name == variable + std::string{file_suffix});
  });
}

result<void> refuse_unknown_variables(const environment& variables) {
  for (const auto& [name, value] : variables) {
    const bool ours = name.starts_with(prefix) && name.find("__", prefix.size()) != std::string::npos;
    if (ours && !is_known_variable(name)) return failure{name + ": " + unknown_key(key_of(name))};
  }
  return {};
}

result<void> apply_file(config& cfg, const std::filesystem::path& path) {
  const auto text = read_file(path, config_bytes_max);
  if (!text && text.error() == std::errc::file_too_large) return failure{path.string() + ": a configuration has at most 1 MiB"};
  if (!text) return failure{path.string() + ": cannot be read: " + text.error().message()};
  const auto settings = read_settings(*text, path.string(), is_section);
  if (!settings) return settings.error();
  return apply(cfg, *settings);
}

result<void> check_exposure(const config& cfg) {
  const auto where = parse_listen(cfg.server.listen);
  if (!where) return failure{"server.listen " + where.error().what};
  if (where->loopback) return {};
  const auto needed = "server.listen " + cfg.server.listen + " can be reached from other machines, which needs ";
  const auto& auth = cfg.auth;
  if (!auth.hs256_secret && auth.keys.empty())
    return failure{needed + "auth.hs256_secret or auth.keys to be set: the generated secret is for this machine alone"};
  const auto is_poor = [](const auto& secret) { return secret && secret->size() < secret_bytes_good; };
  if (is_poor(auth.hs256_secret)) return failure{needed + "an auth.hs256_secret of at least 32 bytes"};
  if (is_poor(auth.hs256_previous_secret)) return failure{needed + "an auth.hs256_previous_secret of at least 32 bytes"};
  return {};
}

result<void> check_secrets(const auth_keys& auth) {
  if (!auth.hs256_previous_secret) return {};
  if (!auth.hs256_secret) return failure{"auth.hs256_previous_secret needs auth.hs256_secret, which signs from now on"};
  if (auth.hs256_secret == auth.hs256_previous_secret) {
    return failure{"auth.hs256_previous_secret must be another than auth.hs256_secret"};
  }
  return {};
}

result<void> check_tls(const config& cfg) {
  const auto& tls = cfg.server.tls;
  if (tls.certificate && !tls.key) return failure{"server.tls.certificate needs server.tls.key, the key that belongs to it"};
  if (tls.key && !tls.certificate) return failure{"server.tls.key needs server.tls.certificate, which it belongs to"};
  return {};
}

result<void> check_sizes(const config& cfg) {
  constexpr std::size_t segments_min = 4;  // so that dropping the oldest one leaves most of the journal
  const auto& journal = cfg.journal;
  if (journal.max_bytes && *journal.max_bytes / segments_min < journal.segment_bytes) {
    return failure{"journal.max_bytes must be at least four times journal.segment_bytes (" +
                   format_bytes(journal.segment_bytes) + ")"};
  }
  if (journal.max_pending_bytes < cfg.ingest.max_body_bytes) {
    return failure{"journal.max_pending_bytes must be at least ingest.max_body_bytes (" +
                   format_bytes(cfg.ingest.max_body_bytes) + ")"};
  }
  return {};
}

}  // namespace

environment current_environment() {
  environment variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

result<config> load_config(const std::optional<std::filesystem::path>& file, const environment& variables) {
  config cfg;
  cfg.read_from = file;
  if (file) {
    if (auto applied = apply_file(cfg, *file); !applied) return applied.error();
  }
  if (auto known = refuse_unknown_variables(variables); !known) return known.error();
  const auto settings = settings_of(variables);
  if (!settings) return settings.error();
  if (auto applied = apply(cfg, *settings); !applied) return applied.error();
  return cfg;
}

result<void> validate(const config& cfg) {
  if (auto exposed = check_exposure(cfg); !exposed) return exposed;
  if (auto whole = check_tls(cfg); !whole) return whole;
  if (auto secrets = check_secrets(cfg.auth); !secrets) return secrets;
  return check_sizes(cfg);
}

}  // namespace haulcast::app
