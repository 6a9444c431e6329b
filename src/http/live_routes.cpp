#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "haulcast/http/routes.hpp"
#include "haulcast/http/text.hpp"

namespace haulcast::http {

namespace {

constexpr std::string_view protocol = "haulcast.v1";
constexpr std::string_view websocket_guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, 1.3
constexpr std::size_t key_bytes = 24;                                                // base64 of 16 bytes

// RFC 6455, 4.2.2: base64(SHA-1(key + guid)).
std::string accept_of(std::string_view key) {
  const std::string text = std::string{key} + std::string{websocket_guid};
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  std::array<unsigned char, 32> encoded{};
  const int size = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(size)};
}

bool is_key(std::string_view key) {
  const auto base64 = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  };
  return key.size() == key_bytes && key.ends_with("==") && std::all_of(key.begin(), key.end() - 2, base64);
}

bool offers_protocol(const request& r) {
  return std::any_of(r.headers().begin(), r.headers().end(), [](const field& f) {
    if (!iequals(f.name, "sec-websocket-protocol")) return false;
    for (std::string_view rest = f.value; !rest.empty();) {
      if (next_item(rest, ',') == protocol) return true;
    }
    return false;
  });
}

// A page may open a WebSocket to any host, and its user's browser tells only here whose page it is. Apps say nothing.
bool may_connect(const allowed_origins& pages, const request& r) {
  std::optional<std::string_view> origin;
  for (const field& f : r.headers()) {
    if (!iequals(f.name, "origin")) continue;
    if (origin) return false;  // nobody can say which one counts
    origin = f.value;
  }
  return !origin || is_own_origin(*origin, r.header("host")) || !pages.answer_to(*origin).empty();
}

std::string switching_answer(std::string_view key, bool with_protocol) {
  std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
  answer += accept_of(key);
  if (with_protocol) answer += "\r\nSec-WebSocket-Protocol: haulcast.v1";
  answer += "\r\n\r\n";
  return answer;
}

std::optional<response> open(const live_door& door, request& r, const std::function<departed()>& leave) {
  const std::string_view key = r.header("sec-websocket-key");
  if (r.header("sec-websocket-version") != "13" || !is_key(key)) {
    return refuse(code::bad_request, "The WebSocket handshake needs version 13 and a key.");
  }
  if (!may_connect(door.pages, r)) return refuse(code::origin_not_allowed);
  const auto shown = find_live_credential(r, door.query_token);
  if (!shown) return refuse_credential(shown.error());
  // Before the credential is looked at: a ticket must not be spent on a refusal.
  if (door.full()) return refuse(code::overloaded, "There are too many live connections.");
  if (auto refused = door.way_in.admit(r, *shown)) return refused;
  if (!r.rule->roles.has(r.principal->who)) return refuse(code::role_not_allowed);

  std::vector<std::string> deliveries;
  if (const std::string_view id = r.parameter("delivery_id"); !id.empty()) deliveries.emplace_back(id);
  door.enter(leave(), switching_answer(key, offers_protocol(r)), r.principal, std::move(deliveries));
  return std::nullopt;
}

}  // namespace

void add_live_routes(router& to, live_door door) {
  const auto shared = std::make_shared<const live_door>(std::move(door));
  const upgrade_handler handler{
      [shared](request& r, const std::function<departed()>& leave) { return open(*shared, r, leave); }};
  to.add({.method = method::get, .pattern = "/v1/ws", .handler = handler});
  to.add({.method = method::get, .pattern = "/ws/track/{delivery_id}", .handler = handler});
}

}  // namespace haulcast::http
