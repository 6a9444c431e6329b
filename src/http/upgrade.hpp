// Gives the socket of a connection away, to a route that speaks something else than HTTP on it.
#pragma once

#include <memory>

#include "exchange.hpp"
#include "read_buffer.hpp"
#include "server_core.hpp"

namespace haulcast::http {

/// Starts the route's handler with the socket, the request, and what came behind its head. The server counts the socket until
/// the handler ends: then `core->leave()` is called here, not by the connection. An exception of the handler is logged.
void hand_over(const std::shared_ptr<server_core>& core, exchange& one, read_buffer& in, net::ip::tcp::socket socket);

}  // namespace haulcast::http
