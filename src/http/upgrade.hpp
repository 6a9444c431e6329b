// Gives the socket of a connection away, to a route that speaks something else than HTTP on it.
#pragma once

#include <optional>

#include "channel.hpp"
#include "exchange.hpp"
#include "read_buffer.hpp"
#include "server_core.hpp"

namespace haulcast::http {

/// Lets the route's handler take the socket, its TLS and what came behind the request's head; nothing: it did. Of the
/// connection itself nothing is needed any more then, and the server counts the socket, and its `place`, for as long as the
/// handler wants. An answer: it refused, or failed.
std::optional<response> hand_over(const std::shared_ptr<server_core>& core, exchange& one, read_buffer& in, channel& from,
                                  address_counts::place& place);

}  // namespace haulcast::http
