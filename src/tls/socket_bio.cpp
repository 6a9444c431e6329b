#include "socket_bio.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>

namespace haulcast::tls {
namespace {

int descriptor_of(BIO* bio) noexcept { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

bool is_passing(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

int write_socket(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) {
  BIO_clear_retry_flags(bio);
  const auto n = ::send(descriptor_of(bio), bytes, size, MSG_NOSIGNAL);
  if (n < 0 && is_passing(errno)) BIO_set_retry_write(bio);
  *written = n > 0 ? static_cast<std::size_t>(n) : 0;
  return n > 0 ? 1 : 0;
}

int read_socket(BIO* bio, char* space, std::size_t size, std::size_t* got) {
  BIO_clear_retry_flags(bio);
  const auto n = ::recv(descriptor_of(bio), space, size, 0);
  if (n < 0 && is_passing(errno)) BIO_set_retry_read(bio);
  if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  *got = n > 0 ? static_cast<std::size_t>(n) : 0;
  return n > 0 ? 1 : 0;
}

long control_socket(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;  // nothing is held back
}

BIO_METHOD* make_method() noexcept {
  BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "socket without SIGPIPE");
  if (made == nullptr) return nullptr;
  BIO_meth_set_write_ex(made, write_socket);
  BIO_meth_set_read_ex(made, read_socket);
  BIO_meth_set_ctrl(made, control_socket);
  return made;
}

}  // namespace

BIO* new_socket_bio(int socket) noexcept {
  static BIO_METHOD* const method = make_method();  // of the process: OpenSSL has no moment to take it back
  BIO* made = method != nullptr ? BIO_new(method) : nullptr;
  if (made == nullptr) return nullptr;
  BIO_set_data(made, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(made, 1);
  return made;
}

}  // namespace haulcast::tls
