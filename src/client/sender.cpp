#include "haulcast/client/sender.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <vector>

#include "haulcast/client/back_off.hpp"
#include "haulcast/client/http_connection.hpp"
#include "haulcast/client/verdict.hpp"

namespace haulcast::client {
namespace net = boost::asio;
using std::chrono::steady_clock;

namespace {

constexpr auto as_awaitable = net::as_tuple(net::use_awaitable);

/// A vector, since a deque is half a KiB even when it is empty, and there may be a million trucks.
struct lane {
  std::vector<std::string> pending;  // offered, not in `body`; those before `gone` are empty
  std::size_t gone = 0;
  std::string body;            // the batch on its way or about to be sent again; empty: none
  std::size_t batch_size = 0;  // positions in it
  bool queued = false;         // in `ready`, on its way, or pausing
  back_off pauses{{}};

  std::size_t size() const noexcept { return pending.size() - gone; }
  std::string take_oldest() {
    std::string oldest = std::move(pending[gone++]);
    // Moving the rest down only now and then keeps this O(1) on average.
    if (gone * 2 >= pending.size()) {
      pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(gone));
      gone = 0;
      if (pending.empty()) pending.shrink_to_fit();
    }
    return oldest;
  }
};

}  // namespace

struct sender::state : std::enable_shared_from_this<state> {
  net::any_io_executor executor;
  base_url server;
  sender_options options;
  std::deque<lane> lanes;  // by truck; never moves
  std::deque<lane*> ready;
  std::vector<http_connection*> connections;
  net::steady_timer work;  // never expires: cancelled to wake an idle worker
  net::steady_timer idle;
  send_totals totals;
  std::uint64_t waiting = 0;
  std::size_t workers = 0;
  std::size_t idle_workers = 0;
  steady_clock::time_point last_answer;  // or when something began to wait for one
  std::optional<failure> refused;
  bool stopped = false;

  state(net::any_io_executor ex, base_url to, sender_options with)
      : executor{std::move(ex)}, server{std::move(to)}, options{std::move(with)}, work{executor}, idle{executor} {
    work.expires_at(steady_clock::time_point::max());
  }

  lane& of(std::size_t truck) {
    while (lanes.size() <= truck) {
      lanes.emplace_back();
      lanes.back().pauses = back_off{{}, lanes.size()};
    }
    return lanes[truck];
  }

  void offer(lane& l, std::string position) {
    ++totals.offered;
    if (stopped) {
      ++totals.dropped;
      return;
    }
    if (options.pending_max > 0 && l.size() >= options.pending_max) {
      l.take_oldest();
      ++totals.dropped;
      --waiting;
    }
    l.pending.push_back(std::move(position));
    if (waiting++ == 0) last_answer = steady_clock::now();
    if (!l.queued) queue(l);
  }

  void queue(lane& l) {
    l.queued = true;
    ready.push_back(&l);
    if (idle_workers > 0) {
      work.cancel_one();
    } else if (workers < options.connections) {
      ++workers;
      net::co_spawn(executor, run_worker(shared_from_this()), net::detached);
    }
  }

  static net::awaitable<void> run_worker(std::shared_ptr<state> self) {
    http_options limits;
    limits.token = self->options.token;
    limits.connect_within = self->options.connect_within;
    limits.answer_within = self->options.answer_within;
    limits.body_max = 1024 * 1024;
    http_connection connection{self->executor, self->server, limits};
    self->connections.push_back(&connection);
    co_await net::post(self->executor, as_awaitable);  // a worker made by the first of several offers lets the others in
    while (!self->stopped) {
      if (self->ready.empty()) {
        ++self->idle_workers;
        co_await self->work.async_wait(as_awaitable);
        --self->idle_workers;
        continue;
      }
      lane& next = *self->ready.front();
      self->ready.pop_front();
      co_await self->send(connection, next);
    }
    std::erase(self->connections, &connection);
  }

