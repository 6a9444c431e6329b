#include "haulcast/client/simulate.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ostream>
#include <vector>

#include "haulcast/client/base_url.hpp"
#include "haulcast/client/leave.hpp"
#include "haulcast/client/sender.hpp"
#include "haulcast/client/truck_model.hpp"
#include "haulcast/wire/json_out.hpp"

namespace haulcast::client {
namespace net = boost::asio;
using std::chrono::steady_clock;

namespace {

constexpr auto as_awaitable = net::as_tuple(net::use_awaitable);
constexpr std::size_t pending_max = 10'000;
constexpr std::size_t trucks_a_turn = 64;  // then the sockets get a turn
constexpr milliseconds last_chance{3000};

/// What cannot be, in one sentence.
std::optional<std::string> fault_in(const simulate_options& o) {
  if (o.trucks < 1 || o.trucks > 1'000'000) return "trucks: 1 to 1000000";
  if (o.interval < truck_model::tick) return "interval: at least 100 ms";
  if (o.speedup < 1 || o.speedup > 1000) return "speedup: 1 to 1000";
  if (o.speedup > 1 && !o.duration)
    return "speedup above 1 needs a duration: the trucks' clocks begin in the past and must end at now";
  if (o.connections < 1) return "connections: at least 1";
  if (o.token.empty()) return "a token is needed: give --token or set HAULCAST_TOKEN (haulcast token --role admin prints one)";
  return std::nullopt;
}

struct simulated_truck {
  std::string id;
  truck_model model;
  std::vector<std::string> kept;  // while there is no network
};

class fleet {
 public:
  fleet(const simulate_options& options, sender& to, net::any_io_executor executor)
      : options_{options}, sender_{to}, timer_{executor}, begun_{steady_clock::now()} {
    const milliseconds length = options.duration.value_or(milliseconds{0});
    const auto ahead = std::chrono::duration_cast<milliseconds>(length * options.speedup) - length;
    clock_begun_ = system_now() - ahead;
    const auto width = std::to_string(options.trucks).size();
    trucks_.reserve(options.trucks);
    for (std::size_t i = 0; i < options.trucks; ++i)
      trucks_.push_back({fmt::format("{}{:0{}}", options.truck_prefix, i + 1, width),
                         truck_model{mix(options.seed, i), cities()[i % cities().size()]},
                         {}});
  }

  /// Each truck has its own moment within the interval, so that the fleet is a steady stream.
  net::awaitable<void> drive() {
    std::size_t in_a_row = 0;
    for (std::int64_t round = 0; !over_; ++round) {
      for (std::size_t i = 0; i < trucks_.size() && !over_; ++i) {
        const milliseconds due = round * options_.interval + options_.interval * i / trucks_.size();
        const auto at = begun_ + std::chrono::duration_cast<steady_clock::duration>(due / options_.speedup);
        if (options_.duration && at >= begun_ + *options_.duration) co_return;
        behind_ = steady_clock::now() - at;
        if (behind_ < steady_clock::duration::zero()) {
          timer_.expires_at(at);
          co_await timer_.async_wait(as_awaitable);
          in_a_row = 0;
        } else if (++in_a_row % trucks_a_turn == 0) {
          co_await net::post(as_awaitable);
        }
        if (!over_) report(i, clock_begun_ + due);
      }
    }
  }

  void stop() {
    over_ = true;
    timer_.cancel();
  }

  std::size_t kept() const noexcept {
    std::size_t n = 0;
    for (const simulated_truck& t : trucks_) n += t.kept.size();
    return n;
  }
  double behind_s() const noexcept { return std::max(0.0, std::chrono::duration<double>(behind_).count()); }
  double elapsed_s() const noexcept { return std::chrono::duration<double>(steady_clock::now() - begun_).count(); }

 private:
  /// What is offered in one turn goes in one batch: the backlog of a dead zone, oldest first.
  void report(std::size_t which, utc_time now) {
    simulated_truck& t = trucks_[which];
    const model_report seen = t.model.step(now);
    std::string json;
    wire::append_position(json, t.id, seen.where);
    if (!seen.covered) {
      t.kept.push_back(std::move(json));
      return;
    }
    for (std::string& old : t.kept) sender_.offer(which, std::move(old));
    t.kept = {};
    sender_.offer(which, std::move(json));
  }

