// One connection under TLS: what is read and written through its socket.
//
// Stands beside the socket, which its owner keeps, waits for and closes: it only reads and writes the descriptor and never
// waits. Idle, it holds no buffers.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

struct ssl_st;

namespace haulcast::tls {

class context;

/// One thread at a time. Bytes that have come may already be inside: whoever would wait for the socket asks has_more() first.
class session {
 public:
  /// Of the server's side. `socket`: a connected one in non-blocking mode, which outlives the session or its last use.
  session(const context& with, int socket);
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session();

  enum class step { done, wants_read, wants_write, failed };
  /// Goes as far as it can without waiting. Where the peer's hello has come, that takes a private-key operation: up to some
  /// milliseconds. Failed: the peer has been told why, as far as the socket took it.
  step handshake();

  /// As many bytes as one record has, or fit. Error: would_block, or the end, orderly or not.
  std::size_t read_some(std::span<char> space, boost::system::error_code& failed);
  /// As many bytes as the socket takes now. Error: would_block when that is none, or the end. After would_block, and after less
  /// than all, the next call begins with the bytes that were left.
  std::size_t write_some(std::string_view bytes, boost::system::error_code& failed);
  /// After would_block: the socket must be writable before it can go on, else readable.
  bool wants_write() const noexcept { return wants_write_; }
  /// The last read left bytes inside: read again before waiting.
  bool has_more() const noexcept { return has_more_; }

  enum class sign { none, talks, gone };
  /// What a socket that has become readable means, without taking anything.
  sign look() noexcept;

  /// Tells the peer that nothing more comes, once, as far as the socket takes it.
  void close_notify() noexcept;

 private:
  boost::system::error_code why(int returned) noexcept;

  struct free_ssl {
    void operator()(ssl_st* made) const noexcept;
  };
  std::unique_ptr<ssl_st, free_ssl> ssl_;
  bool wants_write_ = false;
  bool has_more_ = false;
  bool failed_ = false;
};

}  // namespace haulcast::tls
