// What SIGHUP does: reads files again while the server runs, and puts into force what was read, all of it or nothing.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "haulcast/base/result.hpp"
#include "haulcast/base/time.hpp"
#include "haulcast/base/worker.hpp"

namespace haulcast::app {

/// Puts into force what was read. On the loop, in one step, and must not fail. What it gives back, the state of before, is
/// destroyed aside: it may be large.
using put_in_force = std::function<std::shared_ptr<void>()>;

/// One thing that is read again. `read` runs on a thread aside and may block; it touches nothing of the loop's.
struct reloadable {
  std::string name;  // for the log: "tokens"
  std::function<result<put_in_force>()> read;
};

struct reload_metrics {
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  bool last_successful = true;
  utc_time last_success;  // the start counts as one
};

/// Owned by the composition, used on the loop. One reload at a time: those that are asked for meanwhile become one more
/// behind it.
class reloader {
 public:
  reloader(boost::asio::io_context& loop, std::vector<reloadable> what);

  void reload();
  const reload_metrics& metrics() const noexcept { return metrics_; }

 private:
  result<std::vector<put_in_force>> read_all() const;
  bool put_all(const std::vector<put_in_force>& all);
  void finish(const result<std::vector<put_in_force>>& read);

  boost::asio::io_context& loop_;
  const std::vector<reloadable> what_;
  reload_metrics metrics_;
  bool running_ = false;
  bool again_ = false;
  worker aside_;
};

}  // namespace haulcast::app
