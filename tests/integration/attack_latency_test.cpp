// How long a good client waits while others attack, beside how long it waits otherwise. Figures, for a quiet machine: runs only
// with HAULCAST_ATTACK_SECONDS, the length of each measurement (scripts/attack-test).
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>

#include "haulcast/wire/gzip.hpp"
#include "integration/http_attack.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr int rounds = 5;

struct latencies {
  double p50_ms = 0;
  double p99_ms = 0;
};

/// The server on one core; whoever asks it on another, the good client before the attackers: what is measured is how long the
/// server takes, not how long two programs wait for each other's processor.
void take_places(server& s) {
  const auto pin = [](pid_t task, int core) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    return ::sched_setaffinity(task, sizeof cores, &cores) == 0;
  };
  const auto tasks = std::filesystem::path{"/proc"} / std::to_string(s.process().pid()) / "task";
  for (const auto& task : std::filesystem::directory_iterator{tasks}) {
    ASSERT_TRUE(pin(std::stoi(task.path().filename()), 0));
  }
  ASSERT_TRUE(pin(0, 1));
  const sched_param first{.sched_priority = 1};
  if (::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &first) != 0) {
    std::printf("the good client may not go before the attackers (it needs CAP_SYS_NICE): it waits for their processor too\n");
  }
}

/// Not first, whoever began it.
void be_an_attacker() {
  const sched_param last{};
  ::pthread_setschedparam(::pthread_self(), SCHED_OTHER, &last);
}

/// Posts a position every 5 ms, each on time whatever became of the one before.
latencies post_steadily(server& s, std::chrono::milliseconds how_long) {
  auto api = s.as();
  std::vector<double> took;
  const auto begin = steady_clock::now();
  int step = 0;
  for (auto due = begin; due < begin + how_long; due += 5ms) {
    std::this_thread::sleep_until(due);
    const auto sent = std::max(due, begin);
    EXPECT_EQ(api.post("/v1/positions", batch({driving("TRK-GOOD", now_ms() - 1000, ++step % 2)})).status, 200U);
    took.push_back(std::chrono::duration<double, std::milli>(steady_clock::now() - sent).count());
  }
  std::sort(took.begin(), took.end());
  return {took[took.size() / 2], took[took.size() * 99 / 100]};
}

/// Does something again and again, so many times a second, until it is destroyed.
class attacker {
 public:
  attacker(int per_s, std::function<void()> once)
      : thread_{[this, per_s, once = std::move(once)] {
          be_an_attacker();
          for (auto due = steady_clock::now(); !over_; due = std::max(due + 1'000'000us / per_s, steady_clock::now() - 100ms)) {
            std::this_thread::sleep_until(due);
            once();
            ++done_;
          }
        }} {}
  ~attacker() {
    over_ = true;
    thread_.join();
  }
  int done() const { return done_; }

 private:
  std::atomic<bool> over_{false};
  std::atomic<int> done_{0};
  std::thread thread_;
};

struct assault {
  std::string name;
  int per_s;
  std::function<void(server&)> once;
};

std::vector<assault> assaults(server& s) {
  const auto throwing = [](std::string bytes) {
    return [bytes = std::move(bytes)](server& to) {
      raw_connection c{to.base()};
      c.send(bytes);
      read_answer(c);
    };
  };
  const auto coded = [&](const std::string& body) {
    return post_positions(s, "Content-Encoding: gzip\r\nContent-Length: " + std::to_string(body.size()) + "\r\n", body);
  };
  const std::string large = wire::gzip(std::string(100UL << 20, ' '));
  std::string crumbs;
  for (int i = 0; i < 20'000; ++i) crumbs += "1\r\n \r\n";
  std::string pipelined;
  for (int i = 0; i < 500; ++i) pipelined += get_request("/nowhere");
  const auto held = std::make_shared<std::vector<std::unique_ptr<raw_connection>>>();
  return {
      {"no Host", 300, throwing("GET /healthz HTTP/1.1\r\n\r\n")},
      {"Transfer-Encoding: xchunked", 300, throwing(post_positions(s, "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"))},
      {"a head of 16 KiB", 200, throwing("GET /healthz HTTP/1.1\r\nHost: h\r\nX: " + std::string(17'000, 'x'))},
      {"hanging up in the middle", 300,
       [part = post_positions(s, "Content-Length: 1000\r\n", "{")](server& to) { raw_connection{to.base()}.send(part); }},
      {"500 pipelined requests", 4,
       [pipelined](server& to) {
         raw_connection c{to.base()};
         c.send(pipelined + get_request("/nowhere", "Connection: close\r\n"));
         c.read_to_end(20s);
       }},
      {"20,000 chunks of a byte", 20, throwing(post_positions(s, "Transfer-Encoding: chunked\r\n", crumbs + "0\r\n\r\n"))},
      {"a gzip bomb of 100 MiB", 20, throwing(coded(large))},
      {"a mebibyte of nesting", 20, throwing(post_positions(s, "Content-Length: 1000000\r\n", std::string(1'000'000, '[')))},
      {"slow heads, 1000 at most", 300,
       [held](server& to) {
         if (held->size() >= 1000) held->erase(held->begin());
         held->push_back(std::make_unique<raw_connection>(to.base()));
         held->back()->send("GET /healthz HTTP/1.1\r\nHost: h\r\nX: ");
       }},
  };
}

double middle(std::vector<double> of) {
  std::sort(of.begin(), of.end());
  return of[of.size() / 2];
}

/// "1.05 (0.92..1.31)": the median, and between what.
std::string spread(std::vector<double> of) {
  std::sort(of.begin(), of.end());
  return fmt::format("{:.2f} ({:.2f}..{:.2f})", of[of.size() / 2], of.front(), of.back());
}

TEST(AttackLatency, OfAGoodClientStaysAsItWas) {
  const char* seconds = std::getenv("HAULCAST_ATTACK_SECONDS");
  if (seconds == nullptr) GTEST_SKIP() << "figures for a quiet machine: scripts/attack-test";
  const std::chrono::milliseconds each{static_cast<int>(1000 * std::atof(seconds))};
  server s{{.environment = {{"HAULCAST_JOURNAL__SYNC", "normal"}}}};  // how long a disk takes is another matter
  take_places(s);
  post_steadily(s, 1s);
  std::printf(
      "| attack | a second | p50 ms, ratio | p99 ms | p99, during/before | p99, after/before |\n|---|---|---|---|---|---|\n");
  for (const assault& one : assaults(s)) {
    std::vector<double> p50, p99, p50_ratio, p99_ratio, same_ratio;
    double done = 0;
    for (int round = 0; round < rounds; ++round) {
      const auto before = post_steadily(s, each);
      latencies during;
      {
        const auto begin = steady_clock::now();
        attacker attacking{one.per_s, [&] { one.once(s); }};
        during = post_steadily(s, each);
        done += attacking.done() / std::chrono::duration<double>(steady_clock::now() - begin).count() / rounds;
      }
      const auto after = post_steadily(s, each);
      p50.push_back(during.p50_ms), p99.push_back(during.p99_ms);
      p50_ratio.push_back(during.p50_ms / before.p50_ms);
      p99_ratio.push_back(during.p99_ms / before.p99_ms), same_ratio.push_back(after.p99_ms / before.p99_ms);
    }
    std::printf("| %s | %.0f | %.2f, %.2f | %.2f | %s | %s |\n", one.name.c_str(), done, middle(p50), middle(p50_ratio),
                middle(p99), spread(p99_ratio).c_str(), spread(same_ratio).c_str());
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace haulcast::support
