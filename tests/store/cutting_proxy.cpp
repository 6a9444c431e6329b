#include "store/cutting_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <stdexcept>

namespace haulcast::store::story {
namespace {

constexpr std::size_t commit_tail = 4;  // bytes of its message that never come when it is cut inside

bool send_all(int to, const char* bytes, std::size_t size) {
  while (size > 0) {
    const auto sent = ::send(to, bytes, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool readable(int descriptor) {
  pollfd one{.fd = descriptor, .events = POLLIN};
  return ::poll(&one, 1, 20) > 0;
}

}  // namespace

cutting_proxy::cutting_proxy(std::filesystem::path socket) : socket_{std::move(socket)} {
  listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  if (::bind(listening_, reinterpret_cast<sockaddr*>(&here), size) != 0 || ::listen(listening_, 16) != 0 ||
      ::getsockname(listening_, reinterpret_cast<sockaddr*>(&here), &size) != 0) {
    throw std::runtime_error{"no port for a proxy"};
  }
  port_ = ntohs(here.sin_port);
  accepting_ = std::thread{[this] { accept_all(); }};
}

cutting_proxy::~cutting_proxy() {
  ending_ = true;
  released_ = true;
  accepting_.join();
  for (auto& each : threads_) each.join();
  ::close(listening_);
}

void cutting_proxy::accept_all() {
  while (!ending_) {
    if (!readable(listening_)) continue;
    const int client = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0 && turns_away_)
      ::close(client);
    else if (client >= 0)
      threads_.emplace_back([this, client] { carry(client); });
  }
}

void cutting_proxy::carry(int client) {
  const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un there{};
  there.sun_family = AF_UNIX;
  std::strncpy(there.sun_path, socket_.c_str(), sizeof there.sun_path - 1);
  bool open = ::connect(server, reinterpret_cast<sockaddr*>(&there), sizeof there) == 0;
  std::array<char, 65'536> buffer{};
  while (open && !ending_) {
    std::array<pollfd, 2> both{{{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}}};
    if (::poll(both.data(), both.size(), 20) <= 0) continue;
    for (const auto& [from, to] : {std::pair{client, server}, std::pair{server, client}}) {
      if (both[from == client ? 0 : 1].revents == 0) continue;
      const auto got = ::recv(from, buffer.data(), buffer.size(), 0);
      open = open && got > 0;
      if (!open) break;
      const std::string message{buffer.data(), static_cast<std::size_t>(got)};
      if (from == client && message.find("COMMIT") != std::string::npos) {
        if (const cut how = next_.exchange(cut::none); how != cut::none) {
          commit(client, server, message, how);
          ::close(server);
          return;
        }
      }
      open = send_all(to, message.data(), message.size());
    }
  }
  ::close(client);
  ::close(server);
}

void cutting_proxy::commit(int client, int server, const std::string& message, cut how) {
  if (how == cut::later) {
    ::shutdown(client, SHUT_RDWR);
    while (!released_) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  if (how == cut::inside) send_all(server, message.data(), message.size() - commit_tail);
  if (how == cut::after || how == cut::later) {
    send_all(server, message.data(), message.size());
    while (!readable(server) && !ending_) {  // it is done when it is answered
    }
  }
  ::close(client);
}

}  // namespace haulcast::store::story
