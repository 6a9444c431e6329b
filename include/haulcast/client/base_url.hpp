// Where a server is, and how it is recognised: the part of an address that every request shares.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "haulcast/base/result.hpp"

namespace haulcast::client {

class trust;

/// Which certificates of servers are believed. Those that an authority known to this machine vouches for always are, if they
/// are for the host in the address.
struct trust_files {
  std::string ca_file;      // PEM: further authorities; empty: none
  std::string certificate;  // PEM: a server that shows exactly this one is believed, whatever its name; empty: none
};

struct base_url {
  std::string host;               // as it is resolved: no brackets around IPv6
  std::string port;               // decimal
  std::string prefix;             // path before /v1, without a slash at its end; usually empty
  std::shared_ptr<trust> secure;  // https, and whom to believe; null: plain http

  /// host:port as the Host header wants it.
  std::string authority() const;
  /// "https://127.0.0.1:8443": what the prefix follows.
  std::string origin() const;
};

/// "http://127.0.0.1:8080", "https://[::1]:8443/behind/proxy/"; ws: and wss: mean the same. Error: another scheme, credentials,
/// a query or a fragment; a file of `believed` that cannot be used. Blocking where there is one.
result<base_url> parse_base_url(std::string_view text, const trust_files& believed = {});

}  // namespace haulcast::client
