#include "support/ledger_loader.hpp"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "haulcast/client/back_off.hpp"
#include "haulcast/client/http_connection.hpp"

namespace haulcast::support {
namespace net = boost::asio;

namespace {

constexpr auto as_awaitable = net::as_tuple(net::use_awaitable);
constexpr std::size_t contradictions_max = 100;

struct worker {
  client::http_connection one, two;
  client::back_off pauses;
  net::steady_timer timer;
  ledger_plan plan;
  std::size_t current = SIZE_MAX;  // its batch in the books that has no 200 yet
};

}  // namespace

struct ledger_loader::state {
  ledger_options options;
  client::base_url server;
  net::io_context io{1};
  const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  ledger books;
  std::vector<std::unique_ptr<worker>> workers;
  std::size_t begun = 0;    // batches
  std::size_t running = 0;  // workers
  bool stopping = false;    // on the loop
  std::atomic<std::uint64_t> acknowledged{0};
  std::mutex mutex;
  std::condition_variable changed;
  bool ended = false;  // guarded by mutex
  std::thread thread;

  state(client::base_url to, ledger_options with) : options{std::move(with)}, server{std::move(to)} {
    if (options.begin == utc_time{}) options.begin = system_now() - std::chrono::hours{3};
    for (std::size_t i = 0; i < options.trucks; ++i) books.trucks.push_back("LEDGER-" + std::to_string(i));
    client::http_options limits;
    limits.token = options.token;
    limits.answer_within = options.answer_within;
    for (std::size_t w = 0; w < options.workers; ++w) {
      std::vector<std::uint32_t> mine;
      for (std::size_t i = w; i < options.trucks; i += options.workers) mine.push_back(static_cast<std::uint32_t>(i));
      const std::uint64_t seed = client::mix(options.seed, w);
      workers.push_back(std::make_unique<worker>(
          worker{client::http_connection{io.get_executor(), server, limits},
                 client::http_connection{io.get_executor(), server, limits},
                 client::back_off{{std::chrono::milliseconds{5}, options.retry_max}, seed}, net::steady_timer{io},
                 ledger_plan{seed, options.mix, std::move(mine), books.trucks, options.begin}}));
    }
    running = workers.size();
    for (const auto& w : workers) net::co_spawn(io, work(*w), [this](std::exception_ptr bug) { worker_ended(bug); });
  }

  void worker_ended(std::exception_ptr bug) {
    if (bug) std::rethrow_exception(bug);
    if (--running > 0) return;
    {
      const std::lock_guard lock{mutex};
      ended = true;
    }
    changed.notify_all();
  }

  net::awaitable<void> pause(worker& w, std::chrono::milliseconds length) {
    w.timer.expires_after(length);
    co_await w.timer.async_wait(as_awaitable);
  }

  net::awaitable<void> work(worker& w) {
    while (!stopping && (options.batches == 0 || begun < options.batches)) {
      co_await rest(w);
      ++begun;
      planned_batch planned = w.plan.next();
      // The books hold it before it is sent: whatever happens, it is known that it was on its way.
      w.current = books.batches.size();
      books.batches.push_back(planned.batch);
      co_await send_until_acknowledged(w, planned);
      if (options.pause > std::chrono::milliseconds::zero()) co_await pause(w, options.pause);
      while (!stopping && w.plan.newest() > system_now()) co_await pause(w, std::chrono::milliseconds{20});
    }
  }

  net::awaitable<void> rest(worker& w) {
    const auto at = (std::chrono::steady_clock::now() - started) % (options.burst + options.rest);
    if (at >= options.burst) co_await pause(w, std::chrono::ceil<std::chrono::milliseconds>(options.burst + options.rest - at));
  }

  net::awaitable<void> send_until_acknowledged(worker& w, const planned_batch& planned) {
    for (bool first = true;; first = false) {
      if (first && planned.twice_at_once) {
        using namespace net::experimental::awaitable_operators;
        auto one = attempt(w.one, w.current, planned, true);
        auto two = attempt(w.two, w.current, planned, true);
        co_await (std::move(one) && std::move(two));
      } else {
        co_await attempt(w.one, w.current, planned, false);
      }
      ledger_batch& batch = books.batches[w.current];
      if (batch.acknowledged()) break;
      co_await pause(w, w.pauses.failed());
    }
    w.pauses.succeeded();
    close_books(books.batches[w.current], planned);
  }

  net::awaitable<void> attempt(client::http_connection& connection, std::size_t which, const planned_batch& planned,
                               bool twin) {
    client::http_request request;
    request.method = "POST";
    request.target = "/v1/positions";
    request.body = planned.body;
    ledger_attempt made;
    made.twin = twin;
    made.sent_at = system_now();
    const auto answer = co_await connection.send(request);
    made.answered_at = system_now();
    if (answer) note(made, *answer, planned);
    books.batches[which].attempts.push_back(std::move(made));
  }

  void note(ledger_attempt& made, const client::http_response& answer, const planned_batch& planned) {
    made.status = answer.status;
    if (answer.status != 200) {
      if (!client::worth_retrying(answer.status)) contradict("status " + std::to_string(answer.status) + ": " + answer.body);
      return;
    }
    auto told_us = client::parse_verdict(answer.body, planned.expected.size());
    if (told_us) {
      made.answer = std::move(*told_us);
    } else {
      made.status = 0;  // whatever it was, it was no acknowledgement
      contradict(told_us.error().what);
    }
  }

  void close_books(ledger_batch& batch, const planned_batch& planned) {
    for (std::string& sentence : settle(batch, planned.expected)) contradict(sentence + ": " + planned.body);
    acknowledged += batch.positions.size();
  }

  void contradict(std::string sentence) {
    if (books.contradictions.size() < contradictions_max) books.contradictions.push_back(std::move(sentence));
  }
};

ledger_loader::ledger_loader(client::base_url server, ledger_options options)
    : state_{std::make_unique<state>(std::move(server), std::move(options))} {
  state_->thread = std::thread{[s = state_.get()] { s->io.run(); }};
}

ledger_loader::~ledger_loader() {
  if (!state_->thread.joinable()) return;
  state_->io.stop();
  state_->thread.join();
}

std::uint64_t ledger_loader::acknowledged() const noexcept { return state_->acknowledged; }

bool ledger_loader::wait(std::chrono::milliseconds within) {
  std::unique_lock lock{state_->mutex};
  return state_->changed.wait_for(lock, within, [this] { return state_->ended; });
}

ledger ledger_loader::finish(std::chrono::milliseconds within) {
  net::post(state_->io, [s = state_.get()] { s->stopping = true; });
  wait(within);
  state_->io.stop();
  state_->thread.join();
  return std::move(state_->books);
}

}  // namespace haulcast::support
