#include "upgrade.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace haulcast::http {
namespace {

net::awaitable<void> run_upgraded(std::shared_ptr<server_core> core, const upgrade_handler& handler,
                                  net::ip::tcp::socket socket, request r) {
  ++core->metrics.upgraded_open;
  try {
    auto session = handler(std::move(socket), std::move(r));
    co_await std::move(session);
  } catch (const std::exception& e) {
    ++core->metrics.handler_failures;
    spdlog::error("a session ended by an exception: {}", e.what());
  }
  --core->metrics.upgraded_open;
  core->leave();
}

}  // namespace

void hand_over(const std::shared_ptr<server_core>& core, exchange& one, read_buffer& in, net::ip::tcp::socket socket) {
  ++core->metrics_of(one.to).by_class[1];
  one.request.buffered = in.untaken();
  request_access::head_memory(one.request) = in.detach_taken();
  auto session = run_upgraded(core, std::get<upgrade_handler>(one.to->handler), std::move(socket), std::move(one.request));
  net::co_spawn(core->executor, std::move(session), net::detached);
}

}  // namespace haulcast::http
