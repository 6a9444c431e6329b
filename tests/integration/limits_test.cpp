// What callers are told who ask too often, and what gives way when the disk does not keep up. Rates are so low that nothing is
// refilled while a test runs, however slow the machine.
#include <future>

#include "faults/switchboard.hpp"
#include "integration/raw_connection.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr int one_in_s = 1000;  // the rate of trucks in these stories: a request each thousand seconds

server_options limited(std::map<std::string, std::string> environment) {
  environment.emplace("HAULCAST_LIMITS__TRUCK_REQUESTS_PER_S", "0.001");
  return {.binary = HAULCAST_BINARY, .environment = std::move(environment)};
}

std::string told(const json_answer& answer, std::string_view name) {
  return std::string{answer.raw.header(name).value_or("none")};
}

double counted(api& by, std::string_view sample) { return metric(by.get("/metrics").raw.body, sample).value_or(-1); }

TEST(Limits, ATrucksBurstIsTakenAndThenItIsToldWhenToComeBack) {
  server s{limited({})};
  auto driver = s.as("driver", {"TRK-1"});
  const auto begin = now_ms() - 60'000;
  for (int i = 1; i <= 10; ++i) {
    const auto answer = driver.post("/v1/positions", batch({driving("TRK-1", begin, i)}));
    ASSERT_EQ(answer.status, 200U) << answer.raw.body;
    EXPECT_EQ(told(answer, "RateLimit-Limit"), "10");
    EXPECT_EQ(told(answer, "RateLimit-Remaining"), std::to_string(10 - i));
    if (i == 1) EXPECT_EQ(told(answer, "RateLimit-Reset"), std::to_string(one_in_s));
    const int reset = std::stoi(told(answer, "RateLimit-Reset"));
    EXPECT_LE(reset, i * one_in_s);
    EXPECT_GT(reset, (i - 1) * one_in_s);
  }
  const auto refused = driver.post("/v1/positions", batch({driving("TRK-1", begin, 11)}));
  expect_problem(refused, 429, "too_many_requests");
  EXPECT_EQ(told(refused, "RateLimit-Limit"), "10");
  EXPECT_EQ(told(refused, "RateLimit-Remaining"), "0");
  const int wait = std::stoi(told(refused, "Retry-After"));
  EXPECT_LE(wait, one_in_s);
  EXPECT_GT(wait, 0);
  EXPECT_NE(refused.body.value("detail", "").find("TRK-1"), std::string::npos) << refused.raw.body;
  auto admin = s.as();
  EXPECT_EQ(admin.get("/v1/trucks/TRK-1/position").body.at("timestamp"), rfc3339(begin + 10'000)) << "it was not stored";
  EXPECT_EQ(counted(admin, R"(haulcast_rate_limited_total{limit="truck"})"), 1);
  EXPECT_EQ(counted(admin, R"(haulcast_rate_limit_buckets{table="truck"})"), 1);
}

TEST(Limits, ARefillIsThereWhenRetryAfterSaysSo) {
  server s{{.binary = HAULCAST_BINARY, .environment = {{"HAULCAST_LIMITS__TRUCK_BURST", "1"}}}};  // one a second
  auto driver = s.as("driver", {"TRK-1"});
  const auto begin = now_ms() - 60'000;
  int step = 0;
  std::optional<std::chrono::seconds> wait;
  const auto refused = [&] {
    const auto answer = driver.post("/v1/positions", batch({driving("TRK-1", begin, ++step)}));
    wait = answer.raw.retry_after();
    return answer.status == 429;
  };
  ASSERT_TRUE(eventually(refused));
  EXPECT_EQ(wait, 1s);
  std::this_thread::sleep_for(*wait);
  EXPECT_FALSE(refused());
}

TEST(Limits, ABatchOfSeveralTrucksIsTakenWholeOrNotAtAll) {
  server s{limited({{"HAULCAST_LIMITS__TRUCK_BURST", "2"}})};
  auto driver = s.as("driver", {"TRK-1", "TRK-2"});
  auto admin = s.as();
  const auto begin = now_ms() - 60'000;
  must_post(driver, {driving("TRK-1", begin, 1)});
  must_post(driver, {driving("TRK-1", begin, 2)});
  for (int i = 0; i < 5; ++i) {
    const auto refused = driver.post("/v1/positions", batch({driving("TRK-2", begin, 3), driving("TRK-1", begin, 3)}));
    expect_problem(refused, 429, "too_many_requests");
  }
  expect_problem(admin.get("/v1/trucks/TRK-2"), 404, "not_found");
  for (int i = 1; i <= 2; ++i) {
    const auto answer = driver.post("/v1/positions", batch({driving("TRK-2", begin, i)}));
    EXPECT_EQ(told(answer, "RateLimit-Remaining"), std::to_string(2 - i)) << "nothing had been spent";
  }
  expect_problem(driver.post("/v1/positions", batch({driving("TRK-2", begin, 3)})), 429, "too_many_requests");
}

TEST(Limits, DuplicatesAndRejectedPositionsOfOnesOwnTruckAreRequestsToo) {
  server s{limited({{"HAULCAST_LIMITS__TRUCK_BURST", "3"}})};
  auto driver = s.as("driver", {"TRK-1"});
  const auto one = driving("TRK-1", now_ms() - 60'000, 1);
  auto bad = one;
  bad["latitude"] = 91;
  must_post(driver, {one});
  EXPECT_EQ(must_post(driver, {one}).at("duplicates"), 1);
  EXPECT_EQ(must_post(driver, {bad}).at("rejected").size(), 1U);
  expect_problem(driver.post("/v1/positions", batch({bad})), 429, "too_many_requests");
}

TEST(Limits, ForeignTrucksSpendNothing) {
  server s{limited({{"HAULCAST_LIMITS__TRUCK_BURST", "2"}})};
  auto nosy = s.as("driver", {"TRK-1"});
  auto driver = s.as("driver", {"TRK-2"});
  const auto begin = now_ms() - 60'000;
  for (int i = 0; i < 5; ++i) {
    expect_problem(nosy.post("/v1/positions", batch({driving("TRK-2", begin, 1)})), 403, "truck_not_yours");
  }
  must_post(nosy, {driving("TRK-1", begin, 1), driving("TRK-2", begin, 1)});
  const auto answer = driver.post("/v1/positions", batch({driving("TRK-2", begin, 1)}));
  EXPECT_EQ(answer.status, 200U) << answer.raw.body;
  EXPECT_EQ(told(answer, "RateLimit-Remaining"), "1");
}

TEST(Limits, AdminsAreNotLimitedAndToldNothing) {
  server s{limited({{"HAULCAST_LIMITS__TRUCK_BURST", "2"}, {"HAULCAST_LIMITS__SUBJECT_BURST", "2"}})};
  auto admin = s.as();
  const auto begin = now_ms() - 60'000;
  for (int i = 1; i <= 20; ++i) {
    const auto answer = admin.post("/v1/positions", batch({driving("TRK-1", begin, i)}));
    ASSERT_EQ(answer.status, 200U) << answer.raw.body;
    EXPECT_EQ(told(answer, "RateLimit-Limit"), "none");
  }
}

TEST(Limits, ARestartForgetsWhatWasSpent) {
  server s{limited({{"HAULCAST_LIMITS__TRUCK_BURST", "1"}})};
  const auto begin = now_ms() - 60'000;
  const auto post = [&](int step) {
    return s.as("driver", {"TRK-1"}).post("/v1/positions", batch({driving("TRK-1", begin, step)}));
  };
  EXPECT_EQ(post(1).status, 200U);
  EXPECT_EQ(post(2).status, 429U);
  s.restart();
  EXPECT_EQ(post(2).status, 200U);
}

TEST(Limits, ASubjectIsCountedOnAllRoutesWhateverItsTokenIs) {
  server s{{.binary = HAULCAST_BINARY,
            .environment = {{"HAULCAST_LIMITS__SUBJECT_REQUESTS_PER_S", "0.001"}, {"HAULCAST_LIMITS__SUBJECT_BURST", "4"}}}};
  const auto as = [&](token_claims claims) { return api{s.base(), sign_token(claims, server::secret())}; };
  auto one = as({.subject = "S-1", .role = "driver", .trucks = {"TRK-1"}});
  const auto first = one.get("/v1/trucks");
  EXPECT_EQ(told(first, "RateLimit-Limit"), "4");
  EXPECT_EQ(told(first, "RateLimit-Remaining"), "3");
  EXPECT_EQ(told(first, "RateLimit-Reset"), std::to_string(one_in_s));
  EXPECT_EQ(one.get("/v1/trucks/TRK-1").status, 404U);
  auto renewed = as({.subject = "S-1", .role = "customer", .customer_id = "C-1"});
  EXPECT_EQ(renewed.get("/version").status, 200U);
  expect_problem(renewed.post("/v1/positions", batch({driving("TRK-1", now_ms(), 1)})), 403, "role_not_allowed");
  expect_problem(one.get("/v1/trucks"), 429, "too_many_requests");
  expect_problem(renewed.get("/version"), 429, "too_many_requests");
  EXPECT_EQ(one.get("/healthz").status, 200U) << "nobody is asked for a token there";
  auto other = as({.subject = "S-2", .role = "driver"});
  EXPECT_EQ(other.get("/v1/trucks").status, 200U);
  auto admin = as({.subject = "S-1"});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(admin.get("/v1/trucks").status, 200U);
  EXPECT_EQ(counted(admin, R"(haulcast_rate_limited_total{limit="subject"})"), 2);
}

/// The status line of a WebSocket handshake with that token.
std::string handshake(const server& s, const std::string& token) {
  raw_connection to{s.base()};
  to.send(
      "GET /v1/ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: haulcast.v1, bearer." +
      token + "\r\n\r\n");
  const auto head = to.read_until("\r\n", 20s).value_or("");
  return head.substr(0, head.find('\r'));
}

TEST(Limits, AWebSocketIsOneRequestAndItsCommandsAreNone) {
  server s{{.binary = HAULCAST_BINARY,
            .environment = {{"HAULCAST_LIMITS__SUBJECT_REQUESTS_PER_S", "0.001"}, {"HAULCAST_LIMITS__SUBJECT_BURST", "2"}}}};
  auto ws = s.ws("driver", {"TRK-1"});
  ASSERT_FALSE(ws.connect());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(ws.send(R"({"type":"ping"})"));
    ASSERT_FALSE(next_frame(ws, "pong").is_null());
  }
  const auto token = s.token("driver", {"TRK-1"});
  EXPECT_EQ(handshake(s, token), "HTTP/1.1 101 Switching Protocols");
  EXPECT_EQ(handshake(s, token), "HTTP/1.1 429 Too Many Requests");
}

TEST(Limits, AfterTooManyForgedTokensFurtherOnesAreNotLookedAtAndKnownOnesGoOn) {
  server s{{.binary = HAULCAST_BINARY, .environment = {{"HAULCAST_LIMITS__FAILED_LOGINS_PER_MINUTE", "1"}}}};
  const std::string known = s.token("driver", {"TRK-1"});  // one made in another second is another one
  api phone{s.base(), known};
  EXPECT_EQ(phone.get("/v1/trucks").status, 200U);
  api forger{s.base(), sign_token({.role = "admin"}, "another secret, long enough to be one")};
  expect_problem(forger.get("/v1/trucks"), 401, "token_invalid");
  const auto refused = forger.get("/v1/trucks");
  expect_problem(refused, 429, "too_many_requests");
  EXPECT_LE(std::stoi(told(refused, "Retry-After")), 60);
  auto newcomer = s.as("driver", {"TRK-2"});
  expect_problem(newcomer.get("/v1/trucks"), 429, "too_many_requests");
  EXPECT_EQ(handshake(s, s.token("driver", {"TRK-3"})), "HTTP/1.1 429 Too Many Requests");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(phone.get("/v1/trucks").status, 200U);
  must_post(phone, {driving("TRK-1", now_ms() - 5'000, 1)});
  EXPECT_EQ(handshake(s, known), "HTTP/1.1 101 Switching Protocols");
  expect_problem(api(s.base(), "").get("/v1/trucks"), 401, "token_missing");
  EXPECT_EQ(counted(phone, R"(haulcast_rate_limited_total{limit="login"})"), 3);
}

TEST(Limits, SimulatedDriversLiveWithThem) {
  server s{{.binary = HAULCAST_BINARY, .environment = {{"HAULCAST_LIMITS__TRUCK_BURST", "2"}}}};
  child_options o;
  o.program = HAULCAST_BINARY;
  o.arguments = {"simulate", "--trucks", "2", "--interval", "1s", "--duration", "4s", "--speedup", "20"};
  o.environment = {{"HAULCAST_TOKEN", s.token("driver", {"SIM-1", "SIM-2"})}, {"HAULCAST_URL", s.url()}};
  const auto ended = run_to_end(o, 60s);
  EXPECT_EQ(ended.exit.code, 0) << ended.err;
  EXPECT_EQ(ended.out.find("refused"), std::string::npos) << ended.out;
  auto admin = s.as();
  const double requests = counted(admin, R"(haulcast_http_requests_total{method="POST",route="/v1/positions",status="2xx"})");
  EXPECT_GT(requests, 0);
  EXPECT_GT(counted(admin, R"(haulcast_rate_limited_total{limit="truck"})"), 0) << "20 positions a second were to be told";
  EXPECT_GT(counted(admin, R"(haulcast_positions_total{verdict="live"})"), requests) << "what waited goes together";
}

class StalledDisk : public testing::Test {
 protected:
  void SetUp() override {
    if (!faults::switchboard::available()) GTEST_SKIP() << "a sanitized server takes no preloaded library";
  }
};

TEST_F(StalledDisk, ReadsGiveWayFirstThenPositionsAndTheProbesNever) {
  constexpr double most = 1 << 20;
  faults::switchboard disk;
  auto environment = disk.environment(false);
  environment.emplace("HAULCAST_JOURNAL__MAX_PENDING_BYTES", std::to_string(1 << 20));
  server s{{.binary = HAULCAST_BINARY, .environment = std::move(environment)}};
  auto admin = s.as();
  const auto begin = now_ms() - 3'600'000;
  must_post(admin, {driving("TRK-1", begin, 1)});
  disk.on(0, {.operations = faults::syncing, .delay = 10min, .part = ".segment"});

  const auto pending = [&] { return counted(admin, "haulcast_journal_pending_bytes"); };
  std::vector<std::future<unsigned>> senders;
  const auto send_one = [&] {
    const double before = pending();
    senders.push_back(std::async(std::launch::async, [&s, begin, n = senders.size()] {
      return s.as().post("/v1/positions", bulky_batch("BULK-" + std::to_string(n), begin, 1, 100)).status;
    }));
    ASSERT_TRUE(eventually([&] { return pending() > before; }));
  };
  const auto listed = [&] { return admin.get("/v1/trucks"); };
  const auto expect_alive = [&] {
    for (const char* target : {"/healthz", "/readyz", "/metrics"}) EXPECT_EQ(admin.get(target).status, 200U) << target;
    EXPECT_EQ(admin.get("/v1/trucks/TRK-1/position").status, 200U);
  };

  while (pending() <= most * 3 / 4) {
    EXPECT_EQ(listed().status, 200U);
    ASSERT_NO_FATAL_FAILURE(send_one());
  }
  expect_problem(listed(), 503, "overloaded");
  expect_problem(admin.post("/v1/positions/query", {{"truck_ids", {"TRK-1"}}}), 503, "overloaded");
  EXPECT_EQ((stream_reader{s.base(), s.token(), "/v1/events/stream?after=0", "application/x-ndjson"}.status()), 503U);
  EXPECT_EQ(counted(admin, "haulcast_reads_shed"), 1);
  expect_alive();

  while (pending() <= most) ASSERT_NO_FATAL_FAILURE(send_one());  // taken all the same
  expect_problem(admin.post("/v1/positions", batch({driving("TRK-1", begin, 2)})), 503, "overloaded");
  expect_alive();

  EXPECT_GT(disk.off(0), 0U);
  for (auto& one : senders) EXPECT_EQ(one.get(), 200U) << "what was taken is stored";
  EXPECT_TRUE(eventually([&] { return listed().status == 200U; }));
  must_post(admin, {driving("TRK-1", begin, 2)});
  EXPECT_EQ(counted(admin, "haulcast_reads_shed"), 0);
}

TEST_F(StalledDisk, ABatchThatCouldNotBeCommittedIsNotPaidFor) {
  faults::switchboard disk;
  auto options = limited(disk.environment(false));
  options.environment.emplace("HAULCAST_LIMITS__TRUCK_BURST", "1");
  server s{options};
  auto admin = s.as();
  auto driver = s.as("driver", {"TRK-1", "TRK-2"});
  const auto begin = now_ms() - 60'000;
  const auto body = batch({driving("TRK-1", begin, 1), driving("TRK-2", begin, 1)});
  disk.on(0, {.operations = faults::syncing, .error = EIO, .times = 1, .part = ".segment"});
  const auto failed = driver.post("/v1/positions", body);
  expect_problem(failed, 503, "not_committed");
  EXPECT_EQ(told(failed, "RateLimit-Remaining"), "1");
  disk.off(0);
  ASSERT_TRUE(eventually([&] { return admin.get("/readyz").status == 200U; }));
  const auto again = driver.post("/v1/positions", body);
  EXPECT_EQ(again.status, 200U) << again.raw.body;
  EXPECT_EQ(told(again, "RateLimit-Remaining"), "0");
  expect_problem(driver.post("/v1/positions", body), 429, "too_many_requests");
}

}  // namespace
}  // namespace haulcast::support