  const simulate_options& options_;
  sender& sender_;
  net::steady_timer timer_;
  steady_clock::time_point begun_;
  utc_time clock_begun_;
  std::vector<simulated_truck> trucks_;
  steady_clock::duration behind_{};
  bool over_ = false;
};

void print_line(std::ostream& out, const sender& s, double seconds, std::uint64_t sent_before, double since_s) {
  const send_totals& t = s.totals();
  const double rate = since_s > 0 ? static_cast<double>(t.sent - sent_before) / since_s : 0;
  out << fmt::format(
             "{:7.0f} s  sent {} ({:.0f}/s)  accepted {}  duplicates {}  late {}  rejected {}  waiting {}  retried {}  errors "
             "{}\n",
             seconds, t.sent, rate, t.accepted, t.duplicates, t.late, t.rejected, s.waiting(), t.busy + t.lost, t.refused)
      << std::flush;
}

/// A line of totals now and then; troubles once each time they change.
net::awaitable<void> tell(net::steady_timer& timer, const simulate_options& o, const fleet& trucks, const sender& s,
                          std::ostream& out, std::ostream& err) {
  std::uint64_t sent = 0;
  std::string trouble;
  auto next = steady_clock::now();
  const double every_s = std::chrono::duration<double>(o.report_every).count();
  for (;;) {
    next += o.report_every;
    timer.expires_at(next);
    const auto [cancelled] = co_await timer.async_wait(as_awaitable);
    if (cancelled) co_return;
    print_line(out, s, trucks.elapsed_s(), sent, every_s);
    sent = s.totals().sent;
    if (s.totals().trouble != trouble) err << (trouble = s.totals().trouble) << std::endl;
    if (trucks.behind_s() > 2)
      err << fmt::format("this machine is {:.0f} s behind: fewer trucks or a longer interval\n", trucks.behind_s());
  }
}

void print_summary(std::ostream& out, const fleet& trucks, const sender& s) {
  const send_totals& t = s.totals();
  print_line(out, s, trucks.elapsed_s(), 0, trucks.elapsed_s());
  for (const auto& [code, n] : t.rejected_by_code) out << "rejected " << code << ": " << n << '\n';
  for (const auto& [code, n] : t.refused_by_code) out << "refused " << code << ": " << n << '\n';
  if (t.dropped > 0) out << "dropped, since the server was away too long: " << t.dropped << '\n';
  if (const auto kept = trucks.kept(); kept > 0) out << "still in dead zones: " << kept << '\n';
  out << fmt::format("answered in p50 {:.1f} ms, p99 {:.1f} ms, at most {:.1f} ms\n", t.latency.percentile_ms(0.5),
                     t.latency.percentile_ms(0.99), t.latency.max_ms())
      << std::flush;
}

}  // namespace

int simulate(const simulate_options& options, std::ostream& out, std::ostream& err) {
  if (const auto fault = fault_in(options)) {
    err << *fault << std::endl;
    return 2;
  }
  const auto server = parse_base_url(options.url, options.believed);
  if (!server) {
    err << server.error().what << std::endl;
    return 2;
  }

  net::io_context io{1};
  sender_options how;
  how.token = options.token;
  how.connections = std::min(options.connections, options.trucks);
  how.pending_max = pending_max;
  sender to{io.get_executor(), *server, how};
  fleet trucks{options, to, io.get_executor()};
  leave_on_signal signals{io.get_executor(), [&] { trucks.stop(); }};
  net::steady_timer reports{io};
  net::steady_timer watchdog{io};
  const auto rethrow = [](std::exception_ptr bug) {
    if (bug) std::rethrow_exception(bug);
  };

  if (options.report_every > milliseconds::zero()) net::co_spawn(io, tell(reports, options, trucks, to, out, err), rethrow);
  // A refused token ends the fleet; the sender says so only when it is asked.
  const std::function<void(boost::system::error_code)> watch_token = [&](boost::system::error_code cancelled) {
    if (cancelled) return;
    if (to.refused()) return trucks.stop();
    watchdog.expires_after(milliseconds{200});
    watchdog.async_wait(watch_token);
  };
  watch_token({});
  net::co_spawn(io, trucks.drive(), [&](std::exception_ptr bug) {
    rethrow(bug);
    net::co_spawn(io, to.settled(last_chance), [&](std::exception_ptr, bool) { io.stop(); });
  });
  io.run();

  print_summary(out, trucks, to);
  if (!to.refused()) return 0;
  err << to.refused()->what << std::endl;
  return 1;
}

}  // namespace haulcast::client
