// How long to wait before trying again.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "haulcast/client/dice.hpp"

namespace haulcast::client {

/// Doubles from `first` to `most`, each pause cut by up to half so that a fleet does not come back in one moment.
class back_off {
 public:
  struct options {
    std::chrono::milliseconds first{100};
    std::chrono::milliseconds most{5000};
  };
  explicit constexpr back_off(options o, std::uint64_t seed = 0) noexcept : options_{o}, dice_{seed} {}

  /// The pause after one more failure. A server that says when (`asked`) is obeyed, up to a minute, and never hurried.
  std::chrono::milliseconds failed(std::optional<std::chrono::seconds> asked = std::nullopt) noexcept {
    const auto full = std::min(options_.most, options_.first * (1 << std::min(attempts_, 16)));
    ++attempts_;
    const auto own =
        std::chrono::milliseconds{static_cast<std::int64_t>(static_cast<double>(full.count()) * dice_.between(0.5, 1.0))};
    if (!asked) return own;
    return std::max(own, std::min<std::chrono::milliseconds>(*asked, std::chrono::minutes{1}));
  }
  void succeeded() noexcept { attempts_ = 0; }
  int attempts() const noexcept { return attempts_; }

 private:
  options options_;
  dice dice_;
  int attempts_ = 0;
};

}  // namespace haulcast::client
