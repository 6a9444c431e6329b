#include "parts/behind.hpp"

#include <chrono>
#include <cmath>
#include <stdexcept>
#include <thread>

namespace haulcast::bench {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::minutes patience{5};
constexpr std::chrono::milliseconds look_every{50};
constexpr std::uint32_t positions_before_now = 432'000;  // of a truck of batch_text
constexpr std::uint32_t margin = 30;                     // between plans: turns are not shared quite evenly

bool caught_up(const metrics& told) {
  if (told.value("haulcast_store_stopped") > 0) throw std::runtime_error{"the store was given up; see the server's log"};
  return told.value("haulcast_store_up") > 0 && told.value("haulcast_store_lag_records") == 0;
}

}  // namespace

drained drain(const running& server) {
  const auto positions = [](const metrics& told) { return told.value("haulcast_store_positions_total"); };
  metrics told = server.told();
  const double before = positions(told);
  double first = before;
  auto began = clock::now();
  const auto cpu = [&] { return cpu_of_threads(server.to.server)["store"]; };
  double cpu_before = cpu();
  for (const auto limit = clock::now() + patience; !caught_up(told); told = server.told()) {
    if (clock::now() > limit) throw std::runtime_error{"the store did not catch up within 5 minutes"};
    if (first == before && positions(told) != before) {
      first = positions(told);
      began = clock::now();
      cpu_before = cpu();
    }
    std::this_thread::sleep_for(look_every);
  }
  const std::chrono::duration<double> took = clock::now() - began;
  return {.rows = positions(told) - first, .seconds = took.count(), .cpu_s = cpu() - cpu_before};
}

void await_caught_up(const running& server) { drain(server); }

driving_fleet::driving_fleet(std::size_t connections, std::size_t trucks, std::uint32_t positions)
    : connections_{connections},
      each_{(trucks + connections - 1) / connections},
      next_{positions_before_now - std::min(positions_before_now, positions + margin)} {}

ingest_plan driving_fleet::next(std::size_t batch, double positions) {
  const ingest_plan plan{
      .connections = connections_, .batch = batch, .trucks_per_connection = each_, .mixed = true, .first_position = next_};
  next_ += static_cast<std::uint32_t>(std::ceil(positions / static_cast<double>(trucks()))) + margin;
  return plan;
}

ingest_plan driving_fleet::at_rate(std::size_t batch, double rate, double warm_up_s, double seconds) {
  auto plan = next(batch, rate * static_cast<double>(batch) * (warm_up_s + seconds) * 1.1);
  plan.rate = rate;
  plan.warm_up_s = warm_up_s;
  plan.seconds = seconds;
  return plan;
}

ingest_plan driving_fleet::at_most(std::size_t batch, double positions, double seconds) {
  auto plan = next(batch, positions * (seconds + 0.5));
  plan.seconds = seconds;
  return plan;
}

}  // namespace haulcast::bench
