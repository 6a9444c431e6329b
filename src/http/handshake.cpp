#include "handshake.hpp"

#include <sys/socket.h>

#include <optional>

#include "channel.hpp"

namespace haulcast::http {
namespace {

using boost::system::error_code;
using tcp = net::ip::tcp;
using step = tls::session::step;

constexpr char handshake_record = 0x16;  // RFC 8446 5.1

class in_progress {
 public:
  explicit in_progress(http_metrics& m) : m_{m} { ++m_.handshakes_open; }
  in_progress(const in_progress&) = delete;
  in_progress& operator=(const in_progress&) = delete;
  ~in_progress() { --m_.handshakes_open; }

 private:
  http_metrics& m_;
};

/// The first byte, which stays where it is.
std::optional<char> look_at_first(int socket) noexcept {
  char first = 0;
  return ::recv(socket, &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1 ? std::optional{first} : std::nullopt;
}

bool begins_a_method(char c) noexcept { return c >= 'A' && c <= 'Z'; }

opening refuse_hello(channel& with) noexcept {
  auto& m = with.core().metrics;
  ++m.handshakes_failed;
  if (with.timed_out()) ++m.timeouts_handshake;
  return opening::refused;
}

}  // namespace

net::awaitable<opening> shake_hands(channel& with) {
  auto& core = with.core();
  const in_progress counted{core.metrics};
  with.allow(core.options.head_timeout);
  auto hello = with.socket().async_wait(tcp::socket::wait_read, as_result);
  const auto [silent] = co_await std::move(hello);
  if (silent || with.broken() || core.stopping) co_return refuse_hello(with);
  const auto first = look_at_first(with.socket().native_handle());
  if (first != handshake_record) {
    const auto refused = refuse_hello(with);
    co_return first&& begins_a_method(*first) ? opening::plain_http : refused;
  }
  with.secure(std::make_unique<tls::session>(*core.certificate, with.socket().native_handle()));
  for (;;) {
    with.lend(true);
    auto stepping = core.handshaking->step(*with.tls());
    const auto how = co_await std::move(stepping);
    with.lend(false);
    if (how == step::failed || with.broken() || with.timed_out() || core.stopping) co_return refuse_hello(with);
    if (how == step::done) break;
    auto waiting =
        with.socket().async_wait(how == step::wants_write ? tcp::socket::wait_write : tcp::socket::wait_read, as_result);
    const auto [failed] = co_await std::move(waiting);
    if (failed || with.broken()) co_return refuse_hello(with);
  }
  with.end_wait();
  ++core.metrics.handshakes_done;
  co_return opening::secured;
}

}  // namespace haulcast::http
