#include <fmt/format.h>
#include <spdlog/spdlog.h>
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
#include "haulcast/app/credential_check.hpp"
#include "haulcast/app/door_options.hpp"
#include "haulcast/app/history.hpp"
#include "haulcast/app/identity.hpp"
#include "haulcast/app/logging.hpp"
#include "haulcast/app/metrics_page.hpp"
#include "haulcast/app/reload.hpp"
#include "haulcast/app/reloadables.hpp"
#include "haulcast/app/signals.hpp"
#include "haulcast/app/spine.hpp"
#include "haulcast/http/rate_limits.hpp"
#include "haulcast/http/routes.hpp"
#include "haulcast/http/server.hpp"
#include "haulcast/hub/hub.hpp"
#include "haulcast/journal/data_directory.hpp"
#include "haulcast/pipeline/pipeline.hpp"
#include "haulcast/queries/answer_memory.hpp"
#include "haulcast/queries/pool.hpp"
#include "haulcast/queries/stream_consumers.hpp"
#include "haulcast/ws/live_server.hpp"

namespace haulcast::app {

namespace {

namespace net = boost::asio;
using namespace std::chrono_literals;

constexpr auto drain_max = 4s;
constexpr auto store_drain_max = 2s;

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

[[noreturn]] void end_at_once() {
  stop_logging();
  std::_Exit(exit_stopped);
}

pipeline::pipeline_options held_back_by(const consumers::store_consumer& store, pipeline::pipeline_options options) {
  options.held_from = [&store] { return store.holds(); };
  return options;
}

queries::pool_options query_threads(std::size_t count) { return {.threads = count, .waiting_most = 32 * count}; }

struct history_sources {
  std::function<std::unique_ptr<store::reader>()> make_reader;
  queries::stream_consumers::stored consumers;
};

// Everything that lives on the loop, in the order in which it stands on one another.
class house {
 public:
  house(const config& cfg, credential_rules rules, spine_files files, journal::recovered life,
        std::unique_ptr<consumers::store_consumer> store, history_sources past)
      : files_{std::move(files)},
        store_{std::move(store)},
        hub_{"/haulcast/" + files_.log->id()},
        pipeline_{loop_, held_back_by(*store_, pipeline_options_of(cfg)), *files_.log, *files_.snapshots, std::move(life),
                  hub_},
        questions_{loop_.get_executor(), query_threads(cfg.store.query_threads), std::move(past.make_reader)},
        stream_consumers_{loop_.get_executor(), std::move(past.consumers)},
        live_{loop_, pipeline_, hub_, live_options_of(cfg)},
        credentials_{std::move(rules)},
        limits_{rate_limits_of(cfg)},
        server_{loop_.get_executor(), server_options_of(cfg), routes(cfg)},
        reloads_{loop_, reloadables(cfg, credentials_, server_, [this](auto whose) { end(std::move(whose)); })},
        signals_{loop_, SIGINT, SIGTERM},
        hangups_{loop_, SIGHUP} {}

  void use_certificate(tls::context shown) { server_.use_certificate(std::move(shown)); }
  result<net::ip::tcp::endpoint> listen(const net::ip::tcp::endpoint& where) { return server_.listen(where); }

