#include "integration/role_calls.hpp"

#include <algorithm>
#include <stdexcept>

#include "integration/raw_connection.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr const char* box = R"([8.5, 47.3, 8.6, 47.6])";

/// The status of an answer, and a refusal's code.
std::string name_of(unsigned status, const std::string& body) {
  const auto problem = json::parse(body, nullptr, false);
  const bool refused = status >= 400 && problem.is_object();
  return std::to_string(status) + (refused ? " " + problem.value("code", "") : "");
}

bool tells_of(const json& items, const std::string& id, const char* member = "truck_id") {
  return std::ranges::any_of(items, [&](const json& one) { return one.is_object() && one.value(member, "") == id; });
}

/// A merchant's own need not say so; an admin says whose it is to be.
json site(const std::string& id, bool by_admin) {
  json all{
      {"geofence_id", id}, {"type", "circle"}, {"center", {{"latitude", 47.4}, {"longitude", 8.5}}}, {"radius_meters", 50}};
  if (by_admin) all["merchant_id"] = id == role_calls::foreign_site ? "M-2" : "M-1";
  return all;
}

/// To be imported.
json as_collection(json circle) {
  const json at = circle.at("center");
  for (const char* const gone : {"center", "type"}) circle.erase(gone);
  return {{"type", "FeatureCollection"},
          {"features",
           {{{"type", "Feature"},
             {"geometry", {{"type", "Point"}, {"coordinates", {at.at("longitude"), at.at("latitude")}}}},
             {"properties", circle}}}}};
}

std::string replaced(std::string_view pattern, const std::string& id) {
  std::string target{pattern};
  const auto open = target.find('{');
  return open == std::string::npos ? target : target.replace(open, target.find('}') - open + 1, id);
}

bool is_live(std::string_view pattern) { return pattern == "/v1/ws" || pattern.starts_with("/ws/"); }

std::string bearer(const caller& who) { return who.token.empty() ? "" : "Authorization: Bearer " + who.token + "\r\n"; }

/// Everything that was sent before has been told: what waits goes out behind the first answer at the latest.
std::vector<json> frames_so_far(client::ws_client& ws) {
  std::vector<json> frames;
  for (int pongs = 0; pongs < 2;) {
    if (pongs == 0 && frames.empty()) ws.send(R"({"type":"ping"})");
    const auto text = ws.receive(20s);
    if (!text) break;
    frames.push_back(json::parse(*text));
    if (frames.back().at("type") == "pong" && ++pongs == 1) ws.send(R"({"type":"ping"})");
  }
  return frames;
}

bool position_of(const std::vector<json>& frames, const std::string& truck) {
  return std::ranges::any_of(frames,
                             [&](const json& f) { return f.at("type") == "positions" && tells_of(f.at("positions"), truck); });
}

bool event_of(const std::vector<json>& frames, const std::string& truck) {
  return std::ranges::any_of(
      frames, [&](const json& f) { return f.at("type") == "event" && f.at("event").at("subject") == "truck/" + truck; });
}

}  // namespace

// Without limits: forgers come by the hundred here.
role_calls::role_calls()
    : server_{{.environment = {{"HAULCAST_LIMITS__FAILED_LOGINS_PER_MINUTE", "0"},
                               {"HAULCAST_LIMITS__TRUCK_REQUESTS_PER_S", "0"}}}} {
  move_both();
  put_sites();
}

void role_calls::put_sites() {
  const caller admin{"admin", token_of("admin")};
  json answer;
  for (const auto id : {own_site, foreign_site}) {
    const auto what = http("PUT", "/v1/geofences/" + std::string{id}, admin, site(std::string{id}, true), answer);
    EXPECT_TRUE(what == "201" || what == "200") << what;
  }
}

void role_calls::move_both() {
  auto admin = server_.as();
  ++step_;
  must_post(admin, {driving(own, begin_, step_), driving(foreign, begin_, step_)});
}

/// A missing one is another each time: a call may make it known.
std::string role_calls::id_of(std::string_view object) {
  if (object.find("own") != object.npos) return std::string{own};
  if (object.find("foreign") != object.npos) return std::string{foreign};
  return "TRK-MISSING-" + std::to_string(++missing_);
}

std::string role_calls::site_of(std::string_view object) {
  if (object == "own") return std::string{own_site};
  if (object == "foreign") return std::string{foreign_site};
  return "site-missing-" + std::to_string(++missing_);
}

