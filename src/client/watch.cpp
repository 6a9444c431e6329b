#include "haulcast/client/watch.hpp"

#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ostream>

#include "haulcast/client/back_off.hpp"
#include "haulcast/client/base_url.hpp"
#include "haulcast/client/leave.hpp"
#include "haulcast/client/live_frame.hpp"
#include "haulcast/client/terminal.hpp"
#include "haulcast/client/watch_board.hpp"
#include "haulcast/client/ws_connection.hpp"

namespace haulcast::client {
namespace net = boost::asio;

namespace {

constexpr auto as_awaitable = net::as_tuple(net::use_awaitable);
constexpr std::uint16_t token_expired = 4401;
constexpr milliseconds silence_max{60'000};  // the server pings twice in that time
constexpr milliseconds redraw_every{250};
constexpr milliseconds farewell_max{1000};
constexpr std::string_view enter_screen = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view leave_screen = "\x1b[?25h\x1b[?1049l";

class watcher {
 public:
  watcher(const watch_options& options, base_url server, net::any_io_executor executor, std::ostream& out, std::ostream& err)
      : options_{options},
        server_{std::move(server)},
        executor_{executor},
        pause_{executor},
        redraw_{executor},
        out_{out},
        err_{err} {}

  /// One connection after the other. The result is what ends it for good: a sentence, or nothing when it was asked to.
  net::awaitable<std::optional<std::string>> run() {
    back_off pauses{{milliseconds{250}, options_.reconnect_max}};
    while (!over_) {
      ws_connection connection{executor_, server_, how()};
      current_ = &connection;
      const auto connected = co_await connection.connect();
      if (connected) {
        co_await follow(connection, pauses);
      } else {
        const unsigned status = connected.error().status;
        trouble_ = connected.error().what;
        if (status >= 400 && status < 500 && status != 408 && status != 429) fatal_ = "the server refused: " + trouble_;
      }
      current_ = nullptr;
      if (fatal_) co_return fatal_;
      if (over_) break;
      const auto pause = pauses.failed();
      if (trouble_ != told_) tell(trouble_ + "; connecting again");
      told_ = trouble_;
      pause_.expires_after(pause);
      co_await pause_.async_wait(as_awaitable);
    }
    co_return std::nullopt;
  }

  net::awaitable<void> keep_drawing() {
    for (;;) {
      draw();
      redraw_.expires_after(redraw_every);
      const auto [cancelled] = co_await redraw_.async_wait(as_awaitable);
      if (cancelled) co_return;
    }
  }

  void stop() {
    over_ = true;
    pause_.cancel();
    if (current_ == nullptr) return;
    // The reader sees the server's answer to it, or the break a second later.
    net::co_spawn(executor_, current_->close(1000), net::detached);
    pause_.expires_after(farewell_max);
    pause_.async_wait([this](boost::system::error_code cancelled) {
      if (!cancelled && current_ != nullptr) current_->abort();
    });
  }

 private:
  ws_options how() const {
    ws_options o;
    o.token = options_.token;
    o.idle_max = silence_max;
    return o;
  }

  net::awaitable<void> follow(ws_connection& connection, back_off& pauses) {
    subscription wanted{options_.trucks, options_.trucks.empty(), options_.max_rate_hz, last_event_};
    std::string frame = subscribe_frame(wanted);
    const auto sent = co_await connection.send(std::move(frame));
    if (!sent) {
      trouble_ = "the connection broke: " + sent.error().reason;
      co_return;
    }
    while (!over_) {
      const auto text = co_await connection.receive();
      if (!text) {
        ended(text.error());
        co_return;
      }
      pauses.succeeded();
      told_.clear();
      take(*text);
      if (over_ || fatal_) {
        co_await connection.close(1000);
        co_return;
      }
    }
  }

  void ended(const ws_end& end) {
    trouble_ = end.code == 0 ? "the connection broke: " + end.reason
                             : "the server closed the connection with " + std::to_string(end.code);
    if (end.code == token_expired) fatal_ = "the token has expired";
  }

  void take(const std::string& text) {
    const auto frame = parse_live_frame(text);
    if (!frame) return tell("from the server: " + frame.error().what);
    switch (frame->what) {
      case live_frame::kind::positions: return show(frame->positions);
      case live_frame::kind::event: return show(frame->event);
      case live_frame::kind::subscribed: return subscribed(*frame);
      case live_frame::kind::error: return refused(*frame);
      default: return;
    }
  }

  void show(const std::vector<live_position>& positions) {
    const utc_time now = system_now();
    for (const live_position& p : positions) {
      if (!board_.update(p) || options_.terminal) continue;
      print(position_line(p, now));
      if (over_) return;
    }
  }

  void show(const live_event& event) {
    last_event_ = event.id;
    if (!options_.events) return;
    board_.add(event);
    if (!options_.terminal) print(event_line(event));
  }

  void subscribed(const live_frame& frame) {
    if (last_event_.empty()) last_event_ = frame.at;
    for (const auto& [id, code] : frame.denied) tell(id + ": " + code);
  }

  void refused(const live_frame& frame) {
    const std::string sentence = frame.detail.empty() ? frame.code : frame.detail;
    if (frame.code == "not_allowed") fatal_ = "the server refused: " + sentence;
    if (frame.code == "resume_expired") last_event_.clear();
    if (!fatal_) tell(frame.code + ": " + sentence);
  }

  void print(const std::string& line) {
    out_ << line << '\n' << std::flush;
    if (++lines_ == options_.stop_after) over_ = true;
  }

  void tell(const std::string& sentence) {
    if (options_.terminal)
      status_ = sentence;
    else
      err_ << sentence << std::endl;
  }

  void draw() {
    const terminal_size size = size_of_terminal(STDOUT_FILENO);
    const auto fit = static_cast<std::size_t>(size.rows - 2);
    const auto rows = options_.rows > 0 ? std::min(options_.rows + 1, fit) : fit;
    std::string text = board_.draw(system_now(), rows, static_cast<std::size_t>(size.columns), options_.colour);
    text += status_.substr(0, static_cast<std::size_t>(size.columns));
    // Each line is cleared to its end as it is written over: no flicker.
    std::string screen = "\x1b[H";
    for (const char c : text) c == '\n' ? screen += "\x1b[K\n" : screen += c;
    out_ << screen << "\x1b[K\x1b[J" << std::flush;
  }

  const watch_options& options_;
  base_url server_;
  net::any_io_executor executor_;
  net::steady_timer pause_;
  net::steady_timer redraw_;
  std::ostream& out_;
  std::ostream& err_;
  watch_board board_;
  ws_connection* current_ = nullptr;
  std::string last_event_;  // where to resume
  std::string trouble_;
  std::string told_;    // the trouble that was told last: once is enough while it lasts
  std::string status_;  // the last line of the screen
  std::optional<std::string> fatal_;
  std::size_t lines_ = 0;
  bool over_ = false;
};

int usage(std::ostream& err, std::string_view sentence) {
  err << sentence << std::endl;
  return 2;
}

}  // namespace

int watch(const watch_options& options, std::ostream& out, std::ostream& err) {
  const auto server = parse_base_url(options.url, options.believed);
  if (!server) return usage(err, server.error().what);
  if (options.token.empty())
    return usage(err, "a token is needed: give --token or set HAULCAST_TOKEN (haulcast token --role admin prints one)");
  if (options.max_rate_hz != 0 && !(options.max_rate_hz >= 0.01 && options.max_rate_hz <= 50))
    return usage(err, "rate: 0.01 to 50 Hz");

  net::io_context io{1};
  watcher w{options, *server, io.get_executor(), out, err};
  leave_on_signal signals{io.get_executor(), [&] { w.stop(); }};
  std::optional<std::string> fatal;
  const auto rethrow = [](std::exception_ptr bug) {
    if (bug) std::rethrow_exception(bug);
  };
  net::co_spawn(io, w.run(), [&](std::exception_ptr bug, std::optional<std::string> why) {
    rethrow(bug);
    fatal = std::move(why);
    io.stop();
  });
  if (options.terminal) {
    out << enter_screen;
    net::co_spawn(io, w.keep_drawing(), rethrow);
  }
  io.run();
  if (options.terminal) out << leave_screen << std::flush;
  if (!fatal) return 0;
  err << *fatal << std::endl;
  return 1;
}

}  // namespace haulcast::client
