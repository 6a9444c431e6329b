#include "haulcast/tls/session.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "haulcast/tls/context.hpp"
#include "socket_bio.hpp"

namespace haulcast::tls {
namespace {

using boost::system::error_code;

constexpr std::size_t write_bytes_max = 256ULL << 10;  // encrypted in one go: about 0.1 ms

error_code system_error(int number) noexcept { return {number, boost::system::system_category()}; }
error_code would_block() noexcept { return system_error(EWOULDBLOCK); }

}  // namespace

void session::free_ssl::operator()(ssl_st* made) const noexcept { SSL_free(made); }

session::session(const context& with, int socket) : ssl_{SSL_new(with.native())} {
  BIO* bio = ssl_ ? new_socket_bio(socket) : nullptr;
  if (bio == nullptr) {
    ERR_clear_error();
    throw std::bad_alloc{};
  }
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
}

session::~session() = default;

session::step session::handshake() {
  ERR_clear_error();
  const int returned = SSL_do_handshake(ssl_.get());
  if (returned == 1) {
    has_more_ = SSL_has_pending(ssl_.get()) != 0;
    return step::done;
  }
  if (why(returned) != would_block()) return step::failed;
  return wants_write_ ? step::wants_write : step::wants_read;
}

std::size_t session::read_some(std::span<char> space, error_code& failed) {
  ERR_clear_error();
  std::size_t n = 0;
  const int returned = SSL_read_ex(ssl_.get(), space.data(), space.size(), &n);
  if (returned == 1) {
    failed.clear();
    has_more_ = SSL_has_pending(ssl_.get()) != 0;
    return n;
  }
  has_more_ = false;  // what is inside is no whole record
  failed = why(returned);
  return 0;
}

std::size_t session::write_some(std::string_view bytes, error_code& failed) {
  failed.clear();
  std::size_t sent = 0;
  const std::size_t most = std::min(bytes.size(), write_bytes_max);
  while (sent < most) {
    ERR_clear_error();
    std::size_t n = 0;
    const int returned = SSL_write_ex(ssl_.get(), bytes.data() + sent, bytes.size() - sent, &n);
    if (returned == 1) {
      sent += n;
      continue;
    }
    const error_code stopped = why(returned);
    if (sent == 0 || stopped != would_block()) failed = stopped;
    break;
  }
  return sent;
}

session::sign session::look() noexcept {
  ERR_clear_error();
  char next = 0;
  std::size_t n = 0;
  const int returned = SSL_peek_ex(ssl_.get(), &next, 1, &n);
  has_more_ = returned == 1;
  if (returned == 1) return sign::talks;
  return why(returned) == would_block() ? sign::none : sign::gone;
}

void session::close_notify() noexcept {
  if (failed_ || SSL_in_init(ssl_.get()) != 0 || (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

error_code session::why(int returned) noexcept {
  const int error = SSL_get_error(ssl_.get(), returned);
  wants_write_ = error == SSL_ERROR_WANT_WRITE;
  if (wants_write_ || error == SSL_ERROR_WANT_READ) return would_block();
  failed_ = error != SSL_ERROR_ZERO_RETURN;
  return system_error(failed_ ? ECONNABORTED : ECONNRESET);
}

}  // namespace haulcast::tls
