#include "load/subscriber.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "load/batch_text.hpp"

namespace haulcast::bench {
namespace {

constexpr std::string_view mark = stamp_mark;  // once in every delivered position
constexpr std::size_t stamp_size = 11;         // seven digits, a dot, two digits, and what ends them

constexpr char text_frame = '\x81';
constexpr char binary_frame = '\x82';

/// A frame as a client sends it, masked with zeros: the content stays readable.
std::string client_frame(char kind, std::string_view content) {
  std::string frame{kind};
  if (content.size() < 126) {
    frame += static_cast<char>(0x80U | content.size());
  } else {
    frame += '\xfe';
    frame += static_cast<char>(content.size() >> 8U);
    frame += static_cast<char>(content.size() & 0xffU);
  }
  return frame.append(4, '\0').append(content);
}

std::string upgrade(std::string_view path, std::string_view header) {
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{}\r\n\r\n",
      path, header);
}

// MQTT 3.1.1, as far as it is needed.

void append_length(std::string& to, std::size_t length) {
  for (; length >= 128; length /= 128) to += static_cast<char>(0x80U | length % 128);
  to += static_cast<char>(length);
}

void append_text(std::string& to, std::string_view text) {
  to += static_cast<char>(text.size() >> 8U);
  to += static_cast<char>(text.size() & 0xffU);
  to += text;
}

std::string mqtt_packet(char kind, std::string_view content) {
  std::string packet{kind};
  append_length(packet, content.size());
  return packet.append(content);
}

std::string mqtt_connect() {
  std::string content;
  append_text(content, "MQTT");
  content += '\x04';  // 3.1.1
  content += '\x02';  // clean session
  content.append(2, '\0');
  append_text(content, "");
  return mqtt_packet('\x10', content);
}

std::string mqtt_subscribe(const std::vector<std::uint32_t>& trucks) {
  std::string content{"\x00\x01", 2};
  for (const auto truck : trucks) {
    append_text(content, "truck/" + truck_id(truck));
    content += '\0';
  }
  return mqtt_packet('\x82', content);
}

constexpr std::string_view mqtt_subscribed = "\x90";
constexpr std::string_view mqtt_connected{"\x20\x02\x00\x00", 4};

}  // namespace

std::string follow_trucks(const std::vector<std::uint32_t>& trucks) {
  std::string command = R"({"type":"subscribe","trucks":[)";
  for (const auto truck : trucks) command += (command.back() == '[' ? "\"" : ",\"") + truck_id(truck) + "\"";
  return command + "]}";
}

subscriber::subscriber(const target& to, std::string_view command) : subscriber{to} {
  wire_.send(upgrade("/v1/ws", "Authorization: Bearer " + to.token));
  wire_.await_text("\r\n\r\n");
  wire_.send(client_frame(text_frame, command));
  wire_.await_text("\"subscribed\"");
}

std::vector<subscriber> subscriber::over_mqtt(const target& to, const std::vector<std::vector<std::uint32_t>>& trucks) {
  constexpr std::size_t at_once = 50;  // below its backlog
  std::vector<subscriber> made;
  made.reserve(trucks.size());
  for (std::size_t begin = 0; begin < trucks.size(); begin = made.size()) {
    const auto end = std::min(begin + at_once, trucks.size());
    while (made.size() < end) {
      made.push_back(subscriber{to});
      made.back().wire_.send(upgrade("/mqtt", "Sec-WebSocket-Protocol: mqtt"));
    }
    for (auto i = begin; i < end; ++i) {
      made[i].wire_.await_text("\r\n\r\n");
      made[i].wire_.send(client_frame(binary_frame, mqtt_connect()));
      made[i].wire_.send(client_frame(binary_frame, mqtt_subscribe(trucks[i])));
    }
    for (auto i = begin; i < end; ++i) made[i].wire_.await_text(mqtt_subscribed);
  }
  return made;
}

std::size_t subscriber::receive(const std::function<void(std::uint32_t)>& stamped) {
  static std::array<char, 65536> chunk;
  std::memcpy(chunk.data(), tail_.data(), tail_size_);
  const auto size = tail_size_ + wire_.receive(chunk.data() + tail_size_, chunk.size() - tail_size_);
  const std::string_view text{chunk.data(), size};
  std::size_t count = 0;
  std::size_t at = 0;
  while (const void* found = ::memmem(text.data() + at, size - at, mark.data(), mark.size())) {
    const auto begin = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    if (begin + mark.size() + stamp_size > size) break;
    at = begin + mark.size();
    if (stamped) stamped(read_stamp(text.substr(at, stamp_size)));
    ++count;
  }
  tail_size_ = std::min(size - at, mark.size() + stamp_size - 1);
  std::memcpy(tail_.data(), text.data() + size - tail_size_, tail_size_);
  return count;
}

mqtt_publisher::mqtt_publisher(const target& to) : wire_{to.mqtt_port} {
  wire_.send(mqtt_connect());
  wire_.await_text(mqtt_connected);
}

void mqtt_publisher::add(std::string_view truck, std::string_view payload) {
  packets_ += '\x30';
  append_length(packets_, 2 + 6 + truck.size() + payload.size());
  append_text(packets_, fmt::format("truck/{}", truck));
  packets_ += payload;
}

void mqtt_publisher::send() {
  wire_.send(packets_);
  packets_.clear();
}

}  // namespace haulcast::bench
