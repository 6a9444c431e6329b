// From a name to addresses, within a time-out.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <tuple>

#include "haulcast/client/base_url.hpp"

namespace haulcast::client {

/// Numbers need no resolver and no thread. Error: not found, or timed_out. Runs on the awaiting executor.
boost::asio::awaitable<std::tuple<boost::system::error_code, boost::asio::ip::tcp::resolver::results_type>> resolve(
    const base_url& server, std::chrono::milliseconds within);

}  // namespace haulcast::client
