// How far those have come who read the stream of positions under a name of their own.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "haulcast/base/result.hpp"
#include "haulcast/base/worker.hpp"
#include "haulcast/journal/checkpoints.hpp"
#include "haulcast/queries/line_number.hpp"

namespace haulcast::queries {

namespace net = boost::asio;

/// Each in a small file, replaced durably. They hold no record back: who stays away longer than the journal reaches is told so.
/// Loop only; the files are written on a thread of its own. Bounds: so many names, and so many that wait for the disk.
class stream_consumers {
 public:
  static constexpr std::size_t names_max = 1000;
  static constexpr std::size_t waiting_max = 1000;

  struct progress {
    line_number handled;
    bool of_this_journal = true;
  };
  /// As they lie on the disk.
  struct stored {
    journal::checkpoints files;
    std::string journal_id;
    std::map<std::string, progress, std::less<>> known;
  };
  /// Blocking. Error: one sentence.
  static result<stored> load(std::filesystem::path directory, const std::string& journal_id);

  stream_consumers(net::any_io_executor loop, stored from)
      : loop_{std::move(loop)},
        files_{std::move(from.files)},
        journal_id_{std::move(from.journal_id)},
        known_{std::move(from.known)} {}

  /// None: it has never committed anything.
  std::optional<progress> find(std::string_view name) const;

  enum class outcome : std::uint8_t {
    committed,
    too_many_names,
    too_many_waiting,
    failed,  // the disk does not take it; the log says why
  };
  /// Done once it is durable. One that is not further than what is committed changes nothing, so that an old one that comes
  /// late takes nobody back. To be awaited on the loop.
  auto commit(std::string name, line_number handled) {
    auto start = [this](auto handler, std::string who, line_number place) {
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      write(std::move(who), place, [shared](outcome how) { std::move (*shared)(how); });
    };
    return net::async_initiate<const net::deferred_t, void(outcome)>(std::move(start), net::deferred, std::move(name), handled);
  }

  std::size_t size() const noexcept { return known_.size(); }

 private:
  void write(std::string name, line_number handled, std::function<void(outcome)> done);
  void written(const std::string& name, line_number handled, bool well);

  net::any_io_executor loop_;
  journal::checkpoints files_;  // the worker's, once open
  std::string journal_id_;
  std::map<std::string, progress, std::less<>> known_;  // as it is on disk
  std::size_t waiting_ = 0;
  worker writer_;
};

}  // namespace haulcast::queries
