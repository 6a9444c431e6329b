#include "haulcast/client/replay.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cmath>
#include <ostream>

#include "haulcast/client/base_url.hpp"
#include "haulcast/client/leave.hpp"
#include "haulcast/client/replay_summary.hpp"
#include "haulcast/client/sender.hpp"
#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/time.hpp"

namespace haulcast::client {
namespace net = boost::asio;
using std::chrono::steady_clock;

namespace {

constexpr auto as_awaitable = net::as_tuple(net::use_awaitable);
constexpr milliseconds glance{100};            // between two looks at how it goes
constexpr std::uint64_t waiting_max = 50'000;  // positions handed to the sender before their turn to be built comes
constexpr std::size_t rows_a_turn = 1000;      // then the sockets get a turn

std::optional<std::string> fault_in(const replay_options& o) {
  if (!(o.speed >= 0) || std::isinf(o.speed)) return "speed: 0 (as fast as the server answers) or more";
  if (o.batch_max < 1 || o.batch_max > 1000) return "batch size: 1 to 1000";
  if (o.connections < 1) return "connections: at least 1";
  if (o.token.empty()) return "a token is needed: give --token or set HAULCAST_TOKEN (haulcast token --role admin prints one)";
  return std::nullopt;
}

std::string position_json(const track& t, const track_row& row) {
  std::string json = R"({"truck_id":)";
  wire::append_string(json, t.trucks[row.truck]);
  json += R"(,"timestamp":")";
  wire::append_time(json, from_epoch_ms(row.at_ms));
  json += '"';
  if (!row.members.empty()) json += ',' + row.members;
  return json + '}';
}

class player {
 public:
  player(const replay_options& options, const track& rows, sender& to, net::any_io_executor executor)
      : options_{options}, track_{rows}, sender_{to}, timer_{executor}, begun_{steady_clock::now()} {}

  /// Hands each row to the sender when its moment has come. Those whose moment has passed meanwhile go in one turn, so in one
  /// batch for each truck.
  net::awaitable<void> play() {
    std::size_t in_a_row = 0;
    for (const track_row& row : track_.rows) {
      co_await until_due(row, in_a_row);
      if (over_) co_return;
      sender_.offer(row.truck, position_json(track_, row));
    }
  }

  void stop() {
    over_ = true;
    timer_.cancel();
  }
  bool over() const noexcept { return over_; }
  double elapsed_s() const noexcept { return std::chrono::duration<double>(steady_clock::now() - begun_).count(); }

 private:
  net::awaitable<void> until_due(const track_row& row, std::size_t& in_a_row) {
    const auto at = moment_of(row);
    while (!over_ && (at > steady_clock::now() || sender_.waiting() >= waiting_max)) {
      timer_.expires_at(std::max(at, steady_clock::now() + milliseconds{1}));
      co_await timer_.async_wait(as_awaitable);
      in_a_row = 0;
    }
    // Going on without a pause would keep the sockets waiting; the sender fills its batches only then.
    if (++in_a_row % rows_a_turn == 0) co_await net::post(as_awaitable);
  }

  steady_clock::time_point moment_of(const track_row& row) const {
    if (options_.speed == 0) return begun_;
    const double ms = static_cast<double>(row.at_ms - track_.rows.front().at_ms) / options_.speed;
    return begun_ + std::chrono::duration_cast<steady_clock::duration>(std::chrono::duration<double, std::milli>(ms));
  }

  const replay_options& options_;
  const track& track_;
  sender& sender_;
  net::steady_timer timer_;
  steady_clock::time_point begun_;
  bool over_ = false;
};

/// Looks after it until everything has an answer, or nothing more is to be expected. The result says why it ended early.
net::awaitable<std::string> look_after(net::steady_timer& timer, const replay_options& o, player& p, sender& s,
                                       const bool& played, replay_summary& summary, std::ostream& err) {
  std::uint64_t lost = 0;
  for (;;) {
    timer.expires_after(glance);
    co_await timer.async_wait(as_awaitable);
    summary.seconds = p.elapsed_s();
    if (o.terminal) err << '\r' << progress_bar(summary, o.colour) << "\x1b[K" << std::flush;
    if (lost == 0 && s.totals().lost > 0) {
      err << (o.terminal ? "\n" : "") << s.totals().trouble << "; trying again" << std::endl;
      lost = s.totals().lost;
    }
    if (s.refused()) co_return s.refused()->what;
    if (p.over()) co_return "ended by a signal";
    if (played && s.waiting() == 0) co_return std::string{};
    if (o.give_up_after > milliseconds::zero() && s.unanswered_for() > o.give_up_after)
      co_return "gave up: " + (s.totals().trouble.empty() ? "the server does not answer" : s.totals().trouble);
  }
}

result<track> load(const replay_options& options) {
  track_options how;
  how.format = options.format;
  how.columns = options.columns;
  how.truck_id = options.truck_id;
  return read_track(options.file, how);
}

int usage(std::ostream& err, std::string_view sentence) {
  err << sentence << std::endl;
  return 2;
}

}  // namespace

int replay(const replay_options& options, std::ostream& out, std::ostream& err) {
  if (const auto fault = fault_in(options)) return usage(err, *fault);
  const auto server = parse_base_url(options.url, options.believed);
  if (!server) return usage(err, server.error().what);
  auto rows = load(options);
  if (!rows) return usage(err, rows.error().what);

  std::optional<utc_time> end_at;
  if (rows->relative || options.shift) {
    end_at = options.end_at.value_or(system_now());
    end_track_at(*rows, *end_at);
    std::string text;
    wire::append_time(text, *end_at);
    err << "end at " << text << std::endl;
  } else if (options.end_at) {
    return usage(err, "the file's times are absolute: --end-at moves them only with --shift");
  }

  net::io_context io{1};
  sender_options how;
  how.token = options.token;
  how.connections = options.connections;
  how.batch_max = options.batch_max;
  how.gzip = options.gzip;
  sender to{io.get_executor(), *server, how};
  player player{options, *rows, to, io.get_executor()};
  replay_summary summary{rows->rows.size(), &to.totals(), 0, end_at};
  leave_on_signal signals{io.get_executor(), [&] { player.stop(); }};
  net::steady_timer glances{io};
  bool played = false;
  std::string ended;
  const auto rethrow = [](std::exception_ptr bug) {
    if (bug) std::rethrow_exception(bug);
  };
  net::co_spawn(io, player.play(), [&](std::exception_ptr bug) {
    rethrow(bug);
    played = true;
  });
  net::co_spawn(io, look_after(glances, options, player, to, played, summary, err),
                [&](std::exception_ptr bug, std::string why) {
                  rethrow(bug);
                  ended = std::move(why);
                  io.stop();  // pauses before a retry may be long
                });
  io.run();

  summary.seconds = player.elapsed_s();
  if (options.terminal) err << '\r' << progress_bar(summary, options.colour) << "\x1b[K\n";
  if (!ended.empty()) err << ended << std::endl;
  if (options.json) out << to_json(summary) << std::endl;
  if (!options.json) out << to_text(summary) << std::flush;
  return to.totals().judged() == summary.rows ? 0 : 1;
}

}  // namespace haulcast::client
