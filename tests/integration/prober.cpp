#include "integration/prober.hpp"

#include <algorithm>
#include <set>

namespace haulcast::support {

using std::chrono::steady_clock;

namespace {

std::string listed(const std::map<std::string, int>& answers) {
  std::string text;
  for (const auto& [what, times] : answers) {
    text += (text.empty() ? "[" : " [") + what + "] x" + std::to_string(times);
  }
  return text;
}

milliseconds since(steady_clock::time_point begin) {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
}

}  // namespace

std::string observed::told() const { return listed(ingest); }
std::string observed::readyz() const { return listed(ready); }
std::string observed::to_string() const {
  return "ingest " + told() + ", readyz " + readyz() + ", healthz within " + std::to_string(slowest_health.count()) + " ms";
}

void observed::add(const observed& more) {
  for (const auto& [what, times] : more.ingest) ingest[what] += times;
  for (const auto& [what, times] : more.ready) ready[what] += times;
  slowest_health = std::max(slowest_health, more.slowest_health);
}

prober::prober(client::base_url server, std::string token, std::string truck)
    : base_{std::move(server)},
      token_{std::move(token)},
      server_{base_, token_},
      truck_{std::move(truck)},
      begin_ms_{now_ms() - 20LL * 86'400'000} {}

void prober::ask(observed& seen) {
  const auto asked = steady_clock::now();
  EXPECT_EQ(server_.get("/healthz").status, 200U);
  seen.slowest_health = std::max(seen.slowest_health, since(asked));
  const auto ready = server_.get("/readyz");
  ++seen.ready[ready.status == 200 ? "200" : ready.body.value("detail", "no reason")];
  const auto position = driving(truck_, begin_ms_, ++step_);
  const auto answer = server_.post("/v1/positions", batch({position}));
  if (answer.status == 200) {
    ++seen.ingest["200"];
    acknowledged_.push_back(position);
    return;
  }
  const std::string code = answer.body.value("code", "no code");
  expect_problem(answer, 503, code);
  static const std::set<std::string> fitting{"not_committed", "not_ready", "storage_full", "overloaded"};
  EXPECT_TRUE(fitting.contains(code)) << code;
  ++seen.ingest["503 " + code];
}

observed prober::watch(milliseconds length) {
  server_ = api{base_, token_};
  observed seen;
  const auto begin = steady_clock::now();
  do {
    ask(seen);
    std::this_thread::sleep_for(milliseconds{20});
  } while (since(begin) < length);
  return seen;
}

bool prober::ready() { return api{base_, token_}.get("/readyz").status == 200; }

void prober::expect_kept() {
  server_ = api{base_, token_};
  constexpr std::size_t at_once = 500;
  for (std::size_t i = 0; i < acknowledged_.size(); i += at_once) {
    const auto begin = acknowledged_.begin() + static_cast<std::ptrdiff_t>(i);
    const std::vector<nlohmann::json> some(begin, std::min(begin + at_once, acknowledged_.end()));
    EXPECT_EQ(must_post(server_, some).at("duplicates"), some.size());
  }
}

}  // namespace haulcast::support
