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

#include "haulcast/app/commands.hpp"
#include "haulcast/app/identity.hpp"
#include "haulcast/app/metrics_page.hpp"
#include "haulcast/app/reload.hpp"
#include "haulcast/app/signals.hpp"
#include "haulcast/app/spine.hpp"
#include "haulcast/auth/token.hpp"
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

// What a reload may change: the configuration as it is written now, of which only `auth` is taken.
result<config> read_again(const config& running) {
  auto fresh = load_config(running.read_from, current_environment());
  if (!fresh) return fresh.error();
  config next = running;
  next.auth = std::move(fresh->auth);
  if (auto valid = validate(next); !valid) return valid.error();
  return next;
}

// Everything that lives on the loop, in the order in which it stands on one another.
class house {
 public:
  house(const config& cfg, auth::token_rules rules, spine_files files, journal::recovered life)
      : files_{std::move(files)},
        hub_{"/haulcast/" + files_.log->id()},
        pipeline_{loop_, pipeline_options_of(cfg), *files_.log, *files_.snapshots, std::move(life), hub_},
        live_{loop_, pipeline_, hub_, live_options_of(cfg)},
        tokens_{std::move(rules)},
        server_{loop_.get_executor(),
                {.connections_max = std::min(cfg.limits.max_connections, descriptors_for_connections())},
                routes(cfg)},
        reloads_{loop_, reloadables(cfg)},
        signals_{loop_, SIGINT, SIGTERM},
        hangups_{loop_, SIGHUP} {}

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
    const http::router::authenticate authenticate = [this](std::string_view token) {
      return tokens_.verify(token, system_now());
    };
    http::router to{authenticate};
    http::add_ingest_routes(to, pipeline_, ingest_options_of(cfg));
    http::add_truck_routes(to, pipeline_);
    http::add_event_routes(to, pipeline_, hub_.event_source());
    http::add_live_routes(to, {.authenticate = authenticate,
                               .full = [this] { return live_.full(); },
                               .enter =
                                   [this](auto connection, auto answer, auto who, auto deliveries) {
                                     live_.serve({.socket = std::move(connection.socket),
                                                  .who = std::move(who),
                                                  .answer = std::move(answer),
                                                  .received = std::move(connection.buffered),
                                                  .deliveries = std::move(deliveries),
                                                  .counted = std::move(connection.counted)});
                                   },
                               .query_token = cfg.auth.query_token});
    http::add_operation_routes(to, pipeline_, [this] {
      return metrics_text({.spine = pipeline_,
                           .fan_out = hub_,
                           .live = live_,
                           .door = server_,
                           .tokens = tokens_,
                           .reloads = reloads_.metrics()});
    });
    return to;
  }

  std::vector<reloadable> reloadables(const config& cfg) {
    return {{.name = "tokens", .read = [this, cfg] { return read_tokens(cfg); }}};
  }

  // On the thread aside.
  result<put_in_force> read_tokens(const config& running) {
    const auto cfg = read_again(running);
    if (!cfg) return cfg.error();
    auto read = token_rules_of(*cfg);
    if (!read) return read.error();
    const auto rules = std::make_shared<auth::token_rules>(std::move(*read));
    return put_in_force{[this, rules]() -> std::shared_ptr<void> {
      spdlog::info("reloaded: {} keys, {} revoked subjects", rules->keys.size(), rules->revoked.size());
      *rules = tokens_.replace(std::move(*rules));
      end_revoked();
      return rules;
    }};
  }

  // Those who are connected were believed before; everybody else is asked for a token.
  void end_revoked() {
    if (tokens_.rules().revoked.empty()) return;
    const auto is_revoked = [this](const auth::principal& who) { return tokens_.is_revoked(who.subject); };
    live_.revoke(is_revoked);
    server_.end_streams(is_revoked);
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
  auto directory = journal::data_directory::open(cfg.data_dir);
  if (!directory) return give_up(exit_data_directory, directory.error().what);
  if (believes_hs256(cfg)) {
    if (const auto secret = signing_secret(cfg); !secret) return give_up(exit_data_directory, secret.error().what);
  }
  auto rules = token_rules_of(cfg);
  if (!rules) return give_up(exit_wrong_usage, rules.error().what);
  auto files = open_spine(cfg, *directory);
  if (!files) return give_up(exit_data_directory, files.error().what);
  auto life = pipeline::begin_life(*files->log, *files->snapshots, pipeline_options_of(cfg));
  if (!life) return give_up(exit_data_directory, life.error().what);
  spdlog::info("recovered {} trucks; replayed {} records from {}", life->world.size(), life->records, life->replayed_from);

  const auto where = http::parse_endpoint(cfg.server.listen);
  if (!where) return give_up(exit_wrong_usage, where.error().what);
  house h{cfg, std::move(*rules), std::move(*files), std::move(*life)};
  const auto listening = h.listen(*where);
  if (!listening) return give_up(exit_failed, listening.error().what);
  const auto host =
      listening->address().is_v6() ? fmt::format("[{}]", listening->address().to_string()) : listening->address().to_string();
  std::printf("listening on http://%s:%u\n", host.c_str(), static_cast<unsigned>(listening->port()));
  std::fflush(stdout);
  release_signals();
  h.run();
  hold_signals();  // a late one must not end in an exit code of its own
  spdlog::info("stopped");
  return exit_stopped;
}

}  // namespace haulcast::app
