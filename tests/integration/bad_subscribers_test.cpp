// Whatever other subscribers do: a good one gets every position, in order and as soon as before, and the server's memory is
// bounded. Short here; HAULCAST_SUBSCRIBERS makes it long, with so many per cent
// of the full numbers, and prints a table (scripts/subscriber-test).
#include <algorithm>
#include <cstdlib>
#include <future>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "integration/crowd.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using latency = good_subscriber::latency;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool memory_tells = false;  // a sanitizer keeps what was freed
#else
constexpr bool memory_tells = true;
#endif
#else
constexpr bool memory_tells = true;
#endif

constexpr double outbox_bytes_most = 65'536 + 1'000;  // hub.max_pending_bytes, and the position that went beyond it
constexpr double memory_most = 160 * 1024;            // of each: outbox, what the socket did not take, replies
constexpr double memory_slack = 24 << 20;

bool full() { return std::getenv("HAULCAST_SUBSCRIBERS") != nullptr; }

/// Of the long form.
std::size_t scaled(std::size_t number) {
  return std::max<std::size_t>(1, number * std::strtoull(std::getenv("HAULCAST_SUBSCRIBERS"), nullptr, 10) / 100);
}

server patient(const std::string& ping_interval_s) {
  return server({.environment = {{"HAULCAST_HUB__PING_INTERVAL_S", ping_interval_s},
                                 {"HAULCAST_HUB__MAX_CONNECTIONS", "20000"},
                                 {"HAULCAST_LIMITS__MAX_CONNECTIONS", "20000"}}});
}

double connections(server& s) { return metric_of(s, "haulcast_live_connections"); }

double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

/// Medians of the rounds.
latency typical(const std::vector<latency>& rounds) {
  std::vector<double> p50, p99;
  for (const latency& each : rounds) {
    p50.push_back(each.p50_ms);
    p99.push_back(each.p99_ms);
  }
  return {.p50_ms = median(p50), .p99_ms = median(p99)};
}

void tell(std::string_view who, std::size_t count, double bytes_each, latency without, latency with, const std::string& more) {
  std::ostringstream line;
  line << std::fixed << std::setprecision(2) << "| " << std::left << std::setw(22) << who << " | " << std::right << std::setw(6)
       << count << " | " << std::setw(8) << std::setprecision(1) << bytes_each / 1024 << " KiB | " << std::setprecision(2)
       << std::setw(5) << without.p50_ms << " / " << std::setw(6) << without.p99_ms << " | " << std::setw(5) << with.p50_ms
       << " / " << std::setw(6) << with.p99_ms << " | " << more << " |";
  std::cout << line.str() << std::endl;
}

struct bad_ones {
  conduct how;
  std::size_t few;
  std::size_t many;
};
void PrintTo(const bad_ones& who, std::ostream* out) { *out << to_string(who.how); }

class BadSubscribers : public ::testing::TestWithParam<bad_ones> {};

