// SIGTERM, and what keeps a second server out.
#include <algorithm>
#include <csignal>
#include <fstream>

#include "integration/raw_connection.hpp"
#include "integration/story.hpp"
#include "support/ledger_loader.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

/// Sends every position again that must be held: all must be duplicates.
void expect_all_held(api& admin, const ledger& books) {
  std::vector<json> positions;
  const auto send = [&] {
    if (positions.empty()) return;
    EXPECT_EQ(must_post(admin, positions).at("duplicates"), positions.size());
    positions.clear();
  };
  for (const auto& b : books.batches) {
    for (const auto& p : b.positions) {
      if (!p.must_be_held()) continue;
      positions.push_back({{"truck_id", books.trucks[p.truck]},
                           {"timestamp", p.timestamp_ms},
                           {"latitude", p.latitude},
                           {"longitude", p.longitude}});
      if (positions.size() == 1000) send();
    }
  }
  send();
}

TEST(Leaving, UnderLoadItEndsWithinFiveSecondsAndEverythingAcknowledgedIsThereAfterwards) {
  server s;
  ledger_options load;
  load.token = s.token();
  ledger_loader loader{s.base(), load};
  auto ws = s.ws();
  ASSERT_FALSE(ws.connect());
  subscribe(ws, {{"all", true}});
  stream_reader stream{s.base(), s.token(), "/v1/events/stream", "text/event-stream"};
  ASSERT_EQ(stream.status(), 200u);
  ASSERT_TRUE(eventually([&] { return loader.acknowledged() > 500; }, 60s));

  const auto asked = std::chrono::steady_clock::now();
  s.process().signal(SIGTERM);
  while (ws.receive(20s)) {
  }
  const auto ended = s.process().wait(15s);
  const auto took = std::chrono::steady_clock::now() - asked;
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 0) << s.log();
  EXPECT_LT(took, 5s);
  ASSERT_TRUE(ws.ended());
  EXPECT_EQ(ws.ended()->code, 1001);
  while (stream.event(5s)) {
  }
  EXPECT_TRUE(stream.over());

  s.start();
  const auto resumed = loader.acknowledged();
  EXPECT_TRUE(eventually([&] { return loader.acknowledged() > resumed + 100; }, 60s));
  const ledger books = loader.finish();
  EXPECT_TRUE(books.contradictions.empty()) << books.contradictions.front();
  auto admin = s.as();
  expect_all_held(admin, books);
}

TEST(Leaving, WaitsForARequestThatIsUnderWayAndASecondSignalDoesNot) {
  server s;
  raw_connection slow{s.base()};
  slow.send("POST /v1/positions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + s.token() +
            "\r\nContent-Length: 100\r\n\r\n{\"positions\":");
  auto admin = s.as();
  EXPECT_EQ(admin.get("/healthz").status, 200u);  // the head has been read by now
  s.process().signal(SIGTERM);
  EXPECT_FALSE(s.process().wait(1s)) << "it did not wait for what is in flight";
  const auto asked = std::chrono::steady_clock::now();
  s.process().signal(SIGTERM);
  ASSERT_TRUE(s.process().wait(5s));
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 1s);
}

TEST(Leaving, AStalledRequestDoesNotHoldItLongerThanFiveSeconds) {
  server s;
  raw_connection stalled{s.base()};
  stalled.send("POST /v1/positions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + s.token() +
               "\r\nContent-Length: 100\r\n\r\n{\"positions\":");
  auto admin = s.as();
  EXPECT_EQ(admin.get("/healthz").status, 200u);
  const auto asked = std::chrono::steady_clock::now();
  EXPECT_EQ(s.stop().code, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 5s);
}

TEST(Leaving, ASubscriberThatReadsNothingDoesNotHoldItLongerThanFiveSeconds) {
  server s;
  auto admin = s.as();
  client::ws_options o;
  o.receive_buffer = 4096;
  auto ws = s.ws("admin", {}, o);
  ASSERT_FALSE(ws.connect());
  subscribe(ws, {{"all", true}});
  for (int i = 0; i < 3; ++i) {
    std::vector<json> positions;
    for (int k = 0; k < 900; ++k) positions.push_back(driving("TRK-" + std::to_string(k), now_ms() - 60'000, i));
    must_post(admin, positions);
  }
  stream_reader stream{s.base(), s.token(), "/v1/events/stream?after=0", "text/event-stream"};
  ASSERT_EQ(stream.status(), 200u);
  const auto asked = std::chrono::steady_clock::now();
  EXPECT_EQ(s.stop().code, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 5s);
}

TEST(Leaving, AnInterruptIsAnswered0Too) {
  server s;
  s.process().signal(SIGINT);
  const auto ended = s.process().wait(15s);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 0);
}

child_outcome serve(const std::map<std::string, std::string>& environment) {
  child_options o;
  o.program = HAULCAST_BINARY;
  o.arguments = {"serve"};
  o.environment = environment;
  return run_to_end(o);
}

TEST(Leaving, ASecondServerOnTheSameDataIsRefusedAndTheFirstGoesOn) {
  server s;
  const auto second = serve({{"HAULCAST_DATA_DIR", s.data_dir().string()}, {"HAULCAST_SERVER__LISTEN", "127.0.0.1:0"}});
  EXPECT_EQ(second.exit.code, 3);
  EXPECT_EQ(second.out, "");
  EXPECT_EQ(std::count(second.err.begin(), second.err.end(), '\n'), 1) << second.err;
  auto admin = s.as();
  must_post(admin, {driving("TRK-1", now_ms() - 5000, 1)});
}

TEST(Leaving, AnUnusableDataDirectoryIsToldInOneLine) {
  const temp_directory scratch;
  std::ofstream{scratch / "file"} << "x";
  const auto refused = serve({{"HAULCAST_DATA_DIR", (scratch / "file").string()}, {"HAULCAST_SERVER__LISTEN", "127.0.0.1:0"}});
  EXPECT_EQ(refused.exit.code, 3);
  EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;
}

TEST(Leaving, ATakenPortIsAFailure) {
  server s;
  const temp_directory scratch;
  const auto second =
      serve({{"HAULCAST_DATA_DIR", scratch.path().string()}, {"HAULCAST_SERVER__LISTEN", s.base().authority()}});
  EXPECT_EQ(second.exit.code, 1);
  EXPECT_EQ(second.out, "");
  EXPECT_NE(second.err.find(s.base().port), std::string::npos) << second.err;
}

}  // namespace
}  // namespace haulcast::support
