// Sends the positions of many trucks over a bounded number of connections, each truck in its order, until each has an answer.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "haulcast/base/result.hpp"
#include "haulcast/client/base_url.hpp"
#include "haulcast/client/latency_recorder.hpp"

namespace haulcast::client {

struct sender_options {
  std::string token;
  std::size_t connections = 16;       // at most; each is made when it is first needed
  std::size_t batch_max = 1000;       // positions in one request
  std::size_t body_max = 900 * 1024;  // bytes of one request, before compression
  std::size_t pending_max = 0;        // positions that wait for one truck; beyond it the oldest go. 0: no bound
  bool gzip = false;
  std::chrono::milliseconds connect_within{5000};
  std::chrono::milliseconds answer_within{30'000};
};

struct send_totals {
  std::uint64_t offered = 0;
  std::uint64_t sent = 0;  // positions that went out at least once
  std::uint64_t accepted = 0, duplicates = 0, late = 0, rejected = 0;
  std::uint64_t refused = 0;  // positions whose whole batch got a 4xx that no retry can mend
  std::uint64_t dropped = 0;  // by pending_max
  std::map<std::string, std::uint64_t> rejected_by_code;
  std::map<std::string, std::uint64_t> refused_by_code;
  std::uint64_t requests = 0;  // answered with 200
  std::uint64_t busy = 0;      // 429, 503 and the like
  std::uint64_t lost = 0;      // no answer: refused, reset, timed out
  std::string trouble;         // the last of these, one sentence
  latency_recorder latency;    // of requests answered with 200

  std::uint64_t judged() const noexcept { return accepted + duplicates + rejected; }
};

/// A truck has one request on its way at a time; what is offered meanwhile waits and goes together in the next. A batch that
/// gets 429, 503 or no answer is sent again, the same, after a pause; other trucks go on. On one executor, not thread-safe. It
/// may be destroyed at any time; its coroutines end when the executor's context does.
class sender {
 public:
  sender(boost::asio::any_io_executor executor, base_url server, sender_options options);
  ~sender();
  sender(const sender&) = delete;
  sender& operator=(const sender&) = delete;

  /// `position` is one JSON object. Trucks are numbered by the caller, best from 0 without gaps. Never waits. O(1).
  void offer(std::size_t truck, std::string position);

  /// Positions offered that have neither an answer nor been dropped.
  std::uint64_t waiting() const noexcept;
  /// Until nothing waits, `within` is over, or the sender has stopped. True when nothing waits.
  boost::asio::awaitable<bool> settled(std::chrono::milliseconds within);

  const send_totals& totals() const noexcept;
  /// How long the server has been silent while something waited for it.
  std::chrono::steady_clock::duration unanswered_for() const noexcept;

  /// Set when going on is useless: the token was refused (401).
  const std::optional<failure>& refused() const noexcept;
  /// Ends all requests under way; nothing is sent any more.
  void stop();

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace haulcast::client
