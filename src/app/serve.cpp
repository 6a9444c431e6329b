#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "haulcast/app/certificate.hpp"
#include "haulcast/app/commands.hpp"
#include "haulcast/app/metrics_page.hpp"
#include "haulcast/app/reload.hpp"
#include "haulcast/app/signals.hpp"
#include "haulcast/app/spine.hpp"
#include "haulcast/auth/api_keys.hpp"
#include "haulcast/auth/token.hpp"
#include "haulcast/auth/ws_tickets.hpp"
#include "haulcast/http/rate_limits.hpp"
#include "haulcast/http/routes.hpp"
#include "haulcast/http/server.hpp"
#include "haulcast/hub/hub.hpp"
#include "haulcast/journal/data_directory.hpp"
#include "haulcast/pipeline/pipeline.hpp"
#include "haulcast/ws/live_server.hpp"

namespace haulcast::app {

namespace {

namespace net = boost::asio;
using namespace std::chrono_literals;

constexpr auto drain_max = 4s;
constexpr rlim_t descriptors_kept_back = 128;  // journal, snapshots, logs, the listening socket

int give_up(exit_code code, const std::string& why) {
  std::fprintf(stderr, "haulcast: %s\n", why.c_str());
  return code;
}

// What is half done when memory ends cannot be undone. Everything acknowledged is in the journal, so the next start has it.
[[noreturn]] void end_without_memory() {
  constexpr std::string_view last_words = "haulcast: out of memory; everything acknowledged is in the journal\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, last_words.data(), last_words.size());
  std::_Exit(exit_failed);
}

// As many descriptors as the system lets us have; connections stay below.
std::size_t descriptors_for_connections() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 512;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur > 2 * descriptors_kept_back ? limit.rlim_cur - descriptors_kept_back : limit.rlim_cur / 2;
}

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

http::rate_limit_options rate_limits_of(const limits_keys& keys) {
  return {.truck = bucket_limit::per_second(keys.truck_requests_per_s, keys.truck_burst),
          .subject = bucket_limit::per_second(keys.subject_requests_per_s, keys.subject_burst),
          .failed_logins =
              bucket_limit::per_second(static_cast<double>(keys.failed_logins_per_minute) / 60, keys.failed_logins_per_minute)};
}

// Everything that lives on the loop, in the order in which it stands on one another.
class house {
 public:
  house(const config& cfg, std::string secret, std::shared_ptr<const auth::api_key_table> keys, spine_files files,
        journal::recovered life)
      : files_{std::move(files)},
        hub_{"/haulcast/" + files_.log->id()},
        pipeline_{loop_, pipeline_options_of(cfg), *files_.log, *files_.snapshots, std::move(life), hub_},
        live_{loop_, pipeline_, hub_, live_options_of(cfg)},
        tokens_{{.hs256_secret = std::move(secret), .issuer = cfg.auth.issuer, .audience = cfg.auth.audience}},
        api_keys_{std::move(keys)},
        tickets_{{}},
        limits_{rate_limits_of(cfg.limits)},
        server_{loop_.get_executor(), server_options_of(cfg), routes(cfg)},
        reloads_{loop_, reloadables(cfg)},
        signals_{loop_, SIGINT, SIGTERM},
        hangups_{loop_, SIGHUP} {}

  void use_certificate(tls::context shown) { server_.use_certificate(std::move(shown)); }
  result<net::ip::tcp::endpoint> listen(const net::ip::tcp::endpoint& where) { return server_.listen(where); }

  void run() {
    pipeline_.start();
    await_signal();
    await_hangup();
    for (;;) {
      try {
        loop_.run();
        return;
      } catch (const std::exception& surprise) {  // nothing that one session does ends the others
        spdlog::error("unexpected: {}", surprise.what());
      }
    }
  }

 private:
  http::router routes(const config& cfg) {
    const http::entrance way_in{[this](const http::credential& shown) { return believe(shown); },
                                [this](const http::credential& shown) { return recall(shown); }, &limits_};
    http::router to{way_in};
    to.give_way_when([this] { return pipeline_.pressed(); });
    http::add_ingest_routes(to, pipeline_, ingest_options_of(cfg), &limits_);
    http::add_truck_routes(to, pipeline_);
    http::add_event_routes(to, pipeline_, hub_.event_source());
    http::add_live_routes(to, {.way_in = way_in,
                               .full = [this] { return live_.full(); },
                               .enter =
                                   [this](auto connection, auto answer, auto who, auto deliveries) {
                                     live_.serve({.socket = std::move(connection.socket),
                                                  .secured = std::move(connection.secured),
                                                  .who = std::move(who),
                                                  .answer = std::move(answer),
                                                  .received = std::move(connection.buffered),
                                                  .deliveries = std::move(deliveries),
                                                  .counted = std::move(connection.counted)});
                                   },
                               .query_token = cfg.auth.query_token,
                               .pages = http::allowed_origins{cfg.server.cors_origins}});
    http::add_ticket_routes(
        to, [this](auto who) { return tickets_.issue(std::move(who), auth::ws_tickets::clock::now()); }, tickets_.lifetime());
    http::add_operation_routes(to, pipeline_, [this] {
      return metrics_text({.spine = pipeline_,
                           .fan_out = hub_,
                           .live = live_,
                           .door = server_,
                           .api_keys = api_keys_,
                           .tickets = tickets_,
                           .limits = limits_,
                           .reloads = reloads_.metrics()});
    });
    http::add_docs_routes(to);
    return to;
  }

