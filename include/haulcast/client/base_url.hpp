// Where a server is: the part of an address that every request shares.
#pragma once

#include <string>
#include <string_view>

#include "haulcast/base/result.hpp"

namespace haulcast::client {

struct base_url {
  std::string host;    // as it is resolved: no brackets around IPv6
  std::string port;    // decimal
  std::string prefix;  // path before /v1, without a slash at its end; usually empty

  /// host:port as the Host header wants it.
  std::string authority() const;
};

/// "http://127.0.0.1:8080", "http://[::1]:8080/behind/proxy/". Error: anything but http, credentials, a query or a fragment.
result<base_url> parse_base_url(std::string_view text);

}  // namespace haulcast::client
