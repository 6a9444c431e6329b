// One live connection: commands in, positions and events out.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "haulcast/hub/hub.hpp"
#include "haulcast/journal/group.hpp"
#include "haulcast/wire/live.hpp"
#include "haulcast/wire/ws_frame.hpp"
#include "haulcast/ws/live_server.hpp"

namespace haulcast::ws {

/// A reader (a coroutine: wait, read, decode, obey) and a writer (pump: everything that waits goes out together, one write at a
/// time). Each ends the other: the reader by the end of the stream, the writer by closing. Memory while idle: this object and
/// the reader's frame; buffers come and go with what is in them.
class session final : public hub::subscriber, public std::enable_shared_from_this<session> {
 public:
  using clock = std::chrono::steady_clock;

  session(live_server& owner, net::ip::tcp::socket socket, std::shared_ptr<const auth::principal> who);

  net::awaitable<void> run(std::string buffered, std::vector<std::string> deliveries);

  void wake() override { pump(); }
  void overflow() override;
  void rebuilt() override;

  net::any_io_executor executor() { return socket_.get_executor(); }
  /// Once in a ping interval: a peer that has neither said nor taken anything since the last ping is gone.
  void check_alive();
  /// Sends what waits of replies and events, then the close, then waits for the peer's, as long as the peer takes some of it
  /// within each close_timeout, and a ping interval at most. Later calls do nothing.
  void close(std::uint16_t code, std::string_view reason);
  /// Drops the connection now.
  void drop(std::uint16_t as_code);

  std::size_t bucket = 0;  // of the owner's

 private:
  // Newest known positions still to be sent. What was told after the subscription comes by itself, and so does what waits.
  struct snapshot {
    struct named {
      std::string truck_id;
      engine::offset_t told;  // when it was subscribed
    };
    hub::fifo<named> trucks;
    std::optional<engine::truck_index> scan;  // of all there are (for `all` and viewports), the next to look at
    engine::offset_t scan_told = 0;
  };

  bool decode(std::span<char> bytes);
  void obey(const wire::ws_decoder::message& m);
  void obey(wire::subscribe_command command);
  void obey(const wire::unsubscribe_command& command);
  void bad_frame(std::string_view code, std::string_view detail);
  void reply(std::string_view json);
  void send_frame(wire::ws_opcode what, std::string_view payload);
  bool too_many(const wire::subscribe_command& command) const;
  bool reachable(engine::event_id since) const;
  static net::awaitable<void> catch_up(std::shared_ptr<session> self, engine::event_id since);
  net::awaitable<void> send_past(engine::event_id since);
  bool append_past(journal::record_cursor& records, engine::offset_t& next, engine::event_id since);
  void tell_expired();

  void pump();
  void fill();
  void fill_snapshot();
  void fill_positions();
  void append_positions(std::string_view joined);
  void written(std::size_t bytes);
  void write_on(boost::system::error_code failed, bool peer_took);
  void await_close();
  net::awaitable<void> room();
  bool may_see(std::string_view truck_id) const;

  live_server& owner_;
  net::ip::tcp::socket socket_;
  std::shared_ptr<const auth::principal> who_;
  wire::ws_decoder decoder_;
  std::string replies_;  // frames for this client alone; not bounded by conflation, so reading stops while they are many
  std::string out_;      // being written
  std::size_t out_sent_ = 0;
  std::unique_ptr<snapshot> snapshot_;
  std::unique_ptr<net::steady_timer> rate_timer_;  // armed while positions wait for their turn
  std::unique_ptr<net::steady_timer> room_;        // somebody waits for replies_ to go out
  std::unique_ptr<net::steady_timer> close_timer_;
  clock::duration position_interval_{};
  clock::time_point next_positions_{};
  std::uint64_t burst_until_ = 0;  // of the positions that wait: what goes out with the rate's current turn
  clock::time_point close_at_most_{};
  std::vector<clock::time_point> bad_frames_;  // of the last minute
  bool heard_ = true;                          // since the last ping
  bool writing_ = false;
  bool closing_ = false;
  bool close_sent_ = false;   // handed to the writer
  bool peer_closed_ = false;  // its close frame has come
  bool dropped_ = false;
  std::uint16_t close_code_ = 1006;
};

}  // namespace haulcast::ws
