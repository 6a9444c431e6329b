// A server core on a free port with its own thread, and raw sockets to talk to it: in clear, or, with HAULCAST_TEST_TLS in the
// environment, all of it under TLS.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "haulcast/http/server.hpp"
#include "haulcast/http/stream.hpp"
#include "haulcast/http/text.hpp"
#include "tls/secure_peer.hpp"

namespace haulcast::http::test {

using namespace std::chrono_literals;

struct answer {
  int status = 0;
  std::string head;
  std::string body;

  std::string header(std::string_view name) const {
    std::string_view rest = head;
    while (!rest.empty()) {
      const auto end = rest.find("\r\n");
      const auto line = rest.substr(0, end);
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 2);
      const auto colon = line.find(':');
      if (colon != std::string_view::npos && iequals(line.substr(0, colon), name))
        return std::string{trim(line.substr(colon + 1))};
    }
    return {};
  }
};

inline bool over_tls() {
  static const bool asked = std::getenv("HAULCAST_TEST_TLS") != nullptr;
  return asked;
}

/// Of the whole test program.
inline const tls::context& test_certificate(tls::test::key_kind kind = tls::test::key_kind::p256) {
  const auto make = [](tls::test::key_kind of) {
    std::string name = (std::filesystem::temp_directory_path() / "haulcast-http-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"no directory for a certificate"};
    const auto files = tls::test::authority{}.issue(name, "server", {.kind = of});
    auto loaded = tls::load_certificate({files.certificate, files.key}).value();
    std::filesystem::remove_all(name);
    return loaded.shown;
  };
  static const tls::context p256 = make(tls::test::key_kind::p256);
  if (kind == tls::test::key_kind::p256) return p256;
  static const tls::context rsa = make(tls::test::key_kind::rsa2048);
  return rsa;
}

/// A client that sends exactly the bytes it is told to.
class peer {
 public:
  enum class form { as_asked, clear };

  /// `last_byte` of the address it comes from, 127.0.0.x.
  explicit peer(std::uint16_t port, int receive_buffer = 0, std::uint32_t last_byte = 1, form how = form::as_asked)
      : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    if (last_byte != 1) come_from(INADDR_LOOPBACK - 1 + last_byte);
    if (receive_buffer != 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr generic{};
    std::memcpy(&generic, &to, sizeof to);
    connected_ = ::connect(socket_, &generic, sizeof to) == 0;
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (over_tls() && how == form::as_asked) secure();
  }
  ~peer() { close(); }
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;

  /// False: it was not let in.
  bool secure(tls::test::ssl_ctx_ptr with = tls::test::make_client_context()) {
    timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    tls_ = std::make_unique<tls::test::secure_peer>(socket_, std::move(with));
    return tls_->shake_hands();
  }
  const tls::test::secure_peer* secured() const { return tls_.get(); }

  bool connected() const { return connected_; }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  void finish_sending() const {
    if (tls_) tls_->finish();
    ::shutdown(socket_, SHUT_WR);
  }

  /// False: the server does not take it.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto n = tls_ ? tls_->write(bytes) : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  /// The next answer; status 0 when the connection ended before its head was complete. `bodiless`: to a HEAD request.
  answer read(bool bodiless = false) {
    answer a;
    std::size_t end;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return a;
    }
    a.head = in_.substr(0, end + 2);
    in_.erase(0, end + 4);
    a.status = std::stoi(a.head.substr(9, 3));
    if (bodiless || a.status < 200 || a.status == 204) return a;
    if (a.header("transfer-encoding") == "chunked") {
      while (auto piece = read_chunk()) a.body += *piece;
    } else if (const auto length = a.header("content-length"); !length.empty()) {
      while (in_.size() < std::stoul(length) && fill()) {
      }
      a.body = in_.substr(0, std::stoul(length));
      in_.erase(0, a.body.size());
    } else {
      a.body = read_to_end();
    }
    return a;
  }

  /// Only the head, for a stream.
  answer read_head() {
    answer a = read(true);
    return a;
  }

  /// Nullopt: the last chunk, or the end.
  std::optional<std::string> read_chunk() {
    std::size_t end;
    while ((end = in_.find("\r\n")) == std::string::npos) {
      if (!fill()) return std::nullopt;
    }
    const auto size = std::stoul(in_.substr(0, end), nullptr, 16);
    while (in_.size() < end + 4 + size) {
      if (!fill()) return std::nullopt;
    }
    auto data = in_.substr(end + 2, size);
    in_.erase(0, end + 4 + size);
    whole_ = size == 0;
    if (size == 0) return std::nullopt;
    return data;
  }
  bool saw_last_chunk() const { return whole_; }

  std::string read_to_end() {
    while (fill()) {
    }
    return std::exchange(in_, {});
  }

  /// Whether the server closes within five seconds, having sent nothing more.
  bool ended() { return in_.empty() && !fill() && !timed_out_; }
  /// Whether nothing comes for a while.
  bool quiet(std::chrono::milliseconds for_how_long) {
    const auto until = std::chrono::steady_clock::now() + for_how_long;
    const auto left = [until] {
      return std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    };
    for (pollfd p{socket_, POLLIN, 0}; in_.empty() && ::poll(&p, 1, static_cast<int>(std::max(left(), 0L))) != 0;) {
      if (!tls_ || !take()) return false;
    }
    return in_.empty();
  }

  answer ask(std::string_view bytes, bool bodiless = false) {
    send(bytes);
    return read(bodiless);
  }

 private:
  void come_from(std::uint32_t address) const {
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(address);
    sockaddr generic{};
    std::memcpy(&generic, &from, sizeof from);
    ::bind(socket_, &generic, sizeof from);
  }
  bool fill() {
    for (const auto before = in_.size(); in_.size() == before;) {
      pollfd p{socket_, POLLIN, 0};
      if (!(tls_ && tls_->has_pending()) && ::poll(&p, 1, 5000) <= 0) {
        timed_out_ = true;
        return false;
      }
      if (!take()) return false;
    }
    return true;
  }
  /// What has come; under TLS that may be nothing yet. False: the end.
  bool take() {
    char buffer[16384];
    const auto n = tls_ ? tls_->read(buffer, sizeof buffer) : ::recv(socket_, buffer, sizeof buffer, 0);
    if (n > 0) in_.append(buffer, static_cast<std::size_t>(n));
    return n > 0 || (n < 0 && tls_ && tls_->would_block());
  }

  int socket_;
  std::unique_ptr<tls::test::secure_peer> tls_;
  std::string in_;
  bool connected_ = false;
  bool timed_out_ = false;
  bool whole_ = false;
};

