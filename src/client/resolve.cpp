#include "resolve.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

namespace haulcast::client {
namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

net::awaitable<std::tuple<error_code, tcp::resolver::results_type>> resolve(const base_url& server,
                                                                            std::chrono::milliseconds within) {
  error_code no_number;
  const auto address = net::ip::make_address(server.host, no_number);
  if (!no_number) {
    std::uint16_t port = 0;
    std::from_chars(server.port.data(), server.port.data() + server.port.size(), port);
    co_return std::tuple{error_code{},
                         tcp::resolver::results_type::create(tcp::endpoint{address, port}, server.host, server.port)};
  }

  const auto executor = co_await net::this_coro::executor;
  tcp::resolver resolver{executor};
  net::steady_timer limit{executor, within};
  bool late = false;
  limit.async_wait([&](error_code cancelled) {
    if (cancelled) return;
    late = true;
    resolver.cancel();
  });
  auto [failed, found] = co_await resolver.async_resolve(server.host, server.port, tcp::resolver::numeric_service,
                                                         net::as_tuple(net::use_awaitable));
  limit.cancel();
  if (late) failed = net::error::timed_out;
  co_return std::tuple{failed, std::move(found)};
}

}  // namespace haulcast::client
