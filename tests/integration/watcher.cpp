#include "watcher.hpp"

#include <nlohmann/json.hpp>

#include "haulcast/client/ws_client.hpp"
#include "haulcast/wire/live.hpp"
#include "raw_connection.hpp"
#include "story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;

constexpr auto look_up_every = 100ms;  // from waiting, to see whether it is to stop
constexpr milliseconds come_back_after = 10ms;
constexpr unsigned stay_away_max_ms = 400;
constexpr std::size_t events_most = 100;  // of one connection
constexpr std::string_view sse_id = "id: ", sse_data = "data: ", ndjson_data = "{";
constexpr std::string_view event_frame_open = R"({"type":"event","event":)";

}  // namespace

watcher::watcher(client::base_url server, std::string token, watch_plan plan, std::string until)
    : server_{std::move(server)},
      token_{std::move(token)},
      plan_{std::move(plan)},
      until_{std::move(until)},
      dice_{static_cast<std::uint32_t>(std::hash<std::string>{}(plan_.name))} {
  const bool live = plan_.how == watch_plan::by::websocket;
  ledger_.name = plan_.name;
  ledger_.every_position = live && plan_.every_position && plan_.max_rate_hz <= 0;
  ledger_.every_event = !live || plan_.resumes;
  if (!plan_.trucks.empty()) plan_.trucks.push_back(until_);
  if (live) ledger_.interests = plan_.trucks;
  ledger_.from = plan_.begins_after;
  position_of_end_ = !live;
  event_of_end_ = !ledger_.every_event;
  thread_ = std::thread{[this] { watch(); }};
}

watcher::~watcher() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

watcher_ledger watcher::finish(milliseconds within) {
  const bool done = eventually([this] { return done_.load(); }, within);
  stopping_ = true;
  thread_.join();
  if (!done) ledger_.contradict("it was never told of the end");
  return std::move(ledger_);
}

void watcher::watch() {
  while (!done_ && !stopping_) {
    leaves_at_ = ledger_.every_event ? ledger_.events.size() + 1 + dice_() % events_most : SIZE_MAX;
    try {
      plan_.how == watch_plan::by::websocket ? websocket() : stream();
    } catch (const std::runtime_error&) {  // nobody listens just now
    }
    if (!done_ && !stopping_)
      std::this_thread::sleep_for(dice_() % 4 == 0 ? milliseconds{dice_() % stay_away_max_ms} : come_back_after);
  }
}

void watcher::websocket() {
  client::ws_client connection{server_, {.token = token_}};
  if (connection.connect()) return;
  ++ledger_.connections;
  told_here_.clear();
  nlohmann::json wanted{{"type", "subscribe"}};
  if (plan_.trucks.empty()) wanted["all"] = true;
  if (!plan_.trucks.empty()) wanted["trucks"] = plan_.trucks;
  if (!plan_.bbox.empty()) {
    wanted["bbox"] = plan_.bbox;
    wanted["trucks"] = {until_};
  }
  if (plan_.max_rate_hz > 0) wanted["max_rate_hz"] = plan_.max_rate_hz;
  if (plan_.resumes && !ledger_.events.empty())
    wanted["since"] = ledger_.events.back().id;
  else if (plan_.resumes && !ledger_.from.empty())
    wanted["since"] = ledger_.from;
  if (!connection.send(wanted.dump())) return;
  while (wants_more()) {
    if (const auto text = connection.receive(look_up_every))
      frame(*text);
    else if (connection.ended())
      return;
  }
}

void watcher::frame(std::string_view text) {
  if (text.starts_with(wire::positions_frame_open)) {
    const bool whole = for_each_position(text, [this](std::string_view json) {
      ledger_.position(json);
      if (ledger_.positions.empty()) return;
      told_here_.insert(ledger_.positions.back().truck);
      position_of_end_ |= ledger_.trucks[ledger_.positions.back().truck] == until_;
    });
    look_for_end();
    if (!whole) ledger_.contradict("not a frame of positions: " + std::string{text});
  } else if (text.starts_with(event_frame_open)) {
    text.remove_prefix(event_frame_open.size());
    text.remove_suffix(1);
    event(text);
  } else {
    const auto frame = nlohmann::json::parse(text, nullptr, false);
    const std::string type = frame.is_object() ? frame.value("type", "") : "";
    if (type != "subscribed") return ledger_.contradict("an unexpected frame: " + std::string{text});
    if (plan_.resumes && ledger_.from.empty()) ledger_.from = frame.value("at", "");
  }
}

void watcher::stream() {
  const bool server_sent = plan_.how == watch_plan::by::server_sent;
  const std::string last = ledger_.events.empty() ? plan_.begins_after : ledger_.events.back().id;
  const bool in_header = server_sent && !ledger_.events.empty();  // as an EventSource comes back
  stream_reader reader{server_, token_, "/v1/events/stream" + (last.empty() || in_header ? "" : "?after=" + last),
                       server_sent ? "text/event-stream" : "application/x-ndjson",
                       in_header ? "Last-Event-ID: " + last + "\r\n" : ""};
  if (reader.status() == 0 || reader.status() == 503) return;
  if (reader.status() != 200) return ledger_.contradict("refused: " + reader.head());
  ++ledger_.connections;
  std::string id;
  while (wants_more() && !reader.over()) {
    const auto line = reader.line(look_up_every);
    if (!line) continue;
    if (line->starts_with(sse_id)) id = line->substr(sse_id.size());
    if (line->starts_with(server_sent ? sse_data : ndjson_data)) event(line->substr(server_sent ? sse_data.size() : 0));
    if (line->starts_with(sse_data) && (ledger_.events.empty() || ledger_.events.back().id != id))
      ledger_.contradict("id " + id + " for " + *line);
  }
}

void watcher::event(std::string_view cloud_event) {
  ledger_.event(cloud_event);
  event_of_end_ |= cloud_event.find(R"("subject":"truck/)" + until_ + '"') != std::string_view::npos;
  look_for_end();
}

// What is newest of the other trucks when it subscribes may come behind a position that is told then.
void watcher::look_for_end() {
  const bool all_told_here = plan_.how != watch_plan::by::websocket || told_here_.size() == ledger_.trucks.size();
  done_ = position_of_end_ && event_of_end_ && all_told_here;
}

bystanders::bystanders(client::base_url server, std::string token, std::vector<std::string> trucks, std::size_t size)
    : server_{std::move(server)}, token_{std::move(token)}, trucks_{std::move(trucks)}, size_{size}, thread_{[this] {
        follow();
      }} {}

bystanders::~bystanders() {
  stopping_ = true;
  thread_.join();
}

void bystanders::follow() {
  while (!stopping_) {
    gather();
    std::this_thread::sleep_for(come_back_after);
  }
}

// Until the first of them is left alone.
void bystanders::gather() {
  const std::string wanted = nlohmann::json{{"type", "subscribe"}, {"trucks", trucks_}}.dump();
  std::vector<client::ws_client> members;
  while (members.size() < size_ && !stopping_) {
    client::ws_client& one = members.emplace_back(server_, client::ws_options{.token = token_});
    if (one.connect() || !one.send(wanted)) return;
  }
  while (!stopping_ && !members.front().ended()) members.front().receive(look_up_every);
}

}  // namespace haulcast::support
