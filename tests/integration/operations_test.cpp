// What operators and their tools see: health, readiness, metrics, logs.
#include <csignal>
#include <fstream>
#include <sstream>

#include "integration/story.hpp"
#include "support/needs.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

TEST(Operations, HealthReadinessAndMetricsTakeNoToken) {
  server s;
  api nobody{s.base(), ""};
  EXPECT_EQ(nobody.get("/healthz").status, 200u);
  EXPECT_EQ(nobody.get("/readyz").status, 200u);
  const auto metrics = nobody.get("/metrics");
  EXPECT_EQ(metrics.status, 200u);
  EXPECT_TRUE(metrics.raw.header("content-type").value_or("").starts_with("text/plain; version=0.0.4")) << metrics.raw.body;
  auto admin = s.as();
  EXPECT_EQ(admin.get("/version").body.at("version"), HAULCAST_VERSION);
}

/// Traffic of every kind, so that each metric has something to show.
void keep_busy(server& s) {
  auto admin = s.as();
  const auto begin = now_ms() - 60'000;
  auto ws = s.ws();
  ASSERT_FALSE(ws.connect());
  subscribe(ws, {{"all", true}});
  auto island = driving("TRK-SECRET-1", begin, 5);
  island["latitude"] = island["longitude"] = 0;
  auto wrong = driving("TRK-SECRET-1", begin, 6);
  wrong["latitude"] = 91;
  must_post(admin, {driving("TRK-SECRET-1", begin, 3), driving("TRK-SECRET-1", begin, 3), driving("TRK-SECRET-1", begin, 1),
                    island, wrong});
  next_positions(ws, 1);
  admin.get("/v1/trucks/TRK-SECRET-1/position");
  admin.get("/v1/trucks?bbox=1,2,3");
  admin.get("/nowhere/TRK-SECRET-1");
  ws.close();
}

TEST(Operations, MetricsTellOfEveryStepAndNameNoTruck) {
  server s;
  keep_busy(s);
  api nobody{s.base(), ""};
  const std::string page = nobody.get("/metrics").raw.body;
  EXPECT_EQ(page.find("SECRET"), std::string::npos) << "a truck's id stands in the metrics";
  EXPECT_EQ(metric(page, R"(haulcast_positions_total{verdict="live"})"), 1);
  EXPECT_EQ(metric(page, R"(haulcast_positions_total{verdict="late"})"), 1);
  EXPECT_EQ(metric(page, R"(haulcast_positions_total{verdict="suspect"})"), 1);
  EXPECT_EQ(metric(page, R"(haulcast_positions_total{verdict="duplicate"})"), 1);
  EXPECT_EQ(metric(page, R"(haulcast_positions_rejected_total{code="latitude_out_of_range"})"), 1);
  EXPECT_EQ(metric(page, "haulcast_acknowledgement_seconds_count"), 1);
  EXPECT_EQ(metric(page, "haulcast_position_to_subscriber_seconds_count"), 1);
  EXPECT_GE(metric(page, "haulcast_journal_commit_seconds_count").value_or(0), 1);
  EXPECT_GE(metric(page, "haulcast_journal_group_records_count").value_or(0), 1);
  EXPECT_TRUE(metric(page, "haulcast_loop_lag_seconds_count"));
  EXPECT_TRUE(metric(page, "haulcast_live_connections"));
  EXPECT_TRUE(metric(page, "haulcast_outbox_bytes"));
  EXPECT_EQ(metric(page, "haulcast_positions_conflated_total"), 0);
  EXPECT_EQ(metric(page, R"(haulcast_http_requests_total{method="POST",route="/v1/positions",status="2xx"})"), 1);
}

TEST(Operations, PromtoolFindsNothingToComplainAbout) {
  HAULCAST_NEEDS(std::filesystem::exists("/usr/bin/promtool"), "promtool");
  server s;
  keep_busy(s);
  api nobody{s.base(), ""};
  const temp_directory scratch;
  std::ofstream{scratch / "page"} << nobody.get("/metrics").raw.body;
  child_options promtool;
  promtool.program = "/bin/sh";
  promtool.arguments = {"-c", "promtool check metrics < page 2>&1"};
  promtool.directory = scratch.path();
  const auto checked = run_to_end(promtool, 60s);
  EXPECT_EQ(checked.exit.code, 0);
  EXPECT_EQ(checked.out, "");
}

TEST(Operations, StdoutIsOneLineAndTheLogOnStderrHoldsNoTokenAndNoPlace) {
  for (const char* format : {"console", "json"}) {
    SCOPED_TRACE(format);
    server s({.environment = {{"HAULCAST_LOG__FORMAT", format}, {"HAULCAST_ENGINE__OFFLINE_AFTER_S", "1"}}});
    const std::string token = s.token();
    api admin{s.base(), token};
    auto one = driving("TRK-1", now_ms() - 5000, 1);
    one["latitude"] = 47.123456;
    must_post(admin, {one});
    admin.get("/v1/trucks?bbox=8.654321,47.123456,9,48");
    admin.get("/v1/trucks?access_token=" + token);
    client::ws_options o;
    o.token = token;
    o.token_in = client::ws_options::carried::subprotocol;
    client::ws_client ws{s.base(), o};
    ASSERT_FALSE(ws.connect());
    subscribe(ws, {{"all", true}});
    api{s.base(), "not.a.token-47"}.get("/v1/trucks");
    s.process().signal(SIGTERM);
    EXPECT_EQ(s.process().read_all(20s), "") << "stdout has the line that says where it listens and no other";
    EXPECT_EQ(s.stop().code, 0);
    const std::string log = s.log();
    EXPECT_NE(log.find("stopped"), std::string::npos) << log;
    for (const std::string& secret : {token, token.substr(token.rfind('.') + 1), std::string{"not.a.token-47"},
                                      std::string{server::secret()}, std::string{"47.123456"}, std::string{"8.654321"}}) {
      EXPECT_EQ(log.find(secret), std::string::npos) << log;
    }
    if (format != std::string_view{"json"}) continue;
    std::istringstream lines{log};
    for (std::string line; std::getline(lines, line);) {
      const auto entry = json::parse(line, nullptr, false);
      EXPECT_TRUE(entry.is_object() && entry.contains("time") && entry.contains("level") && entry.contains("message")) << line;
    }
  }
}

}  // namespace
}  // namespace haulcast::support