/// Routes of all kinds, and who may call them.
router test_routes();
std::span<const auth::access_rule> test_rules();

class running_server {
 public:
  template <class F>
  auto on_loop(F f) {
    std::packaged_task<decltype(f())()> task{std::move(f)};
    auto done = task.get_future();
    net::post(io_, [&task] { task(); });
    return done.get();
  }

  explicit running_server(server_options options = quick(), router routes = test_routes(),
                          std::optional<tls::context> shown = over_tls() ? std::optional{test_certificate()} : std::nullopt)
      : server_{std::make_unique<server>(io_.get_executor(), options, std::move(routes))} {
    if (shown) server_->use_certificate(*shown);
    port_ = server_->listen({net::ip::address_v4::loopback(), 0}).value().port();
    thread_ = std::thread{[this] { io_.run(); }};
  }
  ~running_server() {
    on_loop([this] { server_.reset(); });
    guard_.reset();
    thread_.join();
  }

  /// Deadlines that a test can wait for, but far from what a busy machine needs.
  static server_options quick() {
    server_options o;
    o.tick = 10ms;
    o.linger_timeout = 300ms;
    return o;
  }

  std::uint16_t port() const { return port_; }
  server& core() { return *server_; }

  http_metrics metrics() {
    return on_loop([this] { return server_->metrics(); });
  }
  /// Polls, for what the server does a moment later than the client sees.
  template <class F>
  bool eventually(F holds) {
    for (int i = 0; i < 500; ++i) {
      if (on_loop(holds)) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
  net::io_context& io() { return io_; }

 private:
  net::io_context io_{1};
  net::executor_work_guard<net::io_context::executor_type> guard_{io_.get_executor()};
  std::unique_ptr<server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

inline std::string get(std::string_view target, std::string_view fields = {}) {
  return "GET " + std::string{target} + " HTTP/1.1\r\nHost: h\r\n" + std::string{fields} + "\r\n";
}
inline std::string post(std::string_view target, std::string_view body, std::string_view fields = {}) {
  return "POST " + std::string{target} + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string{fields} + "\r\n" + std::string{body};
}

}  // namespace haulcast::http::test
