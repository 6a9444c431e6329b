#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "load/batch_text.hpp"
#include "load/connection.hpp"
#include "load/load.hpp"
#include "load/process.hpp"
#include "load/subscriber.hpp"

namespace haulcast::bench {
namespace {

using clock = std::chrono::steady_clock;
constexpr std::size_t followers_of_a_truck = 10;
constexpr std::size_t trucks_per_subscriber = 4;
/// Publishes for its part of the fleet: by HTTP, or to a broker.
struct fleet_poster {
  std::optional<poster> http;
  std::optional<mqtt_publisher> mqtt;
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
    due_ = clock::now();
    turn_for(plan_.warm_up_s);
    result_ = {};
    latencies_.clear();
    told_.clear();
    const auto began = clock::now();
    const auto cpu_before = cpu_seconds(to_.server);
    turn_for(plan_.seconds);
    result_.seconds = std::chrono::duration<double>(clock::now() - began).count();
    result_.server_cpu_s = cpu_seconds(to_.server) - cpu_before;
    result_.positions = result_.requests * plan_.batch;
    result_.p50_us = latencies_.quantile(0.5);
    result_.p99_us = latencies_.quantile(0.99);
    result_.told_p50_us = told_.quantile(0.5);
    result_.told_p99_us = told_.quantile(0.99);
    result_.told_p999_us = told_.quantile(0.999);
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
    if (to_.mqtt_port != 0) {
      subscribers_ = subscriber::over_mqtt(to_, follows);
    } else {
      for (const auto& trucks : follows) subscribers_.emplace_back(to_, follow_trucks(trucks));
    }
    for (std::size_t i = 0; i < s; ++i) ready_.add(subscribers_[i].wire(), static_cast<std::uint32_t>(i));
  }

  void connect_posters() {
    posters_.reserve(plan_.posters);
    for (std::size_t p = 0; p < plan_.posters; ++p) {
      posters_.push_back({.http = {}, .mqtt = {}, .request = {plan_.batch, to_.token}, .trucks = {}, .sent_at = {}});
      auto& each = posters_.back();
      for (auto t = p; t < truck_count(); t += plan_.posters) each.trucks.push_back({static_cast<std::uint32_t>(t), 0});
      if (to_.mqtt_port != 0) {
        each.mqtt.emplace(to_);
      } else {
        each.http.emplace(to_.port);
        ready_.add(each.http->wire(), static_cast<std::uint32_t>(plan_.subscribers + p));
      }
    }
  }

  void turn_for(double seconds) {
    const auto end = clock::now() + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds));
    while (clock::now() < end) {
      if (plan_.rate > 0) {
        post_what_is_due();
      } else {
        for (auto& each : posters_) {
          if (each.idle && outstanding_ + deliveries_a_batch_ <= plan_.window) post(each, clock::now());
        }
      }
      // With a rate it looks again at once: a wait rounded up to a millisecond would be the latency that is measured.
      const bool came =
          ready_.wait(std::chrono::milliseconds{plan_.rate > 0 ? 0 : 200}, [this](std::uint32_t number) { on_ready(number); });
      if (!came && plan_.rate <= 0) give_up_outstanding();
    }
  }

  void post_what_is_due() {
    const auto interval = std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(1 / plan_.rate));
    for (; due_ <= clock::now(); due_ += interval) {
      std::size_t looked_at = 0;
      while (looked_at < posters_.size() && !posters_[next_].idle) next_ = (next_ + 1) % posters_.size(), ++looked_at;
      if (looked_at == posters_.size()) return;
      post(posters_[next_], due_);
      next_ = (next_ + 1) % posters_.size();
    }
  }

  std::uint32_t stamp_of(clock::time_point t) const {
    return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(t - epoch_).count() % stamps);
  }

  void post(fleet_poster& from, clock::time_point due) {
    const auto stamp = stamp_of(due);
    for (std::size_t i = 0; i < plan_.batch; ++i) {
      auto& truck = from.trucks[(plan_.one_truck ? from.turn : from.turn++) % from.trucks.size()];
      from.request.put(i, truck);
      if (plan_.rate > 0) from.request.stamp(i, stamp);
      if (from.mqtt) from.mqtt->add(truck_id(truck.number), from.request.position(i));
    }
    if (plan_.one_truck) ++from.turn;
    outstanding_ += deliveries_a_batch_;
    from.sent_at = due;
    if (from.mqtt) {
      ++result_.requests;
      result_.accepted += plan_.batch;
      return from.mqtt->send();
    }
    from.idle = false;
    from.http->post(from.request.text());
  }

  void on_ready(std::uint32_t number) {
    if (number >= plan_.subscribers) return on_answer(posters_[number - plan_.subscribers]);
    const auto count = plan_.rate > 0 ? subscribers_[number].receive(timed_) : subscribers_[number].receive();
    result_.deliveries += count;
    outstanding_ -= std::min(count, outstanding_);
  }

  void on_answer(fleet_poster& from) {
    poster::answer answer;
    if (!from.http->receive(answer)) return;
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
  latencies told_;
  const clock::time_point epoch_ = clock::now();  // of the stamps
  const std::function<void(std::uint32_t)> timed_ = [this](std::uint32_t stamp) {
    told_.add(static_cast<double>(stamp_of(clock::now()) - stamp));
  };
  clock::time_point due_;  // of the next batch, with a rate
  std::size_t next_ = 0;   // whose turn it is then
};

}  // namespace

load_result run_fanout(const target& to, const fanout_plan& plan) { return fanout_run{to, plan}.run(); }

}  // namespace haulcast::bench
