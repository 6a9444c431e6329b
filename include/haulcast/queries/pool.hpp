// A few threads that ask the store, and the line of those who wait for one.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "haulcast/base/metrics.hpp"
#include "haulcast/base/time.hpp"
#include "haulcast/base/worker.hpp"
#include "haulcast/store/reader.hpp"

namespace haulcast::queries {

namespace net = boost::asio;

struct pool_options {
  std::size_t threads = 2;
  std::size_t waiting_most = 64;  // beyond, who comes is turned away
  milliseconds wait_most{5'000};  // in line; then likewise
  int politeness = 5;             // of 19: the loop and the journal come first
};

struct pool_metrics {
  std::uint64_t done = 0;
  std::uint64_t refused_full = 0;
  std::uint64_t refused_late = 0;  // waited too long
  std::uint64_t abandoned = 0;     // whoever asked had gone
  latency_histogram wait{latency_bounds};
  latency_histogram work{latency_bounds};
};

/// Loop only, but for the work itself. First come, first served. Each thread has a reader of its own, made when it is first
/// needed.
class pool {
 public:
  enum class outcome : std::uint8_t {
    done,
    full,       // too many wait
    late,       // waited too long
    abandoned,  // whoever asked had gone
    failed,     // by an exception, which was logged
  };
  /// False: the reader is no good any more, and the next one gets a new one.
  using work = std::function<bool(store::reader&)>;
  using gone = std::function<bool()>;

  pool(net::any_io_executor loop, pool_options options, std::function<std::unique_ptr<store::reader>()> make_reader);
  ~pool();

  /// Runs `what` on one of the threads; when it had to wait, not if `asker_gone` says that nobody waits for it any more. Both
  /// own what they use: the server may end before. To be awaited on the loop; gives an outcome.
  auto run(work what, gone asker_gone) {
    auto start = [this](auto handler, work w, gone g) {
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      enter({.what = std::move(w), .asker_gone = std::move(g), .done = [shared](outcome how) { std::move (*shared)(how); }});
    };
    return net::async_initiate<const net::deferred_t, void(outcome)>(std::move(start), net::deferred, std::move(what),
                                                                     std::move(asker_gone));
  }

  const pool_metrics& metrics() const noexcept { return metrics_; }
  std::size_t waiting() const noexcept { return line_.size(); }
  std::size_t busy() const noexcept { return threads_.size() - idle_.size(); }

 private:
  using clock = std::chrono::steady_clock;
  struct entry {
    work what;
    gone asker_gone;
    std::function<void(outcome)> done;
    clock::time_point since = clock::now();
    bool waited = false;
  };
  struct thread {
    std::unique_ptr<store::reader> reader;
    worker hand;
  };

  void enter(entry e);
  void next();
  void begin(entry e, thread& on);
  outcome work_off(entry& e, thread& on) noexcept;
  void ended(thread& on, clock::duration took);
  void turn_away(entry e, outcome how);
  void watch_the_clock();

  net::any_io_executor loop_;
  const pool_options options_;
  std::function<std::unique_ptr<store::reader>()> make_reader_;
  std::deque<entry> line_;
  net::steady_timer patience_;  // of who is first in line
  bool watching_ = false;
  pool_metrics metrics_;
  std::vector<thread*> idle_;
  std::vector<std::unique_ptr<thread>> threads_;
};

}  // namespace haulcast::queries
