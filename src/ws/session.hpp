// One live connection: commands in, positions and events out.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "haulcast/hub/hub.hpp"
#include "haulcast/tls/session.hpp"
#include "haulcast/wire/live.hpp"
#include "haulcast/wire/ws_frame.hpp"
#include "haulcast/ws/live_server.hpp"
#include "past_events.hpp"

namespace haulcast::ws {

/// A reader (listen -> readable -> decode -> obey -> listen) and a writer (pump: everything that waits goes out together, one
/// write at a time). Each ends the other by drop(). What waits for the socket holds the session: there is always a read that
/// waits, or, while the client does not take its replies, a write.
///
/// Ten thousand of them are idle: then there is this object and what Asio needs to wait for the socket. No coroutine frame, no
/// timer, no buffer: they come and go with what is in them.
class session final : public hub::subscriber,
                      public std::enable_shared_from_this<session>,
                      public live_server::in_bucket,
                      public live_server::by_expiry {
 public:
  using clock = std::chrono::steady_clock;

  session(live_server& owner, newcomer& one);

  /// Sends the handshake's answer, obeys what came with it, and listens.
  void begin(newcomer& one);

  void wake() override {
    safely([this] { pump(); });
  }
  void overflow() override;
  void rebuilt() override;
  bool may_see(std::string_view truck_id) const override;

  const auth::principal& who() const noexcept { return *who_; }
  net::io_context::executor_type executor() { return socket_.get_executor(); }
  /// Its part of what the owner gives to those with much to do: about 100 us.
  void take_turn();
  /// Once in a ping interval: a peer that has neither said nor taken anything since the last ping is gone.
  void check_alive();
  /// Sends what waits of replies and events, then the close, then waits for the peer's, as long as the peer takes some of it
  /// within each close_timeout, and a ping interval at most; two close_timeouts when the token has ended. Later calls do
  /// nothing.
  void close(std::uint16_t code, std::string_view reason);
  /// Drops the connection now.
  void drop(std::uint16_t as_code);

 private:
  /// With the executor's own type: any_io_executor would cost 150 bytes more for each that waits.
  using socket = net::basic_stream_socket<net::ip::tcp, net::io_context::executor_type>;

  // Newest known positions still to be sent. What was told after the subscription comes by itself, and so does what waits.
  struct snapshot {
    struct named {
      std::string truck_id;
      engine::offset_t told;  // when it was subscribed
    };
    fifo<named> trucks;
    std::optional<engine::truck_index> scan;  // of all there are (for `all` and viewports), the next to look at
    engine::offset_t scan_told = 0;
  };
  // Events that were missed and are still to be sent.
  struct past {
    engine::event_id after;     // the newest that was sent, or need not be
    engine::offset_t next = 0;  // the record to go on with
    shared_page page;           // that was fetched for the next turn
    bool reading = false;       // it is being fetched
  };
  // Positions now and then.
  struct pace {
    explicit pace(const net::io_context::executor_type& executor) : timer{executor} {}
    clock::duration interval{};
    clock::time_point next{};
    std::uint64_t burst_until = 0;  // of the positions that wait: what goes out with the current turn
    net::basic_waitable_timer<clock, net::wait_traits<clock>, net::io_context::executor_type> timer;
  };
  struct parting {
    explicit parting(const net::io_context::executor_type& executor) : timer{executor} {}
    clock::time_point at_most{};
    net::basic_waitable_timer<clock, net::wait_traits<clock>, net::io_context::executor_type> timer;
  };

  /// A surprise ends this session and no other.
  template <class F>
  void safely(F&& act) {
    try {
      act();
    } catch (const std::exception& surprise) {
      failed(surprise);
    }
  }
  void failed(const std::exception& surprise);

  void listen();
  void read();
  std::size_t receive(std::span<char> space, boost::system::error_code& failed);
  std::size_t send(std::string_view text, boost::system::error_code& failed);
  void want_turn();
  bool decode(std::span<char> bytes);
  void obey(const wire::ws_decoder::message& m);
  void obey(wire::subscribe_command command);
  void obey(const wire::unsubscribe_command& command);
  void follow(const wire::subscribe_command& command, std::vector<std::string>& granted,
              std::vector<wire::denied_interest>& denied);
  void set_rate(double hz);
  void bad_frame(std::string_view code, std::string_view detail);
  void reply(std::string_view json);
  void send_frame(wire::ws_opcode what, std::string_view payload);
  bool too_many(const wire::subscribe_command& command) const;

  bool reachable(engine::event_id since) const;
  void resume(engine::event_id since);
  void tell_expired();
  void fill_past();
  bool append_page(const past_page& page);
  void await_page();
  void end_past();

  void pump();
  void fill(std::string& out);
  void go_on_later(bool once_writable);
  void fill_snapshot();
  bool looks_at(engine::truck_index truck) const;
  bool append_newest(std::string& joined, engine::truck_index truck, engine::offset_t subscribed_at) const;
  bool its_time();
  static void append_positions(std::string& out, std::string_view joined);
  void written(std::string_view text, std::size_t bytes);
  void write_on(boost::system::error_code failed, bool peer_took);
  void await_close();

  live_server& owner_;
  socket socket_;
  std::unique_ptr<tls::session> tls_;
  std::shared_ptr<const auth::principal> who_;
  std::shared_ptr<void> counted_;
  wire::ws_decoder decoder_;
  std::string replies_;  // frames for this client alone; not bounded by conflation, so reading stops while they are many
  std::string out_;      // what the socket has not taken
  std::size_t out_sent_ = 0;
  std::unique_ptr<snapshot> snapshot_;
  std::unique_ptr<past> past_;
  std::unique_ptr<pace> pace_;
  std::unique_ptr<parting> parting_;
  std::vector<clock::time_point> bad_frames_;  // of the last minute
  std::uint16_t close_code_ = 1006;
  bool heard_ = true;       // since the last ping
  bool listening_ = false;  // a read waits
  bool floods_ = false;     // the last read left something behind: the next takes turns with others
  bool for_room_ = false;   // TLS has something to write before it can read on
  bool in_turns_ = false;
  bool writing_ = false;
  bool closing_ = false;
  bool close_sent_ = false;   // handed to the writer
  bool peer_closed_ = false;  // its close frame has come
  bool dropped_ = false;
};

}  // namespace haulcast::ws
