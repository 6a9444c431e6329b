#include "integration/raw_connection.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "haulcast/client/credential.hpp"
#include "integration/contract_watch.hpp"

namespace haulcast::support {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t kept_bytes_max = 1U << 20U;

void keep(std::string& so_far, std::string_view more) { so_far += more.substr(0, kept_bytes_max - so_far.size()); }

}  // namespace

raw_connection::raw_connection(const client::base_url& to) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(to.host.c_str(), to.port.c_str(), &wanted, &found) != 0) throw std::runtime_error{"no such address"};
  socket_ = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int failed = ::connect(socket_, found->ai_addr, found->ai_addrlen);
  ::freeaddrinfo(found);
  if (failed == 0 && to.secure) tls_ = std::make_unique<tls::test::secure_peer>(socket_);
  if (failed == 0 && (!tls_ || tls_->shake_hands())) return;
  ::close(socket_);
  throw std::runtime_error{"cannot connect to " + to.authority()};
}

void raw_connection::finish_sending() {
  if (tls_) tls_->finish();
  ::shutdown(socket_, SHUT_WR);
}

raw_connection::~raw_connection() {
  ::close(socket_);
  watch_bytes(sent_, received_);
}

void raw_connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = tls_ ? tls_->write(bytes) : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    keep(sent_, bytes.substr(0, static_cast<std::size_t>(sent)));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool raw_connection::read_some(steady_clock::time_point limit) {
  const auto left = std::chrono::ceil<milliseconds>(limit - steady_clock::now()).count();
  pollfd waiting{socket_, POLLIN, 0};
  if (at_end_) return false;
  const bool inside = tls_ && tls_->has_pending();
  if (!inside && ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left, 0))) <= 0) return false;
  char bytes[16384];
  const auto got = tls_ ? tls_->read(bytes, sizeof bytes) : ::recv(socket_, bytes, sizeof bytes, 0);
  if (got < 0 && tls_ && tls_->would_block()) return true;  // a ticket
  at_end_ = got <= 0;
  if (!at_end_) unread_.append(bytes, static_cast<std::size_t>(got));
  if (!at_end_) keep(received_, {bytes, static_cast<std::size_t>(got)});
  return !at_end_;
}

std::optional<std::string> raw_connection::read_until(std::string_view mark, milliseconds within) {
  const auto limit = steady_clock::now() + within;
  std::size_t at;
  while ((at = unread_.find(mark)) == std::string::npos)
    if (!read_some(limit)) return std::nullopt;
  auto text = unread_.substr(0, at + mark.size());
  unread_.erase(0, text.size());
  return text;
}

std::optional<std::string> raw_connection::read_exactly(std::size_t bytes, milliseconds within) {
  const auto limit = steady_clock::now() + within;
  while (unread_.size() < bytes)
    if (!read_some(limit)) return std::nullopt;
  auto text = unread_.substr(0, bytes);
  unread_.erase(0, bytes);
  return text;
}

std::optional<std::string> raw_connection::read_to_end(milliseconds within) {
  const auto limit = steady_clock::now() + within;
  while (read_some(limit)) {
  }
  if (!at_end_) return std::nullopt;
  return std::exchange(unread_, {});
}

stream_reader::stream_reader(const client::base_url& to, const std::string& token, const std::string& target,
                             const std::string& accept, const std::string& more_headers)
    : connection_{to}, target_{target}, accept_{accept} {
  const auto [name, value] = client::credential_field(token);
  connection_.send("GET " + target + " HTTP/1.1\r\nHost: " + to.authority() + "\r\n" + name + ": " + value +
                   "\r\nAccept: " + accept + "\r\n" + more_headers + "\r\n");
  head_ = connection_.read_until("\r\n\r\n", std::chrono::seconds{20}).value_or("");
  if (head_.size() > 12) status_ = static_cast<unsigned>(std::stoul(head_.substr(9, 3)));
}

std::optional<std::string> stream_reader::line(milliseconds within) {
  const auto limit = steady_clock::now() + within;
  std::size_t end;
  while ((end = text_.find('\n')) == std::string::npos) {
    const auto left = std::chrono::ceil<milliseconds>(limit - steady_clock::now());
    const auto size = over_ ? std::nullopt : connection_.read_until("\r\n", left);
    if (!size) {
      over_ |= connection_.at_end();
      return std::nullopt;
    }
    const auto bytes = std::stoul(*size, nullptr, 16);
    const auto piece = connection_.read_exactly(bytes + 2, std::chrono::seconds{5});
    over_ = !piece || bytes == 0;
    if (piece) text_ += piece->substr(0, bytes);
  }
  auto one = text_.substr(0, end);
  text_.erase(0, end + 1);
  if (one.starts_with("data: ")) watch_item(target_, accept_, one.substr(6));
  if (one.starts_with('{')) watch_item(target_, accept_, one);
  return one;
}

std::optional<std::map<std::string, std::string>> stream_reader::event(milliseconds within) {
  std::map<std::string, std::string> fields;
  for (;;) {
    const auto one = line(within);
    if (!one) return std::nullopt;
    if (one->starts_with(':')) continue;
    if (!one->empty()) {
      const auto colon = one->find(": ");
      fields[one->substr(0, colon)] = one->substr(colon + 2);
    } else if (!fields.empty()) {
      return fields;
    }
  }
}

}  // namespace haulcast::support