  /// The same bytes as last time when that got no answer.
  void fill(lane& l) {
    if (l.batch_size > 0) return;
    l.body = R"({"positions":[)";
    while (l.size() > 0 && l.batch_size < options.batch_max) {
      if (l.batch_size > 0 && l.body.size() + l.pending[l.gone].size() + 3 > options.body_max) break;
      if (l.batch_size > 0) l.body += ',';
      l.body += l.take_oldest();
      ++l.batch_size;
    }
    l.body += "]}";
    totals.sent += l.batch_size;
  }

  net::awaitable<void> send(http_connection& connection, lane& l) {
    fill(l);
    http_request request;
    request.method = "POST";
    request.target = "/v1/positions";
    request.body = l.body;
    request.gzip = options.gzip;
    const auto begun = steady_clock::now();
    const auto answer = co_await connection.send(request);
    if (stopped) co_return;
    take(l, answer, steady_clock::now() - begun);
  }

  void take(lane& l, const result<http_response>& answer, steady_clock::duration took) {
    if (!answer) {
      ++totals.lost;
      totals.trouble = answer.error().what;
      return again_after(l, l.pauses.failed());
    }
    last_answer = steady_clock::now();
    if (worth_retrying(answer->status)) {
      ++totals.busy;
      totals.trouble = problem_sentence(*answer);
      return again_after(l, l.pauses.failed(answer->retry_after()));
    }
    if (answer->status == 401) {
      refused = failure{"the server refused the token: " + problem_sentence(*answer)};
      return stop();
    }
    if (answer->status == 200) {
      const auto told = parse_verdict(answer->body, l.batch_size);
      if (told) {
        count(*told);
        totals.latency.observe(took);
      } else {
        totals.trouble = told.error().what;
        count_refused("answer_not_understood", l.batch_size);
      }
    } else {
      totals.trouble = problem_sentence(*answer);
      count_refused(problem_code(*answer), l.batch_size);
    }
    finish(l);
  }

  void count(const verdict& v) {
    ++totals.requests;
    totals.accepted += v.accepted;
    totals.duplicates += v.duplicates;
    totals.late += v.late;
    totals.rejected += v.rejected.size();
    for (const rejection& r : v.rejected) ++totals.rejected_by_code[r.code];
  }

  void count_refused(const std::string& code, std::size_t positions) {
    totals.refused += positions;
    totals.refused_by_code[code] += positions;
  }

  void finish(lane& l) {
    waiting -= l.batch_size;
    l.batch_size = 0;
    l.body = {};
    l.queued = false;
    l.pauses.succeeded();
    if (l.size() > 0) queue(l);
    if (waiting == 0) idle.cancel();
  }

  void again_after(lane& l, std::chrono::milliseconds pause) {
    auto timer = std::make_shared<net::steady_timer>(executor, pause);
    timer->async_wait([self = shared_from_this(), timer, &l](boost::system::error_code) {
      if (!self->stopped) self->queue(l);
    });
  }

  void stop() {
    if (stopped) return;
    stopped = true;
    for (http_connection* c : connections) c->close();
    work.cancel();
    idle.cancel();
  }
};

sender::sender(net::any_io_executor executor, base_url server, sender_options options)
    : state_{std::make_shared<state>(std::move(executor), std::move(server), std::move(options))} {}
sender::~sender() { state_->stop(); }

void sender::offer(std::size_t truck, std::string position) { state_->offer(state_->of(truck), std::move(position)); }
std::uint64_t sender::waiting() const noexcept { return state_->waiting; }
const send_totals& sender::totals() const noexcept { return state_->totals; }
steady_clock::duration sender::unanswered_for() const noexcept {
  return state_->waiting == 0 ? steady_clock::duration{} : steady_clock::now() - state_->last_answer;
}
const std::optional<failure>& sender::refused() const noexcept { return state_->refused; }
void sender::stop() { state_->stop(); }

net::awaitable<bool> sender::settled(std::chrono::milliseconds within) {
  const auto self = state_;
  self->idle.expires_after(within);
  if (self->waiting > 0 && !self->stopped) co_await self->idle.async_wait(as_awaitable);
  co_return self->waiting == 0;
}

}  // namespace haulcast::client
