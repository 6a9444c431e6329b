// How OpenSSL reaches a socket.
#pragma once

#include <openssl/bio.h>

namespace haulcast::tls {

/// As BIO_s_socket, but a peer that has gone raises no SIGPIPE. Does not close the descriptor. Null: no memory.
BIO* new_socket_bio(int socket) noexcept;

}  // namespace haulcast::tls
