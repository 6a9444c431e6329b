// Peer: Beast as its examples use it (tcp_stream, async_read, string_body) with nlohmann's DOM, parsing only.
//   peer_parse_nlohmann PORT
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>

#include "peers/light_server.hpp"

namespace {

using namespace haulcast::bench;
namespace http = beast::http;
constexpr auto quietly = net::as_tuple(net::use_awaitable);

/// Every member of every position turned into a value; false when the body is no batch.
bool parse(const std::string& body) {
  const auto document = nlohmann::json::parse(body, nullptr, false);
  if (!document.is_object() || !document.contains("positions")) return false;
  double numbers = 0;
  std::size_t texts = 0;
  for (const auto& position : document["positions"]) {
    for (const auto& member : position) {
      if (member.is_string()) {
        texts += member.get_ref<const std::string&>().size();
      } else {
        numbers += member.get<double>();
      }
    }
  }
  return texts > 0 || numbers > 0;
}

net::awaitable<void> session(beast::tcp_stream stream) {
  beast::flat_buffer buffer;
  for (;;) {
    stream.expires_after(std::chrono::seconds{30});
    http::request<http::string_body> request;
    const auto [read_failed, received] = co_await http::async_read(stream, buffer, request, quietly);
    if (read_failed) co_return;
    http::response<http::string_body> response{parse(request.body()) ? http::status::ok : http::status::bad_request, 11};
    response.set(http::field::content_type, "application/json");
    response.body() = R"({"accepted":0,"duplicates":0,"late":0,"rejected":[]})";
    response.keep_alive(request.keep_alive());
    response.prepare_payload();
    const auto [write_failed, sent] = co_await http::async_write(stream, response, quietly);
    if (write_failed || !response.keep_alive()) co_return;
  }
}

net::awaitable<void> accept_all(tcp::acceptor acceptor) {
  for (;;) {
    auto [failed, socket] = co_await acceptor.async_accept(quietly);
    if (failed) continue;
    socket.set_option(tcp::no_delay{true});
    net::co_spawn(acceptor.get_executor(), session(beast::tcp_stream{std::move(socket)}), net::detached);
  }
}

}  // namespace

int main(int argc, char** argv) { return run_peer(argc, argv, accept_all); }
