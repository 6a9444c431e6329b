// What /metrics shows: the plain numbers of every room, gathered at a scrape.
#pragma once

#include <string>

namespace haulcast {
namespace consumers {
class store_consumer;
}
namespace auth {
class api_keys;
class token_verifier;
class ws_tickets;
}  // namespace auth
namespace http {
class rate_limits;
class server;
}  // namespace http
namespace hub {
class hub;
}
namespace pipeline {
class pipeline;
}
namespace queries {
class answer_memory;
class pool;
class stream_consumers;
}  // namespace queries
namespace ws {
class live_server;
}
}  // namespace haulcast

namespace haulcast::app {

struct reload_metrics;

struct metrics_sources {
  const pipeline::pipeline& spine;
  const consumers::store_consumer& store;
  const queries::pool& questions;
  const queries::answer_memory& answers;
  const queries::stream_consumers& stream_consumers;
  const hub::hub& fan_out;
  const ws::live_server& live;
  const http::server& door;
  const auth::token_verifier& tokens;
  const auth::api_keys& api_keys;
  const auth::ws_tickets& tickets;
  const http::rate_limits& limits;
  const reload_metrics& reloads;
};

/// Prometheus text format 0.0.4. No label ever holds a truck's id or anything else a client chose. Loop only; O(metrics +
/// subscribers).
std::string metrics_text(const metrics_sources& from);

}  // namespace haulcast::app
