// Peer: the lean server with simdjson on-demand, parsing only. With --read-only it does not even parse: what HTTP alone costs.
//   peer_parse_simdjson PORT [--read-only]
#include <string_view>

#include "peers/light_server.hpp"
#include "peers/walk_positions.hpp"

int main(int argc, char** argv) {
  using namespace haulcast::bench;
  const bool parse = argc < 3 || std::string_view{argv[2]} != "--read-only";
  position_walker walker;
  const light_handlers handlers{.post = [&](std::string& body) { return !parse || walker.walk(body) >= 0; }, .upgrade = {}};
  return run_peer(argc, argv, [&](tcp::acceptor acceptor) { return serve(std::move(acceptor), handlers); });
}
