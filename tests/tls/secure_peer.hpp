// The client's end of TLS over a socket, by OpenSSL itself: blocks, and sends exactly what it is told to.
#pragma once

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <csignal>
#include <memory>
#include <string>
#include <string_view>

#include "tls/certificates.hpp"

namespace haulcast::tls::test {

using ssl_ptr = std::unique_ptr<SSL, freed_by<SSL_free>>;
using ssl_ctx_ptr = std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>>;

/// Believes everybody; who is believed is the business of other tests.
inline ssl_ctx_ptr make_client_context(int oldest = TLS1_2_VERSION, int newest = 0) {
  std::signal(SIGPIPE, SIG_IGN);
  ssl_ctx_ptr made{SSL_CTX_new(TLS_client_method())};
  SSL_CTX_set_min_proto_version(made.get(), oldest);
  SSL_CTX_set_max_proto_version(made.get(), newest);
  // Whoever offers TLS 1.0 must also lower the level of security.
  if (oldest < TLS1_2_VERSION) SSL_CTX_set_cipher_list(made.get(), "ALL:@SECLEVEL=0");
  SSL_CTX_set_mode(made.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return made;
}

/// On a connected socket, which it does not close.
class secure_peer {
 public:
  explicit secure_peer(int socket, ssl_ctx_ptr with = make_client_context())
      : ctx_{std::move(with)}, ssl_{SSL_new(ctx_.get())} {
    SSL_set_fd(ssl_.get(), socket);
    SSL_set_connect_state(ssl_.get());
    // A read that blocks must not wait for more behind a ticket: whoever asked it saw that there was something.
    if ((::fcntl(socket, F_GETFL) & O_NONBLOCK) == 0) SSL_clear_mode(ssl_.get(), SSL_MODE_AUTO_RETRY);
  }

  /// Blocks where the socket does.
  bool shake_hands() { return step() == SSL_ERROR_NONE; }
  /// What SSL_get_error() says.
  int step() {
    ERR_clear_error();
    return SSL_get_error(ssl_.get(), SSL_do_handshake(ssl_.get()));
  }
  /// As recv(): 0 at the end, -1 when nothing is there or all is lost.
  long read(char* space, std::size_t size) {
    ERR_clear_error();
    std::size_t n = 0;
    if (SSL_read_ex(ssl_.get(), space, size, &n) == 1) return static_cast<long>(n);
    failure_ = SSL_get_error(ssl_.get(), 0);
    return failure_ == SSL_ERROR_ZERO_RETURN ? 0 : -1;
  }
  long write(std::string_view bytes) {
    ERR_clear_error();
    std::size_t n = 0;
    if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &n) == 1) return static_cast<long>(n);
    failure_ = SSL_get_error(ssl_.get(), 0);
    return -1;
  }
  bool would_block() const { return failure_ == SSL_ERROR_WANT_READ || failure_ == SSL_ERROR_WANT_WRITE; }
  bool has_pending() const { return SSL_pending(ssl_.get()) > 0; }
  void finish() { SSL_shutdown(ssl_.get()); }
  /// The server said that nothing more comes.
  bool was_told_the_end() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  SSL* native() { return ssl_.get(); }

 private:
  ssl_ctx_ptr ctx_;
  ssl_ptr ssl_;
  int failure_ = 0;
};

}  // namespace haulcast::tls::test
