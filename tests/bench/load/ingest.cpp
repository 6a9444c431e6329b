#include <fmt/core.h>
#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <vector>

#include "load/batch_text.hpp"
#include "load/connection.hpp"
#include "load/load.hpp"
#include "load/process.hpp"

namespace haulcast::bench {
namespace {

using clock = std::chrono::steady_clock;
constexpr std::chrono::seconds silence_max{30};

/// One phone's end: its trucks, its request, and when it sent it.
struct sender {
  sender(const target& to, const ingest_plan& plan, std::uint32_t number) : http{to.port}, request{plan.batch, to.token} {
    const auto first = number * static_cast<std::uint32_t>(plan.trucks_per_connection);
    for (std::uint32_t i = 0; i < plan.trucks_per_connection; ++i)
      trucks.push_back({.number = (first + i) * plan.stride, .sent = plan.first_position});
  }

  void post(const ingest_plan& plan, clock::time_point due) {
    for (std::size_t i = 0; i < plan.batch; ++i) request.put(i, trucks[(plan.mixed ? turn++ : turn) % trucks.size()]);
    if (!plan.mixed) ++turn;
    sent_at = due;
    idle = false;
    http.post(request.text());
  }

  poster http;
  batch_text request;
  std::vector<bench_truck> trucks;
  std::size_t turn = 0;
  bool idle = true;
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
    if (plan_.sleeps) ::prctl(PR_SET_TIMERSLACK, 1'000UL);  // nanoseconds; 50,000 otherwise
    due_ = clock::now();
    if (plan_.rate <= 0) {
      for (auto& each : senders_) each.post(plan_, due_);
    }
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
    allocations_before_ = allocations();
  }

  std::uint64_t allocations() const { return to_.allocations == nullptr ? 0 : *to_.allocations; }

  void finish() {
    result_.seconds = std::chrono::duration<double>(clock::now() - began_).count();
    result_.allocations = allocations() - allocations_before_;
    result_.server_cpu_s = cpu_seconds(to_.server) - cpu_before_;
    result_.positions = result_.requests * plan_.batch;
    result_.p50_us = latencies_.quantile(0.5);
    result_.p99_us = latencies_.quantile(0.99);
  }

  void turn_for(double seconds) {
    heard_ = clock::now();
    const auto end = heard_ + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds));
    while (clock::now() < end && !enough()) {
      if (plan_.rate > 0) post_what_is_due();
      const bool came = ready_.wait(patience(), [this](std::uint32_t number) { on_ready(senders_[number]); });
      if (came) heard_ = clock::now();
      if (clock::now() - heard_ > silence_max) throw std::runtime_error{"the server does not answer"};
    }
  }

  // With a rate it looks again at once, or sleeps until the next one is due.
  std::chrono::nanoseconds patience() const {
    if (plan_.rate <= 0) return std::chrono::milliseconds{100};
    return plan_.sleeps ? std::clamp<clock::duration>(due_ - clock::now(), {}, std::chrono::milliseconds{1})
                        : clock::duration{};
  }

  void post_what_is_due() {
    const auto interval = std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(1 / plan_.rate));
    for (; due_ <= clock::now(); due_ += interval) {
      std::size_t looked_at = 0;
      while (looked_at < senders_.size() && !senders_[next_].idle) next_ = (next_ + 1) % senders_.size(), ++looked_at;
      if (looked_at == senders_.size()) return;
      senders_[next_].post(plan_, due_);
      next_ = (next_ + 1) % senders_.size();
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
    from.idle = true;
    if (plan_.rate <= 0 && !enough()) from.post(plan_, now);
  }

  const target& to_;
  const ingest_plan& plan_;
  std::vector<sender> senders_;
  readiness ready_;
  load_result result_;
  latencies latencies_;
  clock::time_point began_;
  double cpu_before_ = 0;
  std::uint64_t allocations_before_ = 0;
  clock::time_point heard_;
  clock::time_point due_;  // of the next batch, with a rate
  std::size_t next_ = 0;   // whose turn it is then
};

}  // namespace

load_result run_ingest(const target& to, const ingest_plan& plan) { return ingest_run{to, plan}.run(); }

std::string to_json(const load_result& r) {
  return fmt::format(
      R"({{"requests":{},"refused":{},"positions":{},"accepted":{},"duplicates":{},"deliveries":{},"missing":{},)"
      R"("seconds":{:.3f},"server_cpu_s":{:.2f},"p50_us":{:.0f},"p99_us":{:.0f},"told_p50_us":{:.0f},"told_p99_us":{:.0f},)"
      R"("told_p999_us":{:.0f},"allocations":{}}})",
      r.requests, r.refused, r.positions, r.accepted, r.duplicates, r.deliveries, r.missing, r.seconds, r.server_cpu_s,
      r.p50_us, r.p99_us, r.told_p50_us, r.told_p99_us, r.told_p999_us, r.allocations);
}

}  // namespace haulcast::bench
