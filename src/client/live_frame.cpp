#include "haulcast/client/live_frame.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "haulcast/wire/time.hpp"

namespace haulcast::client {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* member) {
  const auto it = object.find(member);
  if (it == object.end() || !it->is_string()) return {};
  auto text = it->get<std::string>();
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::replace_if(text.begin(), text.end(), control, '?');
  return text;
}

std::optional<double> number_of(const json& object, const char* member) {
  const auto it = object.find(member);
  if (it == object.end() || !it->is_number()) return std::nullopt;
  return it->get<double>();
}

const json* list_of(const json& object, const char* member) {
  const auto it = object.find(member);
  return it != object.end() && it->is_array() ? &*it : nullptr;
}

std::optional<live_position> position_of(const json& object) {
  if (!object.is_object()) return std::nullopt;
  live_position p;
  p.truck_id = text_of(object, "truck_id");
  const auto time = wire::parse_time(text_of(object, "timestamp"));
  const auto latitude = number_of(object, "latitude");
  const auto longitude = number_of(object, "longitude");
  if (p.truck_id.empty() || !time || !latitude || !longitude) return std::nullopt;
  p.timestamp = *time;
  p.point = {*latitude, *longitude};
  p.speed_kmh = number_of(object, "speed_kmh").value_or(-1);
  return p;
}

result<live_frame> positions_frame(const json& object) {
  live_frame frame;
  frame.what = live_frame::kind::positions;
  const json* list = list_of(object, "positions");
  if (list == nullptr) return failure{"a positions frame without positions"};
  for (const json& element : *list) {
    auto p = position_of(element);
    if (!p) return failure{"a position that lacks truck_id, timestamp, latitude or longitude"};
    frame.positions.push_back(std::move(*p));
  }
  return frame;
}

result<live_frame> event_frame(const json& object) {
  live_frame frame;
  frame.what = live_frame::kind::event;
  const auto event = object.find("event");
  if (event == object.end() || !event->is_object()) return failure{"an event frame without an event"};
  frame.event = {text_of(*event, "id"), text_of(*event, "type"), text_of(*event, "subject"), text_of(*event, "time")};
  if (frame.event.id.empty() || frame.event.type.empty()) return failure{"an event without id or type"};
  return frame;
}

live_frame subscribed_frame(const json& object) {
  live_frame frame;
  frame.what = live_frame::kind::subscribed;
  frame.at = text_of(object, "at");
  if (const json* trucks = list_of(object, "trucks"))
    for (const json& id : *trucks)
      if (id.is_string()) frame.trucks.push_back(id.get<std::string>());
  if (const json* denied = list_of(object, "denied"))
    for (const json& element : *denied) {
      if (!element.is_object()) continue;
      const auto truck = text_of(element, "truck_id");
      frame.denied.emplace_back(truck.empty() ? text_of(element, "delivery_id") : truck, text_of(element, "code"));
    }
  return frame;
}

}  // namespace

result<live_frame> parse_live_frame(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  if (!object.is_object()) return failure{"a frame that is not a JSON object"};
  const std::string type = text_of(object, "type");
  if (type == "positions") return positions_frame(object);
  if (type == "event") return event_frame(object);
  if (type == "subscribed") return subscribed_frame(object);
  live_frame frame;
  if (type == "unsubscribed") frame.what = live_frame::kind::unsubscribed;
  if (type == "pong") frame.what = live_frame::kind::pong;
  if (type == "error") {
    frame.what = live_frame::kind::error;
    frame.code = text_of(object, "code");
    frame.detail = text_of(object, "detail");
  }
  return frame;
}

std::string subscribe_frame(const subscription& s) {
  json frame{{"type", "subscribe"}};
  if (!s.trucks.empty()) frame["trucks"] = s.trucks;
  if (s.all) frame["all"] = true;
  if (s.max_rate_hz > 0) frame["max_rate_hz"] = s.max_rate_hz;
  if (!s.since.empty()) frame["since"] = s.since;
  return frame.dump();
}

}  // namespace haulcast::client
