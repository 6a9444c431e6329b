#include "load/connection.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

namespace haulcast::bench {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error{what + ": " + std::strerror(errno)}; }

void wait_for(int socket, short what, int timeout_ms) {
  pollfd entry{.fd = socket, .events = what, .revents = 0};
  if (::poll(&entry, 1, timeout_ms) == 0) throw std::runtime_error{"the server does not answer"};
}

/// The number behind `name` in `text`, such as `"accepted":`.
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == text.npos) return std::nullopt;
  const char* begin = text.data() + at + name.size();
  const char* end = text.data() + text.size();
  while (begin != end && *begin == ' ') ++begin;
  std::uint64_t value = 0;
  if (std::from_chars(begin, end, value).ec != std::errc{}) return std::nullopt;
  return value;
}

}  // namespace

connection::connection(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  if (socket_ < 0) fail("cannot make a socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr generic{};
  static_assert(sizeof generic == sizeof address);
  std::memcpy(&generic, &address, sizeof address);
  if (::connect(socket_, &generic, sizeof generic) != 0) fail("cannot connect");
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

connection::connection(connection&& other) noexcept : socket_{std::exchange(other.socket_, -1)} {}

connection::~connection() {
  if (socket_ >= 0) ::close(socket_);
}

void connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) fail("cannot send");
    if (sent < 0) wait_for(socket_, POLLOUT, 10'000);
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::size_t connection::receive(char* to, std::size_t size) {
  const auto got = ::recv(socket_, to, size, MSG_DONTWAIT);
  if (got > 0) return static_cast<std::size_t>(got);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  throw std::runtime_error{"the server closed a connection"};
}

std::string connection::await_text(std::string_view wanted) {
  std::string all;
  std::array<char, 4096> chunk{};
  while (all.empty() || all.find(wanted) == all.npos) {
    wait_for(socket_, POLLIN, 10'000);
    all.append(chunk.data(), receive(chunk.data(), chunk.size()));
  }
  return all;
}

bool poster::receive(answer& to) {
  std::array<char, 4096> chunk;
  pending_.append(chunk.data(), wire_.receive(chunk.data(), chunk.size()));
  const auto head = pending_.find("\r\n\r\n");
  if (head == pending_.npos) return false;
  const std::string_view text = pending_;
  const auto length = number_after(text.substr(0, head), "ontent-Length:");
  if (!length) throw std::runtime_error{"an answer without Content-Length"};
  if (text.size() < head + 4 + *length) return false;
  const auto body = text.substr(head + 4);
  to.status = static_cast<int>(number_after(text, "HTTP/1.1 ").value_or(0));
  to.accepted = number_after(body, "\"accepted\":").value_or(0);
  to.duplicates = number_after(body, "\"duplicates\":").value_or(0);
  pending_.clear();
  return true;
}

readiness::readiness() : epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
  if (epoll_ < 0) fail("cannot make an epoll");
}

readiness::~readiness() { ::close(epoll_); }

void readiness::add(const connection& c, std::uint32_t number) {
  epoll_event entry{};
  entry.events = EPOLLIN;
  entry.data.u32 = number;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, c.handle(), &entry) != 0) fail("cannot watch a connection");
}

bool readiness::wait(std::chrono::nanoseconds timeout, const std::function<void(std::uint32_t)>& ready) {
  std::array<epoll_event, 256> entries;
  const auto whole = std::chrono::floor<std::chrono::seconds>(timeout);
  const timespec until{.tv_sec = whole.count(), .tv_nsec = (timeout - whole).count()};
  const int count = ::epoll_pwait2(epoll_, entries.data(), static_cast<int>(entries.size()), &until, nullptr);
  for (int i = 0; i < count; ++i) ready(entries[static_cast<std::size_t>(i)].data.u32);
  return count > 0;
}

double latencies::quantile(double share) {
  if (all_.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(all_.size() - 1));
  std::ranges::nth_element(all_, all_.begin() + at);
  return static_cast<double>(all_[static_cast<std::size_t>(at)]);
}

}  // namespace haulcast::bench
