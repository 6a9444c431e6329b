// A live server over a real pipeline, and peers that speak the protocol by hand over loopback: as odd as a test wants. With
// HAULCAST_TEST_TLS in the environment all of it is under TLS.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "haulcast/tls/context.hpp"
#include "haulcast/ws/live_server.hpp"
#include "pipeline/spine.hpp"
#include "tls/secure_peer.hpp"

namespace haulcast::ws::words {

using namespace std::chrono_literals;
using hub::words::speeds_in;
using nlohmann::json;
using pipeline::words::report;

inline bool over_tls() {
  static const bool asked = std::getenv("HAULCAST_TEST_TLS") != nullptr;
  return asked;
}

/// Of the whole test program.
inline const tls::context& test_certificate() {
  static const tls::context made = [] {
    std::string name = (std::filesystem::temp_directory_path() / "haulcast-ws-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"no directory for a certificate"};
    const auto files = tls::test::authority{}.issue(name);
    auto loaded = tls::load_certificate({files.certificate, files.key}).value();
    std::filesystem::remove_all(name);
    return loaded.shown;
  }();
  return made;
}

/// A client, from behind its handshake. Nothing happens by itself: it reads when it is polled.
class peer {
 public:
  using tcp = net::ip::tcp;

  explicit peer(tcp::socket socket, std::unique_ptr<tls::test::secure_peer> secured = {})
      : socket_{std::move(socket)}, tls_{std::move(secured)} {
    socket_.non_blocking(true);
  }

  void say(std::string_view text) { send_frame(1, text); }
  void send(const json& command) { say(command.dump()); }
  void send_frame(unsigned opcode, std::string_view payload) { send_bytes(frame_of(opcode, payload)); }
  /// Goes out as the server takes it.
  void send_bytes(std::string_view bytes) {
    unsent_ += bytes;
    write_some();
  }
  void send_close(std::uint16_t code) {
    send_frame(8, std::string{static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)});
  }
  static std::string frame_of(unsigned opcode, std::string_view payload, bool masked = true) {
    std::string frame{static_cast<char>(0x80U | opcode)};
    const unsigned mask_bit = masked ? 0x80U : 0;
    if (payload.size() < 126) {
      frame += static_cast<char>(mask_bit | payload.size());
    } else {
      const bool wide = payload.size() > 0xFFFF;
      frame += static_cast<char>(mask_bit | (wide ? 127U : 126U));
      for (int i = wide ? 7 : 1; i >= 0; --i) frame += static_cast<char>(payload.size() >> (8 * static_cast<unsigned>(i)));
    }
    const std::string_view mask = "\x12\x34\x56\x78";
    if (masked) frame += mask;
    for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ (masked ? mask[i % 4] : 0));
    return frame;
  }

  /// Reads what has come, at most so many bytes.
  void poll(std::size_t bytes_max = static_cast<std::size_t>(-1)) {
    if (!socket_.is_open() || ended) return;
    write_some();
    std::array<char, 16'384> buffer;
    while (bytes_max > 0) {
      boost::system::error_code error;
      const auto size = receive(buffer.data(), std::min(buffer.size(), bytes_max), error);
      if (error == net::error::would_block) break;
      if (error) {
        ended = true;
        break;
      }
      bytes_max -= size;
      received_.append(buffer.data(), size);
    }
    take_frames();
  }
  void vanish() { socket_.close(); }

  std::deque<std::string> texts;
  std::vector<std::string> pongs;
  int pings = 0;
  bool answers_pings = true;
  bool answers_close = true;
  std::optional<std::uint16_t> close_code;
  bool ended = false;

 private:
  std::size_t receive(char* space, std::size_t size, boost::system::error_code& error) {
    if (!tls_) return socket_.read_some(net::buffer(space, size), error);
    const auto n = tls_->read(space, size);
    if (n <= 0) error = n < 0 && tls_->would_block() ? net::error::would_block : net::error::connection_reset;
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  std::size_t transmit(boost::system::error_code& error) {
    if (!tls_) return socket_.write_some(net::buffer(unsent_), error);
    const auto n = tls_->write(unsent_);
    if (n <= 0) error = tls_->would_block() ? net::error::would_block : net::error::connection_reset;
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  void write_some() {
    boost::system::error_code error;
    while (!unsent_.empty() && !error) unsent_.erase(0, transmit(error));
    if (error && error != net::error::would_block) unsent_.clear();
  }
  void take_frames() {
    while (received_.size() - at_ >= 2) {
      const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(received_[at_ + i]); };
      const unsigned opcode = byte(0) & 0x0FU;
      std::size_t header = 2;
      std::size_t size = byte(1);
      if (size >= 126) {
        const std::size_t wide = size == 126 ? 2 : 8;
        if (received_.size() - at_ < 2 + wide) break;
        size = 0;
        for (std::size_t i = 0; i < wide; ++i) size = size << 8U | byte(2 + i);
        header += wide;
      }
      if (received_.size() - at_ < header + size) break;
      take(opcode, received_.substr(at_ + header, size));
      at_ += header + size;
    }
    received_.erase(0, at_);
    at_ = 0;
  }
  void take(unsigned opcode, std::string payload) {
    if (opcode == 1) texts.push_back(std::move(payload));
    if (opcode == 10) pongs.push_back(std::move(payload));
    if (opcode == 9) {
      ++pings;
      if (answers_pings) send_frame(10, payload);
    }
    if (opcode == 8) {
      close_code = payload.size() < 2 ? 1005
                                      : static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8U |
                                                                   static_cast<unsigned char>(payload[1]));
      if (answers_close) send_frame(8, payload.substr(0, 2));
    }
  }