TEST_P(BadSubscribers, AreNotFeltByAGoodOne) {
  const conduct how = GetParam().how;
  const std::size_t count = full() ? scaled(GetParam().many) : GetParam().few;
  const auto length = full() ? 3'000ms : 300ms;
  server s = patient("300");
  good_subscriber good{s};
  good.observe(length);  // the first positions and connections take memory that stays
  std::vector<latency> without, with;
  double bytes_each = 0;
  double outbox = 0;
  for (int round = 0; round < (full() ? 5 : 1) && !HasFailure(); ++round) {
    without.push_back(good.observe(length));
    const double before = resident_bytes(s.process().pid());
    {
      const crowd bad{s.base(), s.token(), how, count};
      with.push_back(good.observe(length));
      outbox = std::max(outbox, metric_of(s, "haulcast_outbox_bytes"));
      if (round == 0) bytes_each = (resident_bytes(s.process().pid()) - before) / static_cast<double>(count);
      EXPECT_EQ(connections(s), static_cast<double>(count) + 1) << "nobody is sent away";
    }
    EXPECT_TRUE(eventually([&] { return connections(s) == 1; }, 60s)) << connections(s);
  }
  EXPECT_LE(outbox, static_cast<double>(count) * outbox_bytes_most);
  if (memory_tells) EXPECT_LE(bytes_each * static_cast<double>(count), static_cast<double>(count) * memory_most + memory_slack);
  EXPECT_EQ(metric_of(s, "haulcast_outbox_bytes"), 0);
  if (full()) tell(to_string(how), count, bytes_each, typical(without), typical(with), "");
}
INSTANTIATE_TEST_SUITE_P(All, BadSubscribers,
                         ::testing::Values(bad_ones{conduct::silent, 200, 10'000}, bad_ones{conduct::never_reads, 40, 1'000},
                                           bad_ones{conduct::reads_slowly, 40, 1'000}, bad_ones{conduct::vanishes, 40, 1'000},
                                           bad_ones{conduct::floods, 10, 100}, bad_ones{conduct::byte_by_byte, 40, 1'000}),
                         [](const auto& info) {
                           std::string name{to_string(info.param.how)};
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

// No FIN and no reset ever comes of them: only that they answer no ping tells.
TEST(VanishedSubscribers, AreForgottenWithinTwoPingIntervals) {
  const std::size_t count = full() ? scaled(1'000) : 20;
  server s = patient("1");
  auto ws = s.ws();
  ASSERT_FALSE(ws.connect());
  subscribe(ws, {{"all", true}});
  const crowd gone{s.base(), s.token(), conduct::vanishes, count};
  EXPECT_TRUE(eventually(
      [&] {
        static_cast<void>(ws.receive(10ms));  // which answers pings
        return metric_of(s, "haulcast_live_dead_peers_total") == static_cast<double>(count);
      },
      60s));
  EXPECT_EQ(connections(s), 1);
}

// After a restart everybody comes back at once, for everything that was missed.
TEST(ReturningSubscribers, AllGetWhatTheyMissedAndAGoodOneDoesNotFeelIt) {
  const std::size_t count = full() ? scaled(5'000) : 50;
  const std::size_t events = full() ? 5'000 : 500;
  server s = patient("300");
  auto admin = s.as();
  for (std::size_t i = 0; i < events; i += 100) {
    std::vector<nlohmann::json> positions;
    for (std::size_t k = i; k < i + 100; ++k) {
      positions.push_back(driving("T-" + std::to_string(k), now_ms() - 60'000, 1));
      positions.back()["latitude"] =
          60;  // where the returning ones look: what moves later is not sent to five thousand of them
    }
    must_post(admin, std::move(positions));
  }
  s.restart();
  good_subscriber good{s};
  good.observe(300ms);
  const latency without = good.observe(full() ? 3'000ms : 300ms);
  const double before = resident_bytes(s.process().pid());
  double most = before;
  std::vector<latency> with;
  const auto begun = std::chrono::steady_clock::now();
  std::unique_ptr<crowd> returning;
  auto all_have_theirs = std::async(std::launch::async, [&] {
    returning = std::make_unique<crowd>(s.base(), s.token(), conduct::reads_all, count, "0");
    return eventually([&] { return returning->with_events(events) == count; }, 550s);
  });
  while (all_have_theirs.wait_for(0s) != std::future_status::ready && !HasFailure()) {
    with.push_back(good.observe(300ms));
    most = std::max(most, resident_bytes(s.process().pid()));
  }
  EXPECT_TRUE(all_have_theirs.get()) << returning->with_events(events) << " of " << count;
  const double took_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  EXPECT_FALSE(returning->out_of_order());
  EXPECT_EQ(metric_of(s, "haulcast_live_resumes_total"), static_cast<double>(count));
  EXPECT_EQ(metric_of(s, "haulcast_live_overflows_total"), 0);
  const double bytes_each = (most - before) / static_cast<double>(count);
  if (memory_tells) EXPECT_LE(most - before, static_cast<double>(count) * memory_most + memory_slack);
  if (!full()) return;
  std::ostringstream more;
  more << events << " events each in " << std::fixed << std::setprecision(1) << took_s << " s";
  tell(to_string(conduct::reads_all), count, bytes_each, without, typical(with), more.str());
}

}  // namespace
}  // namespace haulcast::support
