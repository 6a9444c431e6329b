#include "integration/soak_faults.hpp"

#include <cerrno>
#include <csignal>

#include "integration/raw_connection.hpp"
#include "integration/soak_company.hpp"

namespace haulcast::support {

using namespace std::chrono_literals;

namespace {

class suite : public std::enable_shared_from_this<suite> {
 public:
  suite(server& s, faults::switchboard& disk, prober& probe, soak_fault_options options)
      : server_{s}, disk_{disk}, probe_{probe}, options_{std::move(options)} {}

  std::vector<soak_fault> all();

 private:
  observed disk_fails(const faults::fault_plan& how);
  observed stands_still();
  observed clock_steps();
  observed storm();
  observed bad_requests();
  observed subscribers_vanish();

  server& server_;
  faults::switchboard& disk_;
  prober& probe_;
  soak_fault_options options_;
};

std::vector<soak_fault> suite::all() {
  const auto self = shared_from_this();
  using faults::fault_plan;
  constexpr std::string_view segments = ".segment";
  const auto disk = [self](fault_plan how) { return [self, how] { return self->disk_fails(how); }; };
  return {{"sync fails once", disk({.operations = faults::syncing, .error = EIO, .times = 1, .part = segments})},
          {"connections storm", [self] { return self->storm(); }},
          {"process stands still", [self] { return self->stands_still(); }},
          {"sync fails for a while", disk({.operations = faults::syncing, .error = EIO, .part = segments})},
          {"bad requests", [self] { return self->bad_requests(); }},
          {"no space for a while", disk({.operations = faults::writing, .error = ENOSPC, .part = segments})},
          {"subscribers vanish", [self] { return self->subscribers_vanish(); }},
          {"clock steps", [self] { return self->clock_steps(); }},
          {"slow syncs", disk({.operations = faults::syncing, .times = 2, .delay = options_.length, .part = segments})},
          {"any file fails for a while",
           disk({.operations = faults::opening | faults::writing | faults::syncing | faults::naming, .error = EIO})}};
}

observed suite::disk_fails(const faults::fault_plan& how) {
  disk_.on(0, how);
  const observed seen = probe_.watch(options_.length);
  EXPECT_GT(disk_.off(0), 0U);
  return seen;
}

observed suite::stands_still() {
  server_.process().signal(SIGSTOP);
  std::this_thread::sleep_for(options_.many ? 5s : 1s);
  server_.process().signal(SIGCONT);
  return probe_.watch(options_.length / 2);
}

observed suite::clock_steps() {
  observed seen;
  for (const auto by : {-30s, 30s, 0s}) {
    disk_.step_clock(by);
    seen.add(probe_.watch(options_.length));
  }
  return seen;
}

observed suite::storm() {
  std::vector<std::unique_ptr<raw_connection>> all;
  for (int i = 0; i < 500; ++i) {
    all.push_back(std::make_unique<raw_connection>(server_.base()));
    if (i % 2 == 0) all.back()->send("GET /healthz HTTP/1.1\r\nHost: x\r\n");  // and never the rest
  }
  return probe_.watch(options_.length);
}

observed suite::bad_requests() {
  const std::vector<std::string> wrong{
      "\x16\x03\x01 this is no HTTP\r\n\r\n",
      "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
      "POST /v1/positions HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
      "POST /v1/positions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer nobody\r\nContent-Length: 2\r\n\r\n{}",
      "POST /v1/positions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer " + options_.token +
          "\r\nContent-Length: 15\r\n\r\n{\"positions\":[[",
      "GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
  };
  for (int i = 0; i < (options_.many ? 2'000 : 60); ++i) {
    raw_connection one{server_.base()};
    one.send(wrong[static_cast<std::size_t>(i) % wrong.size()]);
    const auto answer = one.read_until("\r\n", 20s);
    EXPECT_TRUE(answer && answer->starts_with("HTTP/1.1 4")) << answer.value_or("nothing");
  }
  return probe_.watch(options_.length / 2);
}

observed suite::subscribers_vanish() {
  silent_followers crowd{server_.base(), options_.token, {{"type", "subscribe"}, {"trucks", options_.followed}}, 100};
  const observed seen = probe_.watch(options_.length);
  crowd.half_vanish();
  return seen;
}

}  // namespace

std::vector<soak_fault> soak_faults(server& s, faults::switchboard& disk, prober& probe, soak_fault_options options) {
  return std::make_shared<suite>(s, disk, probe, std::move(options))->all();
}

}  // namespace haulcast::support
