// The one table of what can be configured, put together from its halves.
#include <array>

#include "config_table.hpp"

namespace haulcast::app {
namespace {

constexpr std::array sections{
    config_section{"server", "Where apps reach the server."},
    config_section{
        "server.tls",
        "With both files set, HTTP and WebSocket speak TLS (1.2 and 1.3) on server.listen, and nothing else. Without "
        "them they speak in clear."},
    config_section{
        "auth",
        "Who is believed. Every request but health checks and metrics carries a token, which is a JWT (HS256, RS256 or ES256), "
        "or "
        "an API key. All of this but query_token is read again on SIGHUP, together with the files it names; a mistake leaves "
        "what was in force."},
    config_section{"journal", "The durable log under data_dir. A position is acknowledged once it is in the journal."},
    config_section{"store", "History, written behind the journal."},
    config_section{"redis", "Live state for other programs, written behind the journal."},
    config_section{"ingest", "What is taken from drivers' apps."},
    config_section{"limits", "What one server takes on."},
    config_section{
        "engine",
        "How positions become status and events. A change holds from the next start on; what was decided before stands."},
    config_section{"filters", "Positions that no truck could have driven to are kept and marked `suspect`, and move nothing."},
    config_section{"hub", "Subscribers: apps and pages that follow trucks over WebSocket."},
    config_section{"log", "What is written to stderr. Never tokens, and no exact positions at info."},
};

std::vector<config_key> whole_table() {
  std::vector<config_key> all;
  for (const auto half : {keys_of_the_house(), keys_of_the_work()}) all.insert(all.end(), half.begin(), half.end());
  return all;
}

}  // namespace

std::span<const config_section> config_sections() { return sections; }

std::span<const config_key> config_keys() {
  static const std::vector<config_key> table = whole_table();
  return table;
}

}  // namespace haulcast::app
