// Peer: a hub as Beast's examples build one: a queue per connection and one websocket::stream write for each position.
//   peer_ws_per_frame PORT
// POST /v1/positions takes batches; WebSockets on any path send {"type":"subscribe","trucks":[...]}.
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "peers/light_server.hpp"
#include "peers/walk_positions.hpp"

namespace {

using namespace haulcast::bench;
namespace websocket = beast::websocket;
constexpr auto quietly = net::as_tuple(net::use_awaitable);
using frame = std::shared_ptr<const std::string>;

/// Shared by its reader and its writer; one thread.
class subscriber : public std::enable_shared_from_this<subscriber> {
 public:
  explicit subscriber(tcp::socket socket) : stream_{std::move(socket)} {}

  websocket::stream<tcp::socket>& stream() { return stream_; }

  void offer(frame text) {
    waiting_.push_back(std::move(text));
    if (waiting_.size() > 1) return;
    net::co_spawn(stream_.get_executor(), write(shared_from_this()), net::detached);
  }

 private:
  static net::awaitable<void> write(std::shared_ptr<subscriber> self) {
    while (!self->waiting_.empty()) {
      const auto text = net::buffer(*self->waiting_.front());
      const auto [failed, size] = co_await self->stream_.async_write(text, quietly);
      if (failed) co_return;
      self->waiting_.pop_front();
    }
  }

  websocket::stream<tcp::socket> stream_;
  std::deque<frame> waiting_;
};

struct hub {
  position_walker walker;
  std::unordered_map<std::string, std::vector<std::shared_ptr<subscriber>>> followers;

  void tell(std::string_view truck, std::string_view json) {
    const auto found = followers.find(std::string{truck});
    if (found == followers.end()) return;
    auto text = std::make_shared<std::string>(R"({"type":"positions","positions":[)");
    text->append(json).append("]}");
    for (const auto& follower : found->second) follower->offer(text);
  }

  bool post(std::string& body) {
    return walker.walk(body, [&](std::string_view truck, std::string_view json) { tell(truck, json); }) >= 0;
  }

  net::awaitable<void> follow(tcp::socket socket, request upgrade) {
    const auto self = std::make_shared<subscriber>(std::move(socket));
    auto& stream = self->stream();
    const auto [refused] = co_await stream.async_accept(upgrade, quietly);
    if (refused) co_return;
    beast::flat_buffer buffer;
    for (;;) {
      const auto [failed, size] = co_await stream.async_read(buffer, quietly);
      if (failed) co_return;
      const auto command = nlohmann::json::parse(beast::buffers_to_string(buffer.data()), nullptr, false);
      buffer.consume(size);
      for (const auto& truck : command["trucks"]) followers[truck.get<std::string>()].push_back(self);
      self->offer(std::make_shared<std::string>(R"({"type":"subscribed"})"));
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  hub all;
  const light_handlers handlers{
      .post = [&](std::string& body) { return all.post(body); },
      .upgrade = [&](tcp::socket socket, request upgrade) { return all.follow(std::move(socket), std::move(upgrade)); }};
  return run_peer(argc, argv, [&](tcp::acceptor acceptor) { return serve(std::move(acceptor), handlers); });
}
