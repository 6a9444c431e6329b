// One WebSocket that counts, and may time, the positions that reach it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "load/connection.hpp"
#include "load/load.hpp"

namespace haulcast::bench {

/// {"type":"subscribe","trucks":[...]}
std::string follow_trucks(const std::vector<std::uint32_t>& trucks);

/// Answers no pings: runs are shorter than the time to the first. Start-up failures throw std::runtime_error.
class subscriber {
 public:
  /// Connects, sends `command`, and returns when it is answered.
  subscriber(const target& to, std::string_view command);
  /// The same with an MQTT broker: the topics "truck/<id>", at most once each. One for each of `trucks`, all at once: the
  /// broker looks for new connections ten times a second.
  static std::vector<subscriber> over_mqtt(const target& to, const std::vector<std::vector<std::uint32_t>>& trucks);

  connection& wire() { return wire_; }

  /// Reads what came and returns how many positions were in it, also one that was cut by the end of the last read. Each one's
  /// stamp is told where `stamped` is given.
  std::size_t receive(const std::function<void(std::uint32_t)>& stamped = {});

 private:
  explicit subscriber(const target& to) : wire_{to.port} {}

  static constexpr std::size_t tail_max = 32;
  connection wire_;
  std::array<char, tail_max> tail_{};
  std::size_t tail_size_ = 0;
};

/// Publishes to an MQTT broker over plain TCP, at most once each: no answers. Start-up failures throw std::runtime_error.
class mqtt_publisher {
 public:
  explicit mqtt_publisher(const target& to);

  void add(std::string_view truck, std::string_view payload);
  /// Sends what was added.
  void send();

 private:
  connection wire_;
  std::string packets_;
};

}  // namespace haulcast::bench
