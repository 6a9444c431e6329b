#include "haulcast/app/door_options.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace haulcast::app {
namespace {

constexpr rlim_t descriptors_kept_back = 128;  // journal, snapshots, logs, the listening socket

// As many descriptors as the system lets us have; connections stay below.
std::size_t descriptors_for_connections() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 512;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur > 2 * descriptors_kept_back ? limit.rlim_cur - descriptors_kept_back : limit.rlim_cur / 2;
}

}  // namespace

ws::live_options live_options_of(const config& cfg) {
  return {.outbox = {.max_pending_bytes = cfg.hub.max_pending_bytes, .max_pending_events = cfg.hub.max_pending_events},
          .ping_interval = cfg.hub.ping_interval,
          .max_connections = cfg.hub.max_connections};
}

http::ingest_options ingest_options_of(const config& cfg) {
  return {.limits = {.max_positions = cfg.ingest.max_batch,
                     .future_tolerance = cfg.ingest.future_tolerance,
                     .max_age = cfg.ingest.max_age},
          .max_body_bytes = cfg.ingest.max_body_bytes};
}

http::server_options server_options_of(const config& cfg) {
  std::vector<http::network> proxies;
  for (const std::string& one : cfg.server.trusted_proxies) proxies.push_back(http::network::parse(one).value());
  return {.connections_max = std::min(cfg.limits.max_connections, descriptors_for_connections()),
          .connections_per_address_max = cfg.limits.max_connections_per_address,
          .trusted_proxies = http::network_list{std::move(proxies)},
          .cors = http::allowed_origins{cfg.server.cors_origins}};
}

http::rate_limit_options rate_limits_of(const config& cfg) {
  const limits_keys& keys = cfg.limits;
  return {.truck = bucket_limit::per_second(keys.truck_requests_per_s, keys.truck_burst),
          .subject = bucket_limit::per_second(keys.subject_requests_per_s, keys.subject_burst),
          .failed_logins =
              bucket_limit::per_second(static_cast<double>(keys.failed_logins_per_minute) / 60, keys.failed_logins_per_minute)};
}

}  // namespace haulcast::app
