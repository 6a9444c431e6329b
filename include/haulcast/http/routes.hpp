// The routes of the spine: what a request is turned into, and what it is answered.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/auth/principal.hpp"
#include "haulcast/auth/ws_tickets.hpp"
#include "haulcast/base/time.hpp"
#include "haulcast/http/origins.hpp"
#include "haulcast/http/router.hpp"
#include "haulcast/wire/batch_parser.hpp"

namespace haulcast::pipeline {
class pipeline;
}
namespace haulcast::queries {
class answer_memory;
class pool;
class stream_consumers;
}  // namespace haulcast::queries

namespace haulcast::http {

class rate_limits;

struct ingest_options {
  wire::batch_limits limits;
  std::size_t max_body_bytes = 1 << 20;
};

/// Takes over a connection. `answer`, to its handshake, is still to be sent. It is subscribed to `deliveries` from the start.
using live_handler = std::function<void(departed connection, std::string answer, std::shared_ptr<const auth::principal> who,
                                        std::vector<std::string> deliveries)>;
struct live_door {
  entrance way_in;
  std::function<bool()> full;  // no connection more
  live_handler enter;
  bool query_token = false;  // takes `?access_token=` too
  allowed_origins pages;     // of other origins that may connect; our own host's always may
};

/// A ticket for whoever asks with a token, or why there is none.
using ticket_office = std::function<result<std::string, auth::ticket_refusal>(std::shared_ptr<const auth::principal> who)>;

/// What questions about the past are answered from.
struct history_door {
  pipeline::pipeline& spine;
  queries::pool& threads;
  std::shared_ptr<queries::answer_memory> memory;
  std::function<std::uint64_t()> stored;   // every record up to here is in the store
  std::function<utc_time()> stored_until;  // server time of that record
  std::string event_source;
};

/// What /metrics shows, as Prometheus text.
using metrics_page = std::function<std::string()>;

/// `trucks` is asked about each batch; null: trucks are not limited.
void add_ingest_routes(router& to, pipeline::pipeline& spine, const ingest_options& options, rate_limits* trucks = nullptr);
void add_truck_routes(router& to, pipeline::pipeline& spine);
/// `loop`: what is read aside comes back to it.
void add_geofence_routes(router& to, pipeline::pipeline& spine, net::any_io_executor loop);
void add_event_routes(router& to, pipeline::pipeline& spine, std::string event_source);
/// History, events, figures, quarantine.
void add_history_routes(router& to, history_door door);
/// The stream of positions, and its consumers' checkpoints.
void add_position_stream_routes(router& to, pipeline::pipeline& spine, queries::stream_consumers& consumers);
void add_live_routes(router& to, live_door door);
/// `lifetime`: of a ticket.
void add_ticket_routes(router& to, ticket_office office, seconds lifetime);
/// /healthz, /readyz, /version, /metrics.
void add_operation_routes(router& to, const pipeline::pipeline& spine, metrics_page page);
/// /openapi.json, /asyncapi.json, /docs and a page for each error code; for everybody.
void add_docs_routes(router& to);

}  // namespace haulcast::http
