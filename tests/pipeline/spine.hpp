// A pipeline over real files in a directory of its own, on a loop that the test turns.
#pragma once

#include <gtest/gtest.h>
#include <time.h>

#include <boost/asio/post.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "haulcast/pipeline/pipeline.hpp"
#include "hub/words.hpp"
#include "journal/scratch.hpp"

namespace haulcast::pipeline::words {

using namespace std::chrono_literals;
using hub::words::driving;
using hub::words::morning;
using hub::words::viewer;

struct report {
  std::string truck_id;
  int second = 0;  // since the morning: the position's identity
  double speed_kmh = 30;
};

inline std::unique_ptr<engine::batch> batch_of(const std::vector<report>& sent) {
  auto b = std::make_unique<engine::batch>();
  b->received_at = system_now();
  for (const report& r : sent) {
    std::uint32_t truck = 0;
    while (truck < b->trucks.size() && b->trucks[truck] != r.truck_id) ++truck;
    if (truck == b->trucks.size()) b->trucks.push_back(b->keep(r.truck_id));
    engine::position where = driving(r.speed_kmh);
    where.timestamp = morning + std::chrono::seconds{r.second};
    b->positions.push_back({static_cast<std::uint32_t>(b->positions.size()), truck, where});
  }
  return b;
}

struct answer {
  std::optional<submit_result> got;
  offset_t durable_then = 0;  // the journal's newest record when the answer came
  bool refused_with(refusal why) const { return got && got->has_error() && got->error() == why; }
  bool taken() const { return got && got->has_value(); }
};

struct command_answer {
  std::optional<command_result> got;
  offset_t durable_then = 0;
  bool refused_with(refusal why) const { return got && got->has_error() && got->error() == why; }
};

inline pipeline_options small() {
  return {
      .max_trucks = 1'000, .journal_max_bytes = 1ULL << 40, .min_free_bytes = 0, .snapshot_interval = std::chrono::hours{1}};
}

/// How long one turn of the loop kept this thread busy; what the machine did for others meanwhile does not count.
class turn_watch {
 public:
  void turn(net::io_context& loop) {
    const auto begun = busy();
    loop.poll_one();
    longest = std::max(longest, busy() - begun);
  }
  std::chrono::nanoseconds longest{};

 private:
  static std::chrono::nanoseconds busy() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
  }
};

class spine {
 public:
  explicit spine(const std::filesystem::path& directory, pipeline_options options = small(),
                 std::uint64_t segment_bytes = 64ULL << 20)
      : options_{std::move(options)} {
    options_.directory = directory;
    std::filesystem::create_directories(directory);
    log = journal::scratch::open(directory / "journal", journal::sync_mode::full, segment_bytes);
    snapshots = std::move(journal::snapshot_store::open(directory / "snapshots.db", log->id())).value();
    auto life = begin_life(*log, *snapshots, options_).value();
    p = std::make_unique<pipeline>(loop, options_, *log, *snapshots, std::move(life), fan_out);
  }
  ~spine() { p.reset(); }

  std::shared_ptr<answer> submit(std::unique_ptr<engine::batch> b) {
    auto into = std::make_shared<answer>();
    net::post(loop, [this, into, b = std::move(b)]() mutable {
      p->submit(std::move(b), [this, into](submit_result came) {
        into->got.emplace(std::move(came));
        into->durable_then = log->last_offset();
      });
    });
    return into;
  }
  std::shared_ptr<answer> submit(const std::vector<report>& sent) { return submit(batch_of(sent)); }

  std::shared_ptr<command_answer> ask(engine::any_command what, std::optional<engine::retry_key> retry = {}) {
    auto into = std::make_shared<command_answer>();
    net::post(loop, [this, into, retry, what = std::move(what)]() mutable {
      p->submit(engine::command{.now = {}, .what = std::move(what), .retry = retry}, [this, into](command_result came) {
        into->got.emplace(std::move(came));
        into->durable_then = log->last_offset();
      });
    });
    return into;
  }
  engine::command_outcome outcome_of(const std::shared_ptr<command_answer>& a) {
    if (!until([&] { return a->got.has_value(); })) throw std::runtime_error{"no answer came"};
    return a->got->value().decided;
  }
  engine::command_status decided(const std::shared_ptr<command_answer>& a) { return outcome_of(a).what; }
  engine::command_status put(std::string_view truck, std::string_view name = {}, engine::precondition only_if = {}) {
    return decided(ask(registering(truck, name, std::move(only_if))));
  }
  static engine::any_command registering(std::string_view truck, std::string_view name = {},
                                         engine::precondition only_if = {}) {
    engine::register_truck asked{.truck_id = std::string{truck}, .what = {}, .only_if = std::move(only_if)};
    asked.what.name = name;
    return asked;
  }
  engine::command_status remove(std::string_view truck) {
    return decided(ask(engine::remove_truck{.truck_id = std::string{truck}}));
  }
  /// What reads show: "-" when it is not there, else its name.
  std::string told_name(std::string_view truck) const {
    const auto known = p->live().find(truck);
    if (!known || !p->live().at(*known).registered) return "-";
    const auto& said = p->live().at(*known).registration;
    return said ? said->name : "";
  }

  /// Turns the loop until it holds. False: it did not within 20 s.
  template <class Holds>
  bool until(Holds&& holds) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      if (loop.stopped()) loop.restart();
      loop.run_one_for(10ms);
    }
    return true;
  }
  submit_result& wait(const std::shared_ptr<answer>& a) {
    if (!until([&] { return a->got.has_value(); })) throw std::runtime_error{"no answer came"};
    return *a->got;
  }
  receipt& take(const std::vector<report>& sent) { return wait(kept_.emplace_back(submit(sent))).value(); }

  double told_speed(std::string_view truck_id) const {
    const auto known = p->live().find(truck_id);
    return known && p->live().at(*known).has_position ? p->live().at(*known).newest.get().speed_kmh : -1;
  }

  net::io_context loop{1};
  hub::hub fan_out{"/haulcast/test"};
  std::unique_ptr<journal::segment_log> log;
  std::unique_ptr<journal::snapshot_store> snapshots;
  std::unique_ptr<pipeline> p;

 private:
  pipeline_options options_;
  std::deque<std::shared_ptr<answer>> kept_;
};

/// What a restart would make of the directory: with snapshots and without, which must be the same.
inline std::string recovered_digest(const std::filesystem::path& directory) {
  const auto log = journal::scratch::open(directory / "journal");
  const auto snapshots = std::move(journal::snapshot_store::open(directory / "snapshots.db", log->id())).value();
  const auto quick = journal::recover(*log, snapshots.get(), 1'000);
  const auto whole = journal::recover(*log, nullptr, 1'000);
  if (!quick) return quick.error().what;
  if (!whole) return whole.error().what;
  EXPECT_EQ(quick->differences, 0U);
  EXPECT_EQ(whole->differences, 0U);
  EXPECT_EQ(journal::digest(quick->world), journal::digest(whole->world));
  return journal::digest(whole->world);
}

}  // namespace haulcast::pipeline::words
