#include "integration/soak_company.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "integration/raw_connection.hpp"

namespace haulcast::support {

using namespace std::chrono_literals;
using engine::event_id;
using nlohmann::json;

namespace {

constexpr auto look_every = 200ms;  // at whether it is to end

void rest() { std::this_thread::sleep_for(look_every); }

/// Connected and subscribed, or nothing.
std::optional<client::ws_client> subscribed(const client::base_url& server, client::ws_options options, const json& command) {
  client::ws_client ws{server, std::move(options)};
  if (ws.connect() || !ws.send(command.dump())) return std::nullopt;
  return ws;
}

}  // namespace

listener::account listener::told() const {
  const std::lock_guard lock{mutex_};
  return {connections_, heard_, complaints_};
}

void listener::end() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void listener::complain(std::string sentence) {
  const std::lock_guard lock{mutex_};
  if (complaints_.size() < 20) complaints_.push_back(std::move(sentence));
}

client::ws_options listener::live_options() const {
  client::ws_options o;
  o.token = token_;
  return o;
}

event_reader::event_reader(client::base_url server, std::string token) : listener{std::move(server), std::move(token)} {
  begin([this] { run(); });
}

bool event_reader::knows(const std::string& truck) const {
  const std::lock_guard lock{mutex_};
  return newest_truck_ == truck;
}

std::vector<event_id> event_reader::finish() {
  end();
  return std::move(ids_);
}

void event_reader::run() {
  while (!stopping_) {
    try {
      read();
    } catch (const std::runtime_error&) {  // it cannot be reached now
      rest();
    }
  }
}

void event_reader::read() {
  const std::string after = ids_.empty() ? "0" : ids_.back().to_string();
  stream_reader stream{server_, token_, "/v1/events/stream?after=" + after, "application/x-ndjson"};
  if (stream.status() != 200) return rest();
  ++connections_;
  while (!stopping_ && !stream.over()) {
    const auto line = stream.line(look_every);
    if (!line || line->empty()) continue;
    const json event = json::parse(*line);
    const auto id = event_id::parse(event.at("id").get<std::string>());
    if (!id || (!ids_.empty() && *id <= ids_.back())) {
      complain("event " + event.at("id").get<std::string>() + " is not behind " + after);
      continue;
    }
    ++heard_;
    const std::lock_guard lock{mutex_};
    ids_.push_back(*id);
    newest_truck_ = event.at("data").value("truck_id", "");
  }
}

steady_follower::steady_follower(client::base_url server, std::string token, std::vector<std::string> trucks)
    : listener{std::move(server), std::move(token)}, trucks_{std::move(trucks)} {
  begin([this] { run(); });
}

void steady_follower::run() {
  while (!stopping_) {
    follow();
    if (!stopping_) rest();
  }
}

void steady_follower::follow() {
  auto ws = subscribed(server_, live_options(), {{"type", "subscribe"}, {"trucks", trucks_}});
  if (!ws) return;
  ++connections_;
  std::map<std::string, std::string> newest;  // timestamp by truck
  while (!stopping_ && !ws->ended()) {
    const auto text = ws->receive(look_every);
    if (!text) continue;
    const json frame = json::parse(*text);
    if (frame.value("type", "") != "positions") continue;
    for (const json& p : frame.at("positions")) {
      ++heard_;
      std::string& before = newest[p.at("truck_id")];
      std::string now = p.at("timestamp");
      if (now <= before) complain(p.at("truck_id").get<std::string>() + " went from " + before + " to " + now);
      before = std::move(now);
    }
  }
}

restless_follower::restless_follower(client::base_url server, std::string token, std::vector<std::string> trucks)
    : listener{std::move(server), std::move(token)}, trucks_{std::move(trucks)} {
  begin([this] { run(); });
}

void restless_follower::run() {
  while (!stopping_) {
    visit();
    rest();
  }
}

void restless_follower::visit() {
  json command{{"type", "subscribe"}, {"trucks", trucks_}};
  if (!since_.empty()) command["since"] = since_;
  auto ws = subscribed(server_, live_options(), command);
  if (!ws) return;
  ++connections_;
  // Whoever leaves before the first event comes back to where it was: on a busy machine it would never get any farther.
  int looks_left = 50;
  for (int frames = 0; frames < 50 && !stopping_ && !ws->ended();) {
    const auto text = ws->receive(look_every);
    if (!text && --looks_left <= 0) break;
    if (!text) continue;
    ++frames;
    const json frame = json::parse(*text);
    const std::string type = frame.value("type", "");
    if (type == "subscribed" && since_.empty()) since_ = frame.at("at");
    if (type == "error") complain("told " + *text);
    if (type != "event") continue;
    std::string id = frame.at("event").at("id");
    if (id <= since_) complain("event " + id + " is not behind " + since_);
    since_ = std::move(id);
    looks_left = 0;
    ++heard_;
  }
  ws->abort();
}

silent_followers::silent_followers(const client::base_url& server, const std::string& token, const json& command,
                                   std::size_t count) {
  client::ws_options o;
  o.token = token;
  o.receive_buffer = 4096;
  for (std::size_t i = 0; i < count; ++i) {
    if (auto ws = subscribed(server, o, command)) all_.push_back(std::move(*ws));
  }
}

void silent_followers::half_vanish() {
  for (std::size_t i = 0; i < all_.size(); i += 2) all_[i].abort();
}

}  // namespace haulcast::support
