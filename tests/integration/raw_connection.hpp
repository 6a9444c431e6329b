// A connection to the server as bytes, under TLS where it speaks that, for what a well-behaved client never does, and for
// streams that do not end.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "haulcast/client/base_url.hpp"
#include "tls/secure_peer.hpp"

namespace haulcast::support {

/// Throws std::runtime_error when it cannot connect. Blocks; for one thread.
class raw_connection {
 public:
  explicit raw_connection(const client::base_url& to);
  /// What it was let in with; null: it is in clear.
  tls::test::secure_peer* secured() noexcept { return tls_.get(); }
  /// Says that no more comes.
  void finish_sending();
  ~raw_connection();
  raw_connection(const raw_connection&) = delete;
  raw_connection& operator=(const raw_connection&) = delete;

  void send(std::string_view bytes);
  /// All bytes up to and with `mark`; nothing when it did not come in time (what came stays).
  std::optional<std::string> read_until(std::string_view mark, std::chrono::milliseconds within);
  std::optional<std::string> read_exactly(std::size_t bytes, std::chrono::milliseconds within);
  /// Everything until the server closes; nothing when it does not in time.
  std::optional<std::string> read_to_end(std::chrono::milliseconds within);
  bool at_end() const noexcept { return at_end_; }

 private:
  bool read_some(std::chrono::steady_clock::time_point limit);

  int socket_ = -1;
  std::unique_ptr<tls::test::secure_peer> tls_;
  bool at_end_ = false;
  std::string unread_;
  std::string sent_, received_;  // the first of it, for the contract's judge
};

/// GET of a stream: server-sent events or NDJSON, its chunks taken apart.
class stream_reader {
 public:
  stream_reader(const client::base_url& to, const std::string& token, const std::string& target, const std::string& accept,
                const std::string& more_headers = {});

  unsigned status() const noexcept { return status_; }
  const std::string& head() const noexcept { return head_; }
  /// The next line without its end; nothing when none came in time, or the stream is over.
  std::optional<std::string> line(std::chrono::milliseconds within = std::chrono::seconds{20});
  /// The next server-sent event: its fields by name. Comments are left out.
  std::optional<std::map<std::string, std::string>> event(std::chrono::milliseconds within = std::chrono::seconds{20});
  bool over() const noexcept { return over_; }

 private:
  raw_connection connection_;
  std::string target_;
  std::string accept_;
  std::string head_;
  std::string text_;
  unsigned status_ = 0;
  bool over_ = false;
};

}  // namespace haulcast::support