  void run() {
    pipeline_.start();
    store_->start();
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

  /// What is committed goes to the store, if it takes it in time. False: the store keeps hold of its thread.
  bool leave_store() { return store_->stop(store_drain_max); }
  /// Whether somebody still waits for a store that does not answer.
  bool asks_store() const { return questions_.busy() != 0; }

 private:
  http::router routes(const config& cfg) {
    const http::entrance way_in{[this](const http::credential& shown) { return credentials_.believe(shown); },
                                [this](const http::credential& shown) { return credentials_.recall(shown); }, &limits_};
    http::router to{way_in};
    to.give_way_when([this] { return pipeline_.pressed(); });
    http::add_ingest_routes(to, pipeline_, ingest_options_of(cfg), &limits_);
    http::add_truck_routes(to, pipeline_);
    http::add_geofence_routes(to, pipeline_, loop_.get_executor());
    http::add_event_routes(to, pipeline_, hub_.event_source());
    http::add_position_stream_routes(to, pipeline_, stream_consumers_);
    http::add_history_routes(to, {.spine = pipeline_,
                                  .threads = questions_,
                                  .memory = answers_,
                                  .stored = [this] { return store_->reached(); },
                                  .stored_until = [this] { return store_->figures().heard; },
                                  .event_source = hub_.event_source()});
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
        to, [this](auto who) { return credentials_.issue_ticket(std::move(who)); }, credentials_.tickets().lifetime());
    http::add_operation_routes(to, pipeline_, [this] {
      return metrics_text({.spine = pipeline_,
                           .store = *store_,
                           .questions = questions_,
                           .answers = *answers_,
                           .stream_consumers = stream_consumers_,
                           .fan_out = hub_,
                           .live = live_,
                           .door = server_,
                           .tokens = credentials_.tokens(),
                           .api_keys = credentials_.api_keys(),
                           .tickets = credentials_.tickets(),
                           .limits = limits_,
                           .reloads = reloads_.metrics()});
    });
    http::add_docs_routes(to);
    return to;
  }

  // Those who are connected were believed before; everybody else is asked for a credential.
  void end(const std::function<bool(const auth::principal&)>& whose) {
    live_.revoke(whose);
    server_.end_streams(whose);
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
  std::unique_ptr<consumers::store_consumer> store_;
  hub::hub hub_;
  pipeline::pipeline pipeline_;
  std::shared_ptr<queries::answer_memory> answers_ = std::make_shared<queries::answer_memory>();
  queries::pool questions_;
  queries::stream_consumers stream_consumers_;
  ws::live_server live_;
  credential_check credentials_;
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
  if (believes_hs256(cfg)) {
    if (const auto secret = signing_secret(cfg); !secret) return give_up(exit_data_directory, secret.error().what);
  }
  auto tokens = token_rules_of(cfg);
  if (!tokens) return give_up(exit_wrong_usage, tokens.error().what);
  for (const auto& warning : identity_warnings(cfg)) spdlog::warn("{}", warning);
  auto api_keys = auth::api_key_table::load(api_keys_file(cfg));
  if (!api_keys) return give_up(exit_data_directory, api_keys.error().what);
  auto files = open_spine(cfg, *directory);
  if (!files) return give_up(exit_data_directory, files.error().what);
  auto life = pipeline::begin_life(*files->log, *files->snapshots, pipeline_options_of(cfg));
  if (!life) return give_up(exit_data_directory, life.error().what);
  spdlog::info("recovered {} trucks; replayed {} records from {}", life->world.size(), life->records, life->replayed_from);

  auto store = begin_history(cfg, *directory, *files->log);
  if (!store) return give_up(exit_data_directory, store.error().what);

  auto consumers = queries::stream_consumers::load(directory->stream_consumers(), files->log->id());
  if (!consumers) return give_up(exit_data_directory, consumers.error().what);

  const auto where = http::parse_endpoint(cfg.server.listen);
  if (!where) return give_up(exit_wrong_usage, where.error().what);
  house h{cfg,
          {std::move(*tokens), std::move(*api_keys)},
          std::move(*files),
          std::move(*life),
          std::move(*store),
          {[&cfg, &directory] { return history_reader(cfg, *directory); }, std::move(*consumers)}};
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
  const bool left = h.leave_store();
  if (!left) spdlog::warn("the store does not answer: left as it is, the journal has what it lacks");
  spdlog::info("stopped");
  // A thread uses what would be cleaned up now. Everything acknowledged is committed.
  if (!left || h.asks_store()) end_at_once();
  return exit_stopped;
}

}  // namespace haulcast::app