  tcp::socket socket_;
  std::unique_ptr<tls::test::secure_peer> tls_;
  std::string unsent_;
  std::string received_;
  std::size_t at_ = 0;
};

inline std::shared_ptr<auth::principal> admin() {
  auto who = std::make_shared<auth::principal>();
  who->subject = "ops";
  who->who = auth::role::admin;
  who->expires = system_now() + std::chrono::hours{1};
  return who;
}
inline std::shared_ptr<auth::principal> driver_of(std::vector<std::string> trucks) {
  auto who = admin();
  who->who = auth::role::driver;
  who->trucks = std::move(trucks);
  return who;
}

class stage : public pipeline::words::spine {
 public:
  explicit stage(const std::filesystem::path& directory, live_options options = {},
                 pipeline::pipeline_options spine_options = roomy(), std::uint64_t segment_bytes = 64ULL << 20)
      : spine{directory, std::move(spine_options), segment_bytes}, live{loop, *p, fan_out, options} {}

  static pipeline::pipeline_options roomy() {
    auto options = pipeline::words::small();
    options.max_trucks = 100'000;
    return options;
  }
  /// Buffers so small that whoever does not read is felt at once.
  static live_options tight() { return {.send_buffer_bytes = 4'096}; }

  std::shared_ptr<peer> connect(std::shared_ptr<const auth::principal> who = admin(), int receive_buffer = 0) {
    net::ip::tcp::socket client{loop};
    client.open(net::ip::tcp::v4());
    if (receive_buffer > 0) client.set_option(net::socket_base::receive_buffer_size{receive_buffer});
    client.connect(acceptor_.local_endpoint());
    auto accepted = acceptor_.accept();
    auto [ours, theirs] = over_tls() ? meet(accepted, client) : ends{};
    live.serve({.socket = std::move(accepted),
                .secured = std::move(ours),
                .who = std::move(who),
                .answer = {},
                .received = {},
                .deliveries = {},
                .counted = {}});
    auto made = std::make_shared<peer>(std::move(client), std::move(theirs));
    peers_.push_back(made);
    return made;
  }
  std::shared_ptr<peer> connect_slow() {
    auto made = connect(admin(), 4'096);
    peers_.pop_back();  // reads when the test says so
    return made;
  }
  void reads(const std::shared_ptr<peer>& p) { peers_.push_back(p); }

  template <class Holds>
  bool until(Holds&& holds) {
    return spine::until([&] {
      for (const auto& each : peers_) each->poll();
      return holds();
    });
  }
  /// Turns the loop for that long.
  void pass(milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    static_cast<void>(until([&] { return std::chrono::steady_clock::now() >= end; }));
  }
  std::string next(const std::shared_ptr<peer>& from) {
    if (!until([&] { return !from->texts.empty() || from->ended; }) || from->texts.empty()) return "nothing came";
    std::string text = std::move(from->texts.front());
    from->texts.pop_front();
    return text;
  }
  /// Asks, and gives the answer.
  json ask(const std::shared_ptr<peer>& who, const json& command) {
    who->send(command);
    return json::parse(next(who));
  }
  std::vector<report> trucks(int count, int second, double speed_kmh = 30) {
    std::vector<report> all;
    for (int i = 0; i < count; ++i) all.push_back({"TRK-" + std::to_string(i), second, speed_kmh});
    return all;
  }

  live_server live;

 private:
  struct ends {
    std::unique_ptr<tls::session> ours;
    std::unique_ptr<tls::test::secure_peer> theirs;
  };
  /// A handshake, both ends in turn.
  static ends meet(net::ip::tcp::socket& accepted, net::ip::tcp::socket& client) {
    accepted.non_blocking(true);
    client.non_blocking(true);
    ends both{std::make_unique<tls::session>(test_certificate(), accepted.native_handle()),
              std::make_unique<tls::test::secure_peer>(client.native_handle())};
    for (int turn = 0; turn < 10'000; ++turn) {
      both.theirs->step();
      if (both.ours->handshake() == tls::session::step::done) return both;
    }
    throw std::runtime_error{"the handshake does not come to an end"};
  }

  net::ip::tcp::acceptor acceptor_{loop, {net::ip::address_v4::loopback(), 0}};
  std::vector<std::shared_ptr<peer>> peers_;
};

inline bool is_positions(std::string_view text) { return text.starts_with(R"({"type":"positions")"); }

/// The newest speed of each truck in the frames so far, checking that none runs backwards.
struct board {
  std::map<std::string, double> speeds;
  std::size_t frames = 0;
  std::size_t positions = 0;
  std::size_t repeats = 0;

  void show(std::deque<std::string>& texts) {
    for (; !texts.empty(); texts.pop_front()) {
      if (!is_positions(texts.front())) continue;
      ++frames;
      const json frame = json::parse(texts.front());
      for (const json& p : frame.at("positions")) {
        const auto [at, is_new] = speeds.try_emplace(p.at("truck_id"), -1);
        const double speed = p.at("speed_kmh");
        EXPECT_GE(speed, at->second) << at->first << " ran backwards";
        repeats += speed == at->second ? 1 : 0;
        at->second = speed;
        ++positions;
      }
    }
  }
};

/// The ids of the events in the frames so far, in their order.
inline void event_ids(std::deque<std::string>& texts, std::vector<std::string>& ids) {
  for (; !texts.empty(); texts.pop_front()) {
    if (texts.front().starts_with(R"({"type":"event")")) ids.push_back(json::parse(texts.front()).at("event").at("id"));
  }
}

}  // namespace haulcast::ws::words