std::vector<std::string> role_calls::ways(std::string_view method, std::string_view pattern) {
  if (is_live(pattern)) return {"header", "subprotocol"};
  if (pattern.ends_with("/stream")) return {"text/event-stream", "application/x-ndjson", "HEAD"};
  if (method == "GET") return {"GET", "HEAD"};
  return {std::string{method}};
}

std::string role_calls::outcome(std::string_view method, std::string_view pattern, const std::string& way, const caller& who,
                                std::string_view object, std::string_view expected) {
  if (pattern.starts_with("/v1/geofences")) return geofence(method, pattern, way, who, object);
  const auto target = replaced(pattern, pattern.ends_with("{code}") ? "not_found" : id_of(object));
  if (pattern == "/v1/positions/stream") return positions(way, who);
  if (way == "HEAD") return head(target, who);
  if (pattern == "/v1/events") return past_events(who, object);
  if (pattern == "/v1/positions" && method == "POST") return ingest(who, object);
  if (pattern == "/v1/positions/query" && method == "POST") return query(who, object);
  if (pattern == "/v1/trucks" && method == "GET") return listing(who, object);
  if (pattern == "/v1/events/stream") return stream(who, way, object, expected);
  if (is_live(pattern)) return live(target, way, who, object, expected);
  json answer;
  if (method == "PUT" && pattern == "/v1/trucks/{truck_id}") return http(method, target, who, {{"name", "Blue"}}, answer);
  if (method == "DELETE" && pattern == "/v1/trucks/{truck_id}") {
    auto what = http(method, target, who, nullptr, answer);
    if (what == "204") move_both();
    return what;
  }
  if (pattern == "/v1/consumers/{name}/checkpoint") return http(method, target, who, {{"offset", 0}}, answer);
  if (pattern == "/v1/ws-tickets") return http(method, target, who, nullptr, answer);
  if (method != "GET") throw std::out_of_range{"nobody has said how " + std::string{method} + " " + target + " is called"};
  return http(method, target, who, nullptr, answer);
}

std::string role_calls::http(std::string_view method, const std::string& target, const caller& who, const json& body,
                             json& answer) {
  client::http_request request;
  request.method = method;
  request.target = target;
  if (!body.is_null()) request.body = body.dump();
  auto told = api{server_.base(), who.token}.send(request);
  answer = std::move(told.body);
  return name_of(told.status, told.raw.body);
}

/// No body comes, so only the status is there to be compared.
std::string role_calls::head(const std::string& target, const caller& who) {
  raw_connection raw{server_.base()};
  raw.send("HEAD " + target + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + bearer(who) + "\r\n");
  const auto answer = raw.read_to_end(20s).value_or("");
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << "a body behind HEAD: " << answer;
  return answer.substr(std::min<std::size_t>(answer.size(), 9), 3);
}

std::string role_calls::ingest(const caller& who, std::string_view object) {
  ++step_;
  std::vector<json> positions;
  if (object == "own and foreign") positions.push_back(driving(foreign, begin_, step_));
  positions.push_back(driving(id_of(object), begin_, step_));
  json answer;
  auto what = http("POST", "/v1/positions", who, batch(positions), answer);
  if (what != "200") return what;
  for (const auto& one : answer.at("rejected")) what += " " + one.at("code").get<std::string>();
  return what + " accepted " + std::to_string(answer.at("accepted").get<int>());
}

std::string role_calls::listing(const caller& who, std::string_view object) {
  json answer;
  const auto what = http("GET", "/v1/trucks?limit=1000", who, nullptr, answer);
  return what == "200" ? what + (tells_of(answer.at("items"), id_of(object)) ? " told" : " left out") : what;
}

std::string role_calls::geofence(std::string_view method, std::string_view pattern, const std::string& way, const caller& who,
                                 std::string_view object) {
  const auto id = site_of(object);
  const auto target = replaced(pattern, id);
  if (way == "HEAD") return head(target, who);
  json answer;
  if (pattern.ends_with(":import")) return http(method, target, who, as_collection(site(id, who.name == "admin")), answer);
  if (method == "POST" || method == "PUT") return http(method, target, who, site(id, who.name == "admin"), answer);
  if (method == "DELETE") {
    auto what = http(method, target, who, nullptr, answer);
    if (what == "204") put_sites();
    return what;
  }
  if (pattern.find('{') != pattern.npos) return http(method, target, who, nullptr, answer);
  const auto what = http("GET", target + "?limit=1000", who, nullptr, answer);
  return what == "200" ? what + (tells_of(answer.at("items"), id, "geofence_id") ? " told" : " left out") : what;
}

