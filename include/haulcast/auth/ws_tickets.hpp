// Tickets for WebSockets: a browser cannot set headers there, and a token in an address ends up in logs. A ticket in an address
// is worth nothing once it was used, and nothing half a minute later.
#pragma once

#include <boost/assert/source_location.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "haulcast/auth/principal.hpp"
#include "haulcast/auth/token.hpp"
#include "haulcast/base/result.hpp"
#include "haulcast/base/time.hpp"

namespace haulcast::auth {

/// Why there is no ticket, and when to ask again.
struct ticket_refusal {
  enum class bound {
    of_subject,  // the caller has as many unused ones as one may have
    of_all,      // everybody together has
  } what;
  seconds retry_after;  // until the oldest of them has expired: at least 1
};
[[noreturn]] void throw_exception_from_error(const ticket_refusal& refusal, const boost::source_location& where);

struct ticket_metrics {
  std::uint64_t issued = 0;
  std::uint64_t used = 0;
  std::uint64_t expired = 0;  // unused
  std::uint64_t refused_of_subject = 0;
  std::uint64_t refused_of_all = 0;
  std::uint64_t unknown = 0;  // shown, and never issued, used before, or expired
};

/// Bounded, in memory: after a restart a client buys another. Of a ticket only the SHA-256 is kept, so the time a look-up takes
/// says nothing about those that are there. What has expired leaves with later calls, some at each: no call walks the table.
/// Owned and called by the event loop. O(log tickets). Never logs.
class ws_tickets {
 public:
  using clock = std::chrono::steady_clock;

  struct options {
    seconds lifetime{30};
    std::size_t most = 16'384;         // of all subjects together: each holds on to its principal
    std::size_t most_of_subject = 64;  // tabs that a person opens, or a machine's pages, in one lifetime
  };
  explicit ws_tickets(options opts);
  ~ws_tickets();

  /// 43 characters: base64url of 256 random bits. Throws std::runtime_error when the kernel has no random bytes.
  result<std::string, ticket_refusal> issue(std::shared_ptr<const principal> who, clock::time_point now);

  /// Whom it was issued to, once. token_error::invalid: it is unknown, was used, has expired, or what it was bought with has.
  result<std::shared_ptr<const principal>, token_error> redeem(std::string_view ticket, clock::time_point now, utc_time wall);

  seconds lifetime() const noexcept { return opts_.lifetime; }
  std::size_t size() const noexcept;
  const ticket_metrics& metrics() const noexcept { return metrics_; }

 private:
  struct table;

  void forget_expired(clock::time_point now);
  bool make_room_for(const std::string& subject, clock::time_point now, clock::time_point& oldest);

  options opts_;
  std::unique_ptr<table> table_;
  ticket_metrics metrics_;
};

}  // namespace haulcast::auth
