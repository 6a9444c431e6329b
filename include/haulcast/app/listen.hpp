// "127.0.0.1:8080" -> where to listen, and whether that is this machine only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "haulcast/base/result.hpp"

namespace haulcast::app {

struct endpoint {
  std::string host;        // an IPv4 or IPv6 address without brackets
  std::uint16_t port = 0;  // 0: a free one
  bool loopback = false;   // nobody beyond this machine reaches it
};

/// Takes `address:port`, `[ipv6]:port` and `localhost:port` (127.0.0.1). Names are not looked up. Error: how a sentence about
/// the value goes on, "must be ...".
result<endpoint> parse_listen(std::string_view text);

}  // namespace haulcast::app
