// One request as a handler sees it: checked, decoded, its body complete.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/base/result.hpp"
#include "haulcast/http/problem.hpp"

namespace haulcast::auth {
struct access_rule;
struct principal;
}  // namespace haulcast::auth

namespace haulcast::http {

class channel;
class network_list;

enum class method : std::uint8_t { get, head, post, put, patch, delete_, options, other };

method method_of(std::string_view name) noexcept;
std::string_view to_string(method m) noexcept;

struct field {
  std::string_view name;   // as sent
  std::string_view value;  // without blanks around it
};

/// How much of a rate limit is left, as the answer's head tells it. `limit` 0: nothing is told.
struct told_rate {
  std::uint32_t limit = 0;      // requests that may come at once
  std::uint32_t remaining = 0;  // of these, now
  std::uint32_t reset_s = 0;    // until all of them are there again
};

/// Behind the end of `request::body` this many bytes may be read (and are initialised), as simdjson asks.
inline constexpr std::size_t body_padding = 64;

/// All views point into memory that the request or its connection keeps until the answer has been sent (for a stream: until the
/// producer returns); whoever needs them longer copies.
/// Owned by the event loop. Movable, not copyable.
class request {
 public:
  using endpoint = boost::asio::ip::tcp::endpoint;

  request() = default;
  request(request&&) = default;
  request& operator=(request&&) = default;

  http::method method = method::other;
  std::string_view method_name;
  std::uint8_t version_minor = 1;                    // HTTP/1.0 or HTTP/1.1
  std::string_view target;                           // as sent, without scheme and host
  std::string_view path;                             // percent-decoded, valid UTF-8 without control characters
  std::string_view body;                             // decoded (chunks, gzip); `body_padding` readable bytes behind it
  endpoint peer;                                     // whoever holds the other end of the socket, perhaps a proxy
  const network_list* trusted_proxies = nullptr;     // the server's; none: whoever connects is the client
  const auth::access_rule* rule = nullptr;           // the route's row in the role table
  std::shared_ptr<const auth::principal> principal;  // set when the route asks for a token
  std::uint64_t id = 0;                              // unique in this process
  std::string_view traceparent;                      // W3C, validated; empty when none or not valid
  std::chrono::steady_clock::time_point started;     // when all of it was here
  told_rate rate;                                    // of the limit it was counted by, for its answer
  channel* over = nullptr;                           // the connection's; null: none, as in tests

  /// Whom the request is from: see client_address(). Found anew with each call, so that who does not ask pays nothing.
  boost::asio::ip::address client() const;

  /// Whether the peer has closed the connection by now: looks at the socket. For answers that take a while.
  bool is_abandoned() const noexcept;

  /// The first field of that name in any case, trimmed; empty when there is none. O(fields).
  std::string_view header(std::string_view name) const noexcept;
  bool has_header(std::string_view name) const noexcept;
  const std::vector<field>& headers() const noexcept { return fields_; }

  /// What stood for `{name}` in the route's pattern, percent-decoded; empty when the pattern has no such name.
  std::string_view parameter(std::string_view name) const noexcept;

  /// Query parameters, percent-decoded, in the order sent. `+` is a plus: times with an offset need no escaping.
  const std::vector<field>& query() const noexcept { return query_; }
  /// The one value of that name, nullopt when absent. Error: parameter_duplicate.
  result<std::optional<std::string_view>, problem> query_value(std::string_view name) const;

 private:
  friend class request_access;

  std::vector<field> fields_;
  std::vector<field> query_;
  std::vector<field> parameters_;
  std::unique_ptr<char[]> head_memory_;  // what the views above point to, once the connection gave it away
  std::unique_ptr<char[]> decoded_;      // decoded texts; only when something had to be decoded
  std::size_t decoded_used_ = 0;
  std::size_t decoded_size_ = 0;
  std::string inflated_;  // the body when it came gzipped
};

/// For the room itself: fills a request. Handlers have no use for it.
class request_access {
 public:
  /// Ready for the next one; keeps what vectors have allocated.
  static void reset(request& r) noexcept;
  /// Gives all memory back.
  static void release(request& r) noexcept;
  static std::vector<field>& fields(request& r) noexcept { return r.fields_; }
  static std::vector<field>& query(request& r) noexcept { return r.query_; }
  static std::vector<field>& parameters(request& r) noexcept { return r.parameters_; }
  static std::unique_ptr<char[]>& head_memory(request& r) noexcept { return r.head_memory_; }
  static std::string& inflated(request& r) noexcept { return r.inflated_; }
  /// `size` bytes that live as long as the request. All calls for one request together: at most twice its target.
  static char* scratch(request& r, std::size_t size);
};

}  // namespace haulcast::http
