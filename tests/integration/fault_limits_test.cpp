// A server whose operating system takes away what it had: files may not grow, no descriptor is left, memory is at its end.
#include <fmt/format.h>
#include <sys/resource.h>

#include <fstream>

#include "integration/failing_server.hpp"
#include "integration/raw_connection.hpp"
#include "integration/soak_samples.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

/// A limit of a running server: set, and taken back at the end of the scope.
class lowered_limit {
 public:
  lowered_limit(server& s, __rlimit_resource which, rlim_t to) : pid_{s.process().pid()}, which_{which} {
    EXPECT_EQ(::prlimit(pid_, which_, nullptr, &before_), 0);
    const rlimit now{std::min(to, before_.rlim_max), before_.rlim_max};
    EXPECT_EQ(::prlimit(pid_, which_, &now, nullptr), 0);
  }
  ~lowered_limit() { ::prlimit(pid_, which_, &before_, nullptr); }
  lowered_limit(const lowered_limit&) = delete;
  lowered_limit& operator=(const lowered_limit&) = delete;

 private:
  pid_t pid_;
  __rlimit_resource which_;
  rlimit before_{};
};

TEST(FaultLimits, FilesThatMayNotGrowAreAFailedCommit) {
  failing_server s;
  observed seen;
  {
    const lowered_limit files{s.process(), RLIMIT_FSIZE, 0};
    seen = s.watch(fault_time());
  }
  EXPECT_TRUE(seen.ingest_was_told("503 not_ready")) << seen.to_string();
  EXPECT_TRUE(seen.ready.contains("the journal cannot commit: File too large")) << seen.to_string();
  s.expect_healed();
  s.expect_clean_books();
  s.tell("files may not grow (RLIMIT_FSIZE)", seen);
}

TEST(FaultLimits, AFileAtItsLimitIsLeftForTheNextOne) {
  failing_server s;
  observed seen;
  {
    const lowered_limit files{s.process(), RLIMIT_FSIZE, 128 << 10};
    EXPECT_TRUE(eventually([&] { return s.process().as().get("/readyz").status == 503; }, 60s)) << "no file came to its limit";
    seen = s.watch(fault_time());
  }
  s.expect_healed();
  s.expect_clean_books();
  s.tell("files may grow to 128 KiB", seen);
}

/// What the first connection hears that is not served: a status line, or nothing.
std::string told_without_descriptors(const client::base_url& to, milliseconds within) {
  std::vector<std::unique_ptr<raw_connection>> all;
  for (int i = 0; i < 100; ++i) {
    all.push_back(std::make_unique<raw_connection>(to));
    all.back()->send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto told = all.back()->read_until("\r\n", within);
    if (!told || !told->starts_with("HTTP/1.1 200")) return told.value_or("");
  }
  return "there were descriptors for all of them";
}

TEST(FaultLimits, WithoutDescriptorsThoseWhoAreThereGoOnAndOthersAreTurnedAway) {
#if __has_feature(undefined_behavior_sanitizer)
  GTEST_SKIP() << "the sanitizer looks at objects through a pipe, for which there is no descriptor left here";
#endif
  failing_server s;
  auto before = s.process().as();
  EXPECT_EQ(before.get("/healthz").status, 200U);
  const auto in_use = static_cast<rlim_t>(descriptors_of(s.process().process().pid()));
  for (const rlim_t left : {in_use + 2, rlim_t{4}}) {
    const lowered_limit descriptors{s.process(), RLIMIT_NOFILE, left};
    // Below what is in use even the one in reserve cannot be given to a new connection: it waits, unanswered.
    const bool reserve_helps = left > 4;
    const auto told = told_without_descriptors(s.process().base(), reserve_helps ? milliseconds{20'000} : milliseconds{500});
    EXPECT_EQ(told, reserve_helps ? "HTTP/1.1 503 Service Unavailable\r\n" : "");
    EXPECT_TRUE(s.goes_on()) << "senders that are connected go on";
    EXPECT_EQ(before.get("/readyz").status, 200U);
  }
  const observed seen = s.watch(fault_time());
  EXPECT_EQ(seen.ingest.size(), 1U) << seen.to_string();
  s.expect_healed();
  s.expect_clean_books();
  tell_row("no descriptor is left (RLIMIT_NOFILE)", "[200] on open connections, [503] on new ones", "[200]",
           "by itself; nothing lost");
}

/// MiB of address space.
double address_space_of(int pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmSize:")) return std::stod(line.substr(7)) / 1024;
  return 0;
}

TEST(FaultLimits, AtTheEndOfMemoryItEndsAndTheNextStartHasEverything) {
  if (!faults::switchboard::available()) GTEST_SKIP() << "a sanitizer needs all the address space there is";
  server s;
  const auto more = static_cast<rlim_t>(address_space_of(s.process().pid()) + 48) << 20;
  const rlimit now{more, more};
  ASSERT_EQ(::prlimit(s.process().pid(), RLIMIT_AS, &now, nullptr), 0);
  std::vector<json> acknowledged;
  std::map<std::string, int> told;
  try {
    auto admin = s.as();
    for (int round = 0; round < 500; ++round) {  // trucks that were never there before, each with much to remember
      std::vector<json> positions;
      for (int i = 0; i < 800; ++i) {
        positions.push_back(driving(fmt::format("NEW-{}-{}", round, i), now_ms() - 3'600'000, 1));
        positions.back()["attributes"] = {{"load", noise(900, static_cast<unsigned>(i))}};
      }
      const json first = positions.front();
      const auto answer = admin.post("/v1/positions", batch(std::move(positions)));
      ++told[std::to_string(answer.status)];
      if (answer.status == 200) acknowledged.push_back(first);
    }
    FAIL() << "it found memory for everything";
  } catch (const std::runtime_error&) {  // no answer: it is gone
  }
  const auto ended = s.process().wait(20s);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 1) << "signal " << ended->signal << '\n' << s.log();
  EXPECT_NE(s.log().find("haulcast: out of memory"), std::string::npos) << s.log();
  ASSERT_FALSE(acknowledged.empty());
  s.start();
  auto again = s.as();
  EXPECT_EQ(must_post(again, acknowledged).at("duplicates"), acknowledged.size());
  tell_row("memory is at its end (RLIMIT_AS)", fmt::format("[200] x{}, then no answer", acknowledged.size()), "no answer",
           "exit 1 and a sentence; everything acknowledged is there at the next start");
}

}  // namespace
}  // namespace haulcast::support
