#include "integration/steady_load.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>

#include "bench/load/batch_text.hpp"
#include "bench/load/connection.hpp"

namespace haulcast::support {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t batch_positions = 100;
constexpr std::size_t single_senders = 4;
constexpr auto retry_after = 100ms;

struct sender {
  sender(const steady_plan& plan, std::size_t positions, std::uint32_t first_truck, std::size_t trucks_in_all, bool one_truck)
      : request{positions, plan.token}, size{positions}, one_truck_a_batch{one_truck} {
    for (std::uint32_t i = 0; i < trucks_in_all; ++i) trucks.push_back({.number = first_truck + i});
  }

  void plan_next() {
    for (std::size_t i = 0; i < size; ++i) request.put(i, trucks[(one_truck_a_batch ? turn : turn++) % trucks.size()]);
    if (one_truck_a_batch) ++turn;
    doubt = false;
  }

  std::unique_ptr<bench::poster> http;  // none: not connected
  bench::batch_text request;
  std::vector<bench::bench_truck> trucks;
  std::size_t size;
  bool one_truck_a_batch;
  std::size_t turn = 0;
  enum { idle, asked, resting } now = idle;
  clock::time_point rested;  // when a resting one tries again
  bool doubt = false;        // an attempt may have been carried out without telling
};

// When the next of a kind is due.
struct pace {
  clock::duration interval;
  clock::time_point due = clock::now();
  std::size_t next = 0;  // whose turn it is

  explicit pace(double per_s)
      : interval{per_s > 0 ? std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(1 / per_s))
                           : clock::duration::zero()} {}
};

}  // namespace

std::vector<std::string> steady_plan::seldom(std::size_t count) const {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(bench::truck_id(static_cast<std::uint32_t>(trucks + i)));
  return all;
}

struct steady_load::state {
  steady_plan plan;
  std::vector<sender> bulk, singles;
  bench::readiness ready;
  pace bulk_pace, single_pace;
  load_books books;
  std::atomic<std::uint64_t> acknowledged{0};
  std::atomic<bool> stopping{false};
  clock::time_point give_up;  // written before stopping
  std::thread thread;

  explicit state(steady_plan p) : plan{std::move(p)}, bulk_pace{plan.batches_per_s}, single_pace{plan.singles_per_s} {
    std::uint32_t truck = 0;
    const auto add = [&](std::vector<sender>& to, std::size_t count, std::size_t positions, std::size_t trucks) {
      for (std::size_t i = 0; i < count; ++i, truck += static_cast<std::uint32_t>(trucks / count))
        to.emplace_back(plan, positions, truck, trucks / count, i % 2 == 0 && positions > 1);
    };
    add(bulk, plan.connections, batch_positions, plan.trucks);
    add(singles, single_senders, 1, plan.trucks / 4);
  }

  void run() {
    while (!stopping || (busy() && clock::now() < give_up)) {
      post_due(bulk, bulk_pace);
      post_due(singles, single_pace);
      wake(bulk);
      wake(singles);
      ready.wait(std::chrono::milliseconds{1}, [this](std::uint32_t number) {
        on_ready(number < bulk.size() ? bulk[number] : singles[number - bulk.size()]);
      });
    }
    books.complete = !busy();
    for (const auto* all : {&bulk, &singles}) {
      for (const sender& s : *all)
        for (const auto& t : s.trucks) books.sent.push_back(t.sent);
    }
    books.acknowledged = acknowledged;
  }

  bool busy() const {
    for (const auto* all : {&bulk, &singles})
      for (const sender& s : *all)
        if (s.now != sender::idle) return true;
    return false;
  }

  void post_due(std::vector<sender>& of, pace& p) {
    const auto now = clock::now();
    if (p.due < now - 1s) p.due = now;
    while (!stopping && p.due <= now) {
      std::size_t looked_at = 0;
      while (looked_at < of.size() && of[p.next].now != sender::idle) p.next = (p.next + 1) % of.size(), ++looked_at;
      if (looked_at == of.size()) return;
      of[p.next].plan_next();
      post(of[p.next]);
      p.next = (p.next + 1) % of.size();
      p.due += p.interval;
    }
  }

  void wake(std::vector<sender>& of) {
    const auto now = clock::now();
    for (sender& s : of)
      if (s.now == sender::resting && s.rested <= now) post(s);
  }

  std::uint32_t number_of(const sender& s) const {
    const bool is_bulk = &s >= bulk.data() && &s < bulk.data() + bulk.size();
    return static_cast<std::uint32_t>(is_bulk ? &s - bulk.data() : &s - singles.data() + std::ssize(bulk));
  }

  void post(sender& s) {
    s.now = sender::asked;
    try {
      if (!s.http) {
        s.http = std::make_unique<bench::poster>(plan.port);
        ready.add(s.http->wire(), number_of(s));
      }
      s.http->post(s.request.text());
    } catch (const std::runtime_error&) {
      lost(s);
    }
  }

  void lost(sender& s) {
    s.http.reset();
    if (s.now == sender::idle) return;  // a connection that nobody needed
    ++books.broken;
    s.doubt = true;
    rest(s);
  }

  static void rest(sender& s) {
    s.now = sender::resting;
    s.rested = clock::now() + retry_after;
  }

  void on_ready(sender& s) {
    if (!s.http) return;
    bench::poster::answer answer;
    try {
      if (!s.http->receive(answer)) return;
    } catch (const std::runtime_error&) {
      return lost(s);
    }
    if (answer.status == 200) return acknowledge(s, answer);
    if (answer.status != 503 && answer.status != 429) contradict("status " + std::to_string(answer.status));
    ++books.refused;
    s.doubt = true;
    rest(s);
  }

  void acknowledge(sender& s, const bench::poster::answer& answer) {
    if (answer.accepted + answer.duplicates != s.size || (answer.duplicates > 0 && !s.doubt)) {
      contradict(std::to_string(answer.accepted) + " accepted and " + std::to_string(answer.duplicates) + " duplicates of " +
                 std::to_string(s.size));
    }
    acknowledged += s.size;
    s.now = sender::idle;
  }

  void contradict(std::string sentence) {
    if (books.contradictions.size() < 20) books.contradictions.push_back(std::move(sentence));
  }
};

steady_load::steady_load(steady_plan plan) : state_{std::make_unique<state>(std::move(plan))} {
  state_->thread = std::thread{[s = state_.get()] { s->run(); }};
}

steady_load::~steady_load() {
  if (!state_->thread.joinable()) return;
  state_->stopping = true;
  state_->thread.join();
}

std::uint64_t steady_load::acknowledged() const noexcept { return state_->acknowledged; }

load_books steady_load::finish(std::chrono::milliseconds within) {
  state_->give_up = clock::now() + within;
  state_->stopping = true;
  state_->thread.join();
  return std::move(state_->books);
}

}  // namespace haulcast::support
