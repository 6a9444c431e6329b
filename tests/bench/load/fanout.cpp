#include <fmt/core.h>

#include <array>
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "load/batch_text.hpp"
#include "load/connection.hpp"
#include "load/load.hpp"
#include "load/process.hpp"

namespace haulcast::bench {
namespace {

using clock = std::chrono::steady_clock;
constexpr std::size_t followers_of_a_truck = 10;
constexpr std::size_t trucks_per_subscriber = 20;
constexpr std::string_view mark = "\"truck_id\"";  // once in every delivered position

/// A text frame as a client sends it, masked with zeros: the text stays readable.
std::string client_frame(std::string_view text) {
  std::string frame{'\x81'};
  if (text.size() < 126) {
    frame += static_cast<char>(0x80U | text.size());
  } else {
    frame += '\xfe';
    frame += static_cast<char>(text.size() >> 8U);
    frame += static_cast<char>(text.size() & 0xffU);
  }
  return frame.append(4, '\0').append(text);
}

/// A WebSocket that counts the positions that reach it. It answers no pings: runs are shorter than the time to the first.
class subscriber {
 public:
  subscriber(const target& to, const std::vector<std::uint32_t>& trucks) : wire_{to.port} {
    wire_.send(
        fmt::format("GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                    "Authorization: Bearer {}\r\n\r\n",
                    to.token));
    wire_.await_text("\r\n\r\n");
    std::string command = R"({"type":"subscribe","trucks":[)";
    for (const auto truck : trucks) command += (command.back() == '[' ? "\"" : ",\"") + truck_id(truck) + "\"";
    wire_.send(client_frame(command + "]}"));
    wire_.await_text("\"subscribed\"");
  }

  connection& wire() { return wire_; }

  /// Reads what came and counts the marks in it, also one that was cut by the end of the last read.
  std::size_t receive() {
    static std::array<char, 65536> chunk;
    std::memcpy(chunk.data(), tail_.data(), tail_size_);
    const auto size = tail_size_ + wire_.receive(chunk.data() + tail_size_, chunk.size() - tail_size_);
    const std::string_view text{chunk.data(), size};
    std::size_t count = 0;
    std::size_t at = 0;
    while (const void* found = ::memmem(text.data() + at, size - at, mark.data(), mark.size())) {
      at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) + mark.size();
      ++count;
    }
    tail_size_ = std::min(size - at, mark.size() - 1);
    std::memcpy(tail_.data(), text.data() + size - tail_size_, tail_size_);
    return count;
  }

 private:
  connection wire_;
  std::array<char, mark.size()> tail_{};
  std::size_t tail_size_ = 0;
};

struct fleet_poster {
  poster http;
  batch_text request;
  std::vector<bench_truck> trucks;
  std::size_t turn = 0;
  bool idle = true;
  clock::time_point sent_at;
};

class fanout_run {
 public:
  fanout_run(const target& to, const fanout_plan& plan)
      : to_{to}, plan_{plan}, deliveries_a_batch_{plan.batch * std::min(followers_of_a_truck, plan.subscribers)} {
    connect_subscribers();
    connect_posters();
  }

  load_result run() {
    turn_for(plan_.warm_up_s);
    result_ = {};
    latencies_.clear();
    const auto began = clock::now();
    const auto cpu_before = cpu_seconds(to_.server);
    turn_for(plan_.seconds);
    result_.seconds = std::chrono::duration<double>(clock::now() - began).count();
    result_.server_cpu_s = cpu_seconds(to_.server) - cpu_before;
    result_.positions = result_.requests * plan_.batch;
    result_.p50_us = latencies_.quantile(0.5);
    result_.p99_us = latencies_.quantile(0.99);
    return result_;
  }

 private:
  std::size_t truck_count() const { return plan_.subscribers * trucks_per_subscriber / followers_of_a_truck; }

  /// Truck t is followed by the ten subscribers t, t + S/10, t + 2 S/10 ... (modulo S): any batch reaches many of them.
  void connect_subscribers() {
    const auto s = plan_.subscribers;
    const auto followers = std::min(followers_of_a_truck, s);
    std::vector<std::vector<std::uint32_t>> follows(s);
    for (std::size_t t = 0; t < truck_count(); ++t) {
      for (std::size_t j = 0; j < followers; ++j) follows[(t + j * s / followers) % s].push_back(static_cast<std::uint32_t>(t));
    }
    subscribers_.reserve(s);
    for (std::size_t i = 0; i < s; ++i) {
      subscribers_.emplace_back(to_, follows[i]);
      ready_.add(subscribers_.back().wire(), static_cast<std::uint32_t>(i));
    }
  }

  void connect_posters() {
    posters_.reserve(plan_.posters);
    for (std::size_t p = 0; p < plan_.posters; ++p) {
      posters_.push_back({.http = poster{to_.port}, .request = {plan_.batch, to_.token}, .trucks = {}, .sent_at = {}});
      auto& each = posters_.back();
      for (auto t = p; t < truck_count(); t += plan_.posters) each.trucks.push_back({static_cast<std::uint32_t>(t), 0});
      ready_.add(each.http.wire(), static_cast<std::uint32_t>(plan_.subscribers + p));
    }
  }

  void turn_for(double seconds) {
    const auto end = clock::now() + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds));
    while (clock::now() < end) {
      for (auto& each : posters_) post_if_room(each);
      if (!ready_.wait(200, [this](std::uint32_t number) { on_ready(number); })) give_up_outstanding();
    }
  }

  void post_if_room(fleet_poster& from) {
    if (!from.idle || outstanding_ + deliveries_a_batch_ > plan_.window) return;
    if (plan_.one_truck) {
      auto& truck = from.trucks[from.turn++ % from.trucks.size()];
      for (std::size_t i = 0; i < plan_.batch; ++i) from.request.put(i, truck);
    } else {
      for (std::size_t i = 0; i < plan_.batch; ++i) from.request.put(i, from.trucks[from.turn++ % from.trucks.size()]);
    }
    outstanding_ += deliveries_a_batch_;
    from.idle = false;
    from.sent_at = clock::now();
    from.http.post(from.request.text());
  }

  void on_ready(std::uint32_t number) {
    if (number >= plan_.subscribers) return on_answer(posters_[number - plan_.subscribers]);
    const auto count = subscribers_[number].receive();
    result_.deliveries += count;
    outstanding_ -= std::min(count, outstanding_);
  }

  void on_answer(fleet_poster& from) {
    poster::answer answer;
    if (!from.http.receive(answer)) return;
    latencies_.add(std::chrono::duration<double, std::micro>(clock::now() - from.sent_at).count());
    from.idle = true;
    result_.accepted += answer.accepted;
    result_.duplicates += answer.duplicates;
    ++(answer.status == 200 ? result_.requests : result_.refused);
  }

  /// Nothing came for 200 ms: what is outstanding was conflated or refused and never will.
  void give_up_outstanding() {
    result_.missing += outstanding_;
    outstanding_ = 0;
  }

  const target& to_;
  const fanout_plan& plan_;
  std::size_t deliveries_a_batch_;
  std::vector<subscriber> subscribers_;
  std::vector<fleet_poster> posters_;
  readiness ready_;
  std::size_t outstanding_ = 0;
  load_result result_;
  latencies latencies_;
};

}  // namespace

load_result run_fanout(const target& to, const fanout_plan& plan) { return fanout_run{to, plan}.run(); }

}  // namespace haulcast::bench
