// How a connection comes under TLS, before its first request.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace haulcast::http {

class channel;

enum class opening {
  secured,     // the channel speaks TLS from here on
  plain_http,  // the peer speaks HTTP without it: worth an answer in kind
  refused,     // it has gone, was too slow, or speaks something that we do not
};

/// The whole of it may take `head_timeout`. The loop only waits: what takes time happens in `handshakes`.
boost::asio::awaitable<opening> shake_hands(channel& with);

}  // namespace haulcast::http