std::string role_calls::query(const caller& who, std::string_view object) {
  const auto id = id_of(object);
  json answer;
  const auto what = http("POST", "/v1/positions/query", who, {{"truck_ids", {id}}}, answer);
  if (what != "200") return what;
  return what + (tells_of(answer.at("positions"), id) ? " told" : "") + (answer.at("missing") == json{id} ? " missing" : "");
}

std::string role_calls::past_events(const caller& who, std::string_view object) {
  const auto id = id_of(object);
  json answer;
  const auto what = http("GET", "/v1/events?limit=1000&type=truck.online", who, nullptr, answer);
  if (what != "200") return what;
  const bool tells =
      std::ranges::any_of(answer.at("items"), [&](const json& one) { return one.at("subject") == "truck/" + id; });
  return what + (tells ? " told" : " left out");
}

std::string role_calls::positions(const std::string& way, const caller& who) {
  const std::string target = "/v1/positions/stream?consumer=C";
  if (way == "HEAD") return head(target, who);
  stream_reader reader{server_.base(), who.token, target, way};
  if (reader.status() == 200) return reader.line() ? "200" : "200 and nothing";
  json answer;
  return http("GET", target, who, nullptr, answer);
}

std::string role_calls::stream(const caller& who, const std::string& format, std::string_view object,
                               std::string_view expected) {
  const auto id = id_of(object);
  stream_reader reader{server_.base(), who.token, "/v1/events/stream?after=0", format};
  if (reader.status() != 200) {
    json answer;
    return http("GET", "/v1/events/stream?after=0", who, nullptr, answer);
  }
  // Both trucks appeared in one batch, so who is told of one of them at all is told of both or of the other one at once.
  while (const auto line = reader.line(expected.ends_with("told") ? milliseconds{20s} : 200ms)) {
    if (line->find("\"truck/" + id + "\"") != std::string::npos) return "200 told";
  }
  return "200 left out";
}

std::string role_calls::refused_handshake(const std::string& target, const std::string& way, const caller& who) {
  const std::string in_protocol =
      "Sec-WebSocket-Protocol: haulcast.v1" + (who.token.empty() ? "" : ", bearer." + who.token) + "\r\n";
  raw_connection raw{server_.base()};
  raw.send("GET " + target + " HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           (way == "header" ? bearer(who) : in_protocol) + "\r\n");
  const auto answer_head = raw.read_until("\r\n\r\n", 20s).value_or("HTTP/1.1 000 ");
  const auto status = static_cast<unsigned>(std::stoul(answer_head.substr(9, 3)));
  return status == 101 ? "101" : name_of(status, raw.read_to_end(20s).value_or(""));
}

std::string role_calls::live(const std::string& target, const std::string& way, const caller& who, std::string_view object,
                             std::string_view expected) {
  client::ws_options o;
  o.target = target;
  o.token = who.token;
  o.token_in = way == "header" ? client::ws_options::carried::header : client::ws_options::carried::subprotocol;
  client::ws_client ws{server_.base(), o};
  if (ws.connect()) return refused_handshake(target, way, who);

  const auto id = id_of(object);
  json wanted{{"type", "subscribe"}};
  if (object.starts_with("truck")) wanted["trucks"] = {id};
  if (object.starts_with("delivery")) wanted["deliveries"] = {id};
  if (object.starts_with("box") || object.starts_with("event")) wanted["bbox"] = json::parse(box);
  if (object.starts_with("all")) wanted["all"] = true;
  if (object.starts_with("event")) wanted["since"] = "0";
  // Already subscribed by its address: there is nothing to ask for.
  if (!object.starts_with("path")) ws.send(wanted.dump());
  const auto first = ws.receive(20s);
  const auto answer = json::parse(first.value_or(R"({"type":"nothing"})"));
  if (answer.at("type") == "error") return "101 " + answer.value("code", "");
  if (answer.at("type") != "subscribed") return "101 " + first.value_or("nothing came");
  if (!answer.at("denied").empty()) return "101 denied " + answer.at("denied").at(0).value("code", "");

  move_both();
  std::vector<json> frames;
  const auto told = [&] { return object.starts_with("event") ? event_of(frames, id) : position_of(frames, id); };
  const bool worth_waiting = expected.ends_with("told");
  do {
    for (auto& frame : frames_so_far(ws)) frames.push_back(std::move(frame));
  } while (worth_waiting && !told() && !ws.ended() && frames.size() < 2'000);
  // Events of the past are read aside.
  while (!worth_waiting && object.starts_with("event")) {
    const auto text = ws.receive(200ms);
    if (!text) break;
    frames.push_back(json::parse(*text));
  }
  return told() ? "101 told" : "101 not a word";
}

}  // namespace haulcast::support
