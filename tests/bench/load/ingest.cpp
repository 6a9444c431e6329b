#include <fmt/core.h>

#include <chrono>
#include <vector>

#include "load/batch_text.hpp"
#include "load/connection.hpp"
#include "load/load.hpp"
#include "load/process.hpp"

namespace haulcast::bench {
namespace {

using clock = std::chrono::steady_clock;

/// One phone's end: its trucks, its request, and when it sent it.
struct sender {
  sender(const target& to, const ingest_plan& plan, std::uint32_t number) : http{to.port}, request{plan.batch, to.token} {
    const auto first = number * static_cast<std::uint32_t>(plan.trucks_per_connection);
    for (std::uint32_t i = 0; i < plan.trucks_per_connection; ++i) trucks.push_back({.number = first + i, .sent = 0});
  }

  void post(std::size_t positions) {
    auto& truck = trucks[turn++ % trucks.size()];
    for (std::size_t i = 0; i < positions; ++i) request.put(i, truck);
    sent_at = clock::now();
    http.post(request.text());
  }

  poster http;
  batch_text request;
  std::vector<bench_truck> trucks;
  std::size_t turn = 0;
  clock::time_point sent_at;
};

class ingest_run {
 public:
  ingest_run(const target& to, const ingest_plan& plan) : to_{to}, plan_{plan} {
    senders_.reserve(plan.connections);
    for (std::uint32_t i = 0; i < plan.connections; ++i) {
      senders_.emplace_back(to, plan, i);
      ready_.add(senders_.back().http.wire(), i);
    }
  }

  load_result run() {
    for (auto& each : senders_) each.post(plan_.batch);
    if (plan_.requests == 0) turn_for(plan_.warm_up_s);
    begin_measuring();
    turn_for(plan_.requests == 0 ? plan_.seconds : 3600);
    finish();
    return result_;
  }

 private:
  void begin_measuring() {
    result_ = {};
    latencies_.clear();
    began_ = clock::now();
    cpu_before_ = cpu_seconds(to_.server);
  }

  void finish() {
    result_.seconds = std::chrono::duration<double>(clock::now() - began_).count();
    result_.server_cpu_s = cpu_seconds(to_.server) - cpu_before_;
    result_.positions = result_.requests * plan_.batch;
    result_.p50_us = latencies_.quantile(0.5);
    result_.p99_us = latencies_.quantile(0.99);
  }

  void turn_for(double seconds) {
    const auto end = clock::now() + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds));
    while (clock::now() < end && !enough()) {
      ready_.wait(100, [this](std::uint32_t number) { on_ready(senders_[number]); });
    }
  }

  bool enough() const { return plan_.requests > 0 && result_.requests >= plan_.requests; }

  void on_ready(sender& from) {
    poster::answer answer;
    if (!from.http.receive(answer)) return;
    const auto now = clock::now();
    latencies_.add(std::chrono::duration<double, std::micro>(now - from.sent_at).count());
    ++(answer.status == 200 ? result_.requests : result_.refused);
    result_.accepted += answer.accepted;
    result_.duplicates += answer.duplicates;
    if (!enough()) from.post(plan_.batch);
  }

  const target& to_;
  const ingest_plan& plan_;
  std::vector<sender> senders_;
  readiness ready_;
  load_result result_;
  latencies latencies_;
  clock::time_point began_;
  double cpu_before_ = 0;
};

}  // namespace

load_result run_ingest(const target& to, const ingest_plan& plan) { return ingest_run{to, plan}.run(); }

std::string to_json(const load_result& r) {
  return fmt::format(
      R"({{"requests":{},"refused":{},"positions":{},"accepted":{},"duplicates":{},"deliveries":{},"missing":{},)"
      R"("seconds":{:.3f},"server_cpu_s":{:.2f},"p50_us":{:.0f},"p99_us":{:.0f}}})",
      r.requests, r.refused, r.positions, r.accepted, r.duplicates, r.deliveries, r.missing, r.seconds, r.server_cpu_s,
      r.p50_us, r.p99_us);
}

}  // namespace haulcast::bench
