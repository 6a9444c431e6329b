// What happens when the journal cannot take a record: nothing acknowledged is lost, and it heals by itself.
#include <sys/resource.h>

#include "integration/failing_server.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

/// What the kernel lets the server's files grow to; a test's way to a full disk.
void limit_files(server& s, rlim_t bytes) {
  rlimit limit{};
  ASSERT_EQ(::prlimit(s.process().pid(), RLIMIT_FSIZE, nullptr, &limit), 0);
  limit.rlim_cur = bytes;
  ASSERT_EQ(::prlimit(s.process().pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
}

TEST(Storage, AFailedCommitIsTold503AndItAcceptsAgainByItself) {
  server s;
  auto admin = s.as();
  auto ws = s.ws();
  ASSERT_FALSE(ws.connect());
  subscribe(ws, {{"all", true}});
  const auto begin = now_ms() - 600'000;
  int step = 0;
  std::vector<json> acknowledged;
  const auto post_next = [&] {
    const auto position = driving("TRK-1", begin, ++step);
    const auto answer = admin.post("/v1/positions", batch({position}));
    if (answer.status == 200) acknowledged.push_back(position);
    return answer;
  };
  for (int i = 0; i < 20; ++i) ASSERT_EQ(post_next().status, 200u);

  limit_files(s, 0);
  expect_problem(post_next(), 503, "not_committed");
  for (int i = 0; i < 5; ++i) {
    expect_problem(post_next(), 503, "not_ready");
    expect_problem(admin.get("/readyz"), 503, "not_ready");
    std::this_thread::sleep_for(200ms);
  }
  EXPECT_NE(admin.get("/readyz").body.value("detail", "").find("the journal cannot commit"), std::string::npos);
  EXPECT_EQ(admin.get("/healthz").status, 200u);
  const auto before = admin.get("/v1/trucks/TRK-1/position");
  ASSERT_EQ(before.status, 200u) << "reads go on";
  EXPECT_EQ(before.body.at("timestamp"), acknowledged.back().at("timestamp")) << "nobody sees what a failed commit takes back";

  limit_files(s, RLIM_INFINITY);
  ASSERT_TRUE(eventually([&] { return admin.get("/readyz").status == 200; }));
  step = 19;  // from the last acknowledged one on, everything again
  EXPECT_EQ(post_next().body.value("duplicates", 0), 1);
  for (int i = 0; i < 10; ++i) {
    const auto answer = post_next();
    EXPECT_EQ(answer.status, 200u) << answer.raw.body;
    EXPECT_EQ(answer.body.value("accepted", 0) + answer.body.value("duplicates", 0), 1);
  }
  const auto newest = rfc3339(begin + step * 1000);
  EXPECT_EQ(admin.get("/v1/trucks/TRK-1/position").body.at("timestamp"), newest);
  const auto seen = next_positions(ws, 30);
  ASSERT_EQ(seen.size(), 30u);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].at("timestamp"), rfc3339(begin + static_cast<std::int64_t>(i + 1) * 1000)) << "each once, in order";
  }
  s.kill();
  s.start();
  auto again = s.as();
  EXPECT_EQ(must_post(again, acknowledged).at("duplicates"), acknowledged.size());
  EXPECT_EQ(again.get("/v1/trucks/TRK-1/position").body.at("timestamp"), newest);
}

TEST(Storage, AServerThatCannotCommitStillLeavesWhenAsked) {
  server s;
  auto admin = s.as();
  must_post(admin, {driving("TRK-1", now_ms() - 60'000, 1)});
  limit_files(s, 0);
  expect_problem(admin.post("/v1/positions", batch({driving("TRK-1", now_ms() - 60'000, 2)})), 503, "not_committed");
  const auto asked = std::chrono::steady_clock::now();
  EXPECT_EQ(s.stop().code, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 5s);
}

TEST(Storage, WithLessFreeSpaceThanItsFloorItRefusesAndSaysWhy) {
  server s({.environment = {{"HAULCAST_JOURNAL__MIN_FREE_BYTES", "1 TiB"}}});
  auto admin = s.as();
  ASSERT_TRUE(eventually([&] { return admin.get("/readyz").status == 503; })) << "is there a TiB free?";
  EXPECT_NE(admin.get("/readyz").body.value("detail", "").find("free"), std::string::npos);
  expect_problem(admin.post("/v1/positions", batch({driving("TRK-1", now_ms() - 5000, 1)})), 503, "storage_full");
  expect_problem(admin.get("/v1/trucks/TRK-1"), 404, "not_found");
  EXPECT_EQ(s.stop().code, 0);
}

TEST(Storage, AtItsCapTheJournalRefusesUntilSnapshotsLetTheOldestGo) {
  server s({.environment = {{"HAULCAST_JOURNAL__MAX_BYTES", "4 MiB"},
                            {"HAULCAST_JOURNAL__SEGMENT_BYTES", "1 MiB"},
                            {"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "8"}}});
  auto admin = s.as();
  const auto begin = now_ms() - 3'600'000;
  int step = 0;
  json first_of_all;
  const auto full = [&] {
    std::vector<json> positions;
    for (int i = 0; i < 800; ++i) {
      auto p = driving("BULK-" + std::to_string(i % 8), begin, 0);  // few enough of each for its window
      p["timestamp"] = begin + ++step;
      p["attributes"] = {{"bulk", noise(900, static_cast<unsigned>(step))}};
      positions.push_back(std::move(p));
    }
    if (first_of_all.is_null()) first_of_all = positions.front();
    const auto answer = admin.post("/v1/positions", batch(positions));
    if (answer.status == 200) return false;
    expect_problem(answer, 503, "storage_full");
    step -= 800;
    return true;
  };
  ASSERT_TRUE(eventually(full));
  const auto why = admin.get("/readyz");
  if (why.status != 200) {  // it may have healed this very moment
    expect_problem(why, 503, "not_ready");
    EXPECT_NE(why.body.value("detail", "").find("full"), std::string::npos) << why.raw.body;
  }
  EXPECT_EQ(admin.get("/v1/trucks/BULK-0/position").status, 200u);
  ASSERT_TRUE(eventually([&] { return admin.get("/readyz").status == 200; }, 60s)) << s.log();
  auto next = driving("BULK-0", begin, 0);
  next["timestamp"] = begin + step + 1;
  EXPECT_EQ(must_post(admin, {next}).at("accepted"), 1);
  EXPECT_EQ(must_post(admin, {first_of_all}).at("duplicates"), 1) << "what left the journal is in the snapshots";
  s.restart();
  auto again = s.as();
  EXPECT_EQ(again.get("/v1/trucks/BULK-0/position").body.at("timestamp"), rfc3339(begin + step + 1));
  EXPECT_EQ(must_post(again, {first_of_all, next}).at("duplicates"), 2);
  tell_row("the journal is at its cap and snapshots lag", "[503 storage_full]", why.body.value("detail", "[200]"),
           "by itself when snapshots let the oldest files go");
}

}  // namespace
}  // namespace haulcast::support
