#include <chrono>
#include <stdexcept>
#include <string_view>

#include "load/connection.hpp"
#include "load/load.hpp"

namespace haulcast::bench {

void run_probe(const target& to, double seconds, double interval_us, latencies& found) {
  using clock = std::chrono::steady_clock;
  using microseconds = std::chrono::duration<double, std::micro>;
  constexpr std::string_view request = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  poster probe{to.port};
  const auto interval = std::chrono::duration_cast<clock::duration>(microseconds{interval_us});
  const auto end = clock::now() + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds));
  for (auto due = clock::now(); due < end; due = std::max(due + interval, clock::now())) {
    while (clock::now() < due) continue;  // a sleep would add its own lateness
    const auto sent = clock::now();
    probe.post(request);
    poster::answer answer;
    while (!probe.receive(answer)) {
      if (clock::now() - sent > std::chrono::seconds{30}) throw std::runtime_error{"the server does not answer"};
    }
    found.add(microseconds{clock::now() - sent}.count());
  }
}

}  // namespace haulcast::bench