  /// What costs a look-up at most: API keys and tickets always, a token that was believed before.
  std::optional<http::entrance::verdict> recall(const http::credential& shown) {
    if (shown.what == http::credential::kind::token) return tokens_.recall(shown.text, system_now());
    return believe(shown);
  }

  result<std::shared_ptr<const auth::principal>, auth::token_error> believe(const http::credential& shown) {
    const auto now = system_now();
    switch (shown.what) {
      case http::credential::kind::token: return tokens_.verify(shown.text, now);
      case http::credential::kind::api_key: return api_keys_.verify(shown.text, now);
      case http::credential::kind::ticket: return redeem(shown.text, now);
    }
    return auth::token_error::invalid;
  }

  // A key that was revoked meanwhile opens nothing any more, nor does what was bought with it.
  http::entrance::verdict redeem(std::string_view ticket, utc_time now) {
    auto who = tickets_.redeem(ticket, auth::ws_tickets::clock::now(), now);
    if (who && !api_keys_.still_holds(**who)) return auth::token_error::invalid;
    return who;
  }

  std::vector<reloadable> reloadables(const config& cfg) {
    std::vector<reloadable> all{{.name = "API keys", .read = [this, cfg] { return read_api_keys(cfg); }}};
    if (cfg.server.tls.certificate)
      all.push_back({.name = "certificate", .read = [this, cfg] { return read_certificate(cfg); }});
    return all;
  }

  // These two on the thread aside.
  result<put_in_force> read_api_keys(const config& cfg) {
    auto read = auth::api_key_table::load(api_keys_file(cfg));
    if (!read) return read.error();
    return put_in_force{[this, keys = std::move(*read)]() -> std::shared_ptr<void> {
      spdlog::info("reloaded: {} API keys", keys->size());
      return std::const_pointer_cast<auth::api_key_table>(api_keys_.replace(keys));
    }};
  }
  result<put_in_force> read_certificate(const config& cfg) {
    auto read = load_certificate_of(cfg);
    if (!read) return read.error();
    for (const auto& warning : (*read)->warnings) spdlog::warn("{}", warning);
    return put_in_force{[this, shown = (*read)->shown]() -> std::shared_ptr<void> {
      spdlog::info("reloaded: the certificate");
      server_.use_certificate(shown);
      return nullptr;
    }};
  }

  void await_hangup() {
    hangups_.async_wait([this](boost::system::error_code error, int) {
      if (error) return;
      reloads_.reload();
      await_hangup();
    });
  }

  void await_signal() {
    signals_.async_wait([this](boost::system::error_code error, int) {
      if (error) return;
      signals_.async_wait([](boost::system::error_code again, int) {
        if (!again) std::_Exit(exit_failed);
      });
      net::co_spawn(loop_, leave(), net::detached);
    });
  }

  // Not ready, stop accepting, finish what is in flight, close the live connections, commit, go.
  net::awaitable<void> leave() {
    spdlog::info("stopping");
    server_.stop_accepting();
    co_await pipeline_.drain();
    live_.close_all();
    if (!co_await server_.drained(drain_max)) {
      spdlog::warn("some connections did not end in time");
      server_.close_all();
    }
    loop_.stop();
  }

  net::io_context loop_{1};
  spine_files files_;
  hub::hub hub_;
  pipeline::pipeline pipeline_;
  ws::live_server live_;
  auth::token_verifier tokens_;
  auth::api_keys api_keys_;
  auth::ws_tickets tickets_;
  http::rate_limits limits_;
  http::server server_;
  reloader reloads_;
  net::signal_set signals_;
  net::signal_set hangups_;
};

}  // namespace

int serve(const config& cfg) {
  std::signal(SIGPIPE, SIG_IGN);
  std::set_new_handler(end_without_memory);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error like any other
  auto certificate = load_certificate_of(cfg);
  if (!certificate) return give_up(exit_wrong_usage, certificate.error().what);
  auto directory = journal::data_directory::open(cfg.data_dir);
  if (!directory) return give_up(exit_data_directory, directory.error().what);
  auto secret = signing_secret(cfg);
  if (!secret) return give_up(exit_data_directory, secret.error().what);
  auto keys = auth::api_key_table::load(api_keys_file(cfg));
  if (!keys) return give_up(exit_data_directory, keys.error().what);
  auto files = open_spine(cfg, *directory);
  if (!files) return give_up(exit_data_directory, files.error().what);
  auto life = pipeline::begin_life(*files->log, *files->snapshots, pipeline_options_of(cfg));
  if (!life) return give_up(exit_data_directory, life.error().what);
  spdlog::info("recovered {} trucks; replayed {} records from {}", life->world.size(), life->records, life->replayed_from);

  const auto where = http::parse_endpoint(cfg.server.listen);
  if (!where) return give_up(exit_wrong_usage, where.error().what);
  house h{cfg, std::move(secret->text), std::move(*keys), std::move(*files), std::move(*life)};
  if (*certificate) {
    for (const auto& warning : (*certificate)->warnings) spdlog::warn("{}", warning);
    h.use_certificate((*certificate)->shown);
  }
  const auto listening = h.listen(*where);
  if (!listening) return give_up(exit_failed, listening.error().what);
  const auto host =
      listening->address().is_v6() ? fmt::format("[{}]", listening->address().to_string()) : listening->address().to_string();
  std::printf("listening on %s://%s:%u\n", *certificate ? "https" : "http", host.c_str(),
              static_cast<unsigned>(listening->port()));
  std::fflush(stdout);
  release_signals();
  h.run();
  hold_signals();  // a late one must not end in an exit code of its own
  spdlog::info("stopped");
  return exit_stopped;
}

}  // namespace haulcast::app
