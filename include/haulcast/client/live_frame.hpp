// The frames that the server sends on the live channel, as far as a viewer needs them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "haulcast/base/result.hpp"
#include "haulcast/base/time.hpp"
#include "haulcast/geo/point.hpp"

namespace haulcast::client {

struct live_position {
  std::string truck_id;
  utc_time timestamp;
  geo::point point;
  double speed_kmh = -1;  // below 0: unknown
};

struct live_event {
  std::string id, type, subject, time;
};

struct live_frame {
  enum class kind { subscribed, unsubscribed, positions, event, error, pong, other } what = kind::other;
  std::vector<live_position> positions;
  live_event event;
  std::string at;                                           // of subscribed
  std::vector<std::string> trucks;                          // of subscribed
  std::vector<std::pair<std::string, std::string>> denied;  // of subscribed: id, code
  std::string code, detail;                                 // of error
};

/// Error: not a frame of the contract. Texts come back without control characters, so that they can be printed.
result<live_frame> parse_live_frame(std::string_view text);

struct subscription {
  std::vector<std::string> trucks;
  bool all = false;
  double max_rate_hz = 0;  // 0: not given
  std::string since;       // empty: not given
};
std::string subscribe_frame(const subscription& s);

}  // namespace haulcast::client
