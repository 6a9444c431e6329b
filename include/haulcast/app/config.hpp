// Everything that can be configured, as plain values with their defaults. What each key means, its unit and its range stand in
// src/app/config_table.cpp, the one table behind YAML, environment, `check-config` and config/haulcast.example.yaml.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "haulcast/base/result.hpp"
#include "haulcast/base/time.hpp"

namespace haulcast::app {

struct tls_keys {
  std::optional<std::string> certificate;  // a file; both or neither
  std::optional<std::string> key;          // a file
};

struct server_keys {
  std::string listen = "127.0.0.1:8080";  // see listen.hpp
  tls_keys tls;                           // none: plain HTTP
  std::vector<std::string> trusted_proxies{"127.0.0.0/8", "::1/128"};
  std::vector<std::string> cors_origins;
};

/// One item of auth.keys.
struct key_item {
  std::string file;   // of one key in PEM; or
  std::string jwks;   // of a key set
  std::string alg;    // "RS256" or "ES256"; empty: as the key set says
  std::string kid;    // of the key in PEM; empty: none
  std::string where;  // it stands: "haulcast.yaml:12"
};
using key_items = std::vector<key_item>;

struct auth_keys {
  std::optional<std::string> hs256_secret;  // none: generated, in data_dir (see signing_secret())
  std::optional<std::string> hs256_previous_secret;
  key_items keys;
  std::optional<std::string> issuer;
  std::optional<std::string> audience;
  seconds leeway{30};
  std::optional<std::string> revoked;  // a file of subjects
  bool query_token = false;
  std::optional<std::string> api_keys;  // none: in data_dir (see api_keys_file())
};

struct journal_keys {
  std::string sync = "full";  // or "normal"
  std::chrono::hours retention{24};
  std::optional<std::size_t> max_bytes;  // none: 80 % of the file system
  std::size_t min_free_bytes = 64U << 20;
  std::size_t segment_bytes = 64U << 20;
  std::size_t memory_bytes = 32U << 20;
  std::size_t max_pending_bytes = 64U << 20;
  seconds snapshot_interval{60};
};

struct store_keys {
  std::optional<std::string> url;  // PostgreSQL; none: the embedded one
  bool migrate = true;             // at start
  std::size_t query_threads = 2;   // that answer questions about the past
  std::chrono::days retention{30};
  std::chrono::days events_retention{90};
  std::chrono::days quarantine_retention{7};
  std::chrono::days stats_retention{730};
};

struct redis_keys {
  std::optional<std::string> url;  // none: no Redis; anything else is refused: not built yet
};

struct ingest_keys {
  std::size_t max_batch = 1000;
  std::size_t max_body_bytes = 1U << 20;
  seconds future_tolerance{300};
  std::chrono::days max_age{30};
  seconds identity_window{21'600};
  bool register_unknown_trucks = true;
};

struct limits_keys {
  std::size_t max_connections = 10'000;
  std::size_t max_connections_per_address = 1'000;
  double truck_requests_per_s = 1;
  std::size_t truck_burst = 10;
  double subject_requests_per_s = 50;
  std::size_t subject_burst = 500;
  std::size_t failed_logins_per_minute = 60;
};

struct engine_keys {
  seconds offline_after{600};
  std::size_t max_trucks = 1'000'000;
  std::size_t max_geofences = 200'000;
  double stop_speed_kmh = 5;
  seconds stop_after{120};
  std::size_t window_budget_bytes = std::size_t{4} << 30;  // of all trucks together
  std::size_t identity_bytes_max = 61'440;                 // per truck
  seconds refold_window{21'600};                           // not read yet
  seconds max_segment{120};
  std::optional<double> default_speed_limit_kmh;
};

struct filters_keys {
  bool enabled = true;
  double max_speed_kmh = 300;
  double max_accuracy_m = 1000;
};

struct hub_keys {
  std::size_t max_pending_bytes = 65'536;
  std::size_t max_pending_events = 1000;
  std::size_t max_connections = 10'000;
  seconds ping_interval{15};
};

struct log_keys {
  std::string level = "info";
  std::string format = "console";  // or "json"
};

struct config {
  std::optional<std::filesystem::path> read_from;  // no key: the file, to be read again by a reload
  bool adopt = false;                              // no key: --adopt
  std::filesystem::path data_dir = "./haulcast-data";
  server_keys server;
  auth_keys auth;
  journal_keys journal;
  store_keys store;
  redis_keys redis;
  ingest_keys ingest;
  limits_keys limits;
  engine_keys engine;
  filters_keys filters;
  hub_keys hub;
  log_keys log;
};

/// The process's variables by name, or a test's.
using environment = std::map<std::string, std::string, std::less<>>;
environment current_environment();

/// Defaults, then the file, then the environment, each over the one before it. Error: one line that begins with FILE:LINE or
/// the variable's name. What keys demand of one another is left to validate(). Blocking.
///
/// HAULCAST_SECTION__KEY and HAULCAST_DATA_DIR set keys; HAULCAST_SECTION__KEY_FILE names a file that holds a secret's value
/// (a line feed at its end does not count). Lists are one line of YAML: [{...}, {...}]. An empty variable counts as not set.
/// Other variables with a double underscore after HAULCAST_ are errors; those without one are somebody else's (HAULCAST_TOKEN;
/// Kubernetes sets HAULCAST_PORT).
result<config> load_config(const std::optional<std::filesystem::path>& file, const environment& variables);

/// What no single key can say: a secret good enough for the address listened on, sizes that fit into one another. One sentence.
result<void> validate(const config& cfg);

/// The configuration as YAML, every key in order, secrets as `***`.
std::string show(const config& cfg);

/// The manual: every key with its default, explained. config/haulcast.example.yaml is this text.
std::string example_config();

}  // namespace haulcast::app
