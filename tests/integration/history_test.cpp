// GET /v1/trucks/{truck_id}/history: what a truck drove, from store and journal.
#include <algorithm>
#include <atomic>
#include <thread>

#include "haulcast/geo/polyline.hpp"
#include "haulcast/wire/gzip.hpp"
#include "integration/either_store.hpp"
#include "integration/past.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::int64_t hour_ms = 3'600'000;

std::string history_of(const std::string& truck) { return "/v1/trucks/" + truck + "/history"; }

/// Steps [from, to) of that truck, acknowledged.
void drive(api& as, const std::string& truck, std::int64_t begin, int from, int to) {
  for (int at = from; at < to;) {
    std::vector<json> positions;
    for (; at < to && positions.size() < 500; ++at) positions.push_back(driving(truck, begin, at));
    must_post(as, std::move(positions));
  }
}

class History : public EitherStore {};
TOLD_OF_EITHER_STORE(History);

TEST_P(History, HoldsWhatWasAcknowledgedAMomentAgo) {
  server s{kept()};
  auto admin = s.as();
  const auto begin = now_ms() - hour_ms;
  for (int i = 0; i < 100; ++i) {
    must_post(admin, {driving("TRK-1", begin, i), driving("TRK-2", begin, i)});
    const auto page = must_get(admin, history_of("TRK-1") + "?limit=1000");
    ASSERT_EQ(page.at("items").size(), static_cast<std::size_t>(i + 1)) << "just acknowledged";
    EXPECT_EQ(page.at("items").back().at("timestamp"), rfc3339(begin + i * 1000));
    EXPECT_FALSE(page.contains("complete_until"));
  }
  // Once more when all of it is in the store, and after a restart, when none of it is in memory.
  const auto before = must_get(admin, history_of("TRK-1") + "?limit=1000");
  ASSERT_TRUE(eventually([&] { return store_has_all(admin); }));
  EXPECT_EQ(must_get(admin, history_of("TRK-1") + "?limit=1000"), before);
  must_post(admin, {driving("TRK-1", begin, 200)});
  s.kill();
  s.start();
  auto again = s.as();
  EXPECT_EQ(must_get(again, history_of("TRK-1") + "?limit=1000").at("items").size(), 101U);
}

TEST_P(History, EveryMemberComesBackAsItWasSent) {
  server s{kept()};
  auto admin = s.as();
  const auto at = now_ms() - hour_ms;
  const json sent{{"truck_id", "TRK-1"},  {"timestamp", rfc3339(at)}, {"latitude", 47.3769},
                  {"longitude", 8.5417},  {"speed_kmh", 45.5},        {"heading", 180},
                  {"altitude_m", 408},    {"accuracy_m", 5},          {"odometer_km", 120345.6},
                  {"fuel_level_pct", 75}, {"battery_pct", 80},        {"engine_status", "run, \"<&> ning"},
                  {"trip_id", "T-1"},     {"driver_id", "D-7"},       {"attributes", {{"reefer_c", -18.5}, {"note", "a,b"}}}};
  must_post(admin, {sent});
  for (const bool stored : {false, true}) {
    if (stored) ASSERT_TRUE(eventually([&] { return store_has_all(admin); }));
    auto item = must_get(admin, history_of("TRK-1")).at("items").at(0);
    EXPECT_TRUE(item.contains("received_at"));
    item.erase("received_at");
    EXPECT_EQ(item, sent);
  }
}

TEST_P(History, MarksLateAndSuspectOnesAndTellsEachOnce) {
  server s{kept()};
  auto admin = s.as();
  const auto begin = now_ms() - hour_ms;
  must_post(admin, {driving("TRK-1", begin, 0), driving("TRK-1", begin, 60)});
  auto nowhere = driving("TRK-1", begin, 90);
  nowhere["latitude"] = 0;
  nowhere["longitude"] = 0;
  must_post(admin, {nowhere});
  must_post(admin, {driving("TRK-1", begin, 30)});
  must_post(admin, {driving("TRK-1", begin, 30)});  // again
  for (const bool stored : {false, true}) {
    if (stored) ASSERT_TRUE(eventually([&] { return store_has_all(admin); }));
    const auto items = must_get(admin, history_of("TRK-1")).at("items");
    ASSERT_EQ(items.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(items[i].at("timestamp"), rfc3339(begin + static_cast<int>(i) * 30'000));
      EXPECT_EQ(items[i].contains("late"), i == 1) << items[i];
      EXPECT_EQ(items[i].value("suspect", ""), i == 3 ? "null_island" : "");
    }
  }
}

// Past the window in which identities are exact, a repeat counts as late again, and is stored once.
TEST_P(History, ALateOneThatComesTwiceIsToldOnce) {
  server s{kept({{"HAULCAST_INGEST__IDENTITY_WINDOW_S", "60"}})};
  auto admin = s.as();
  const auto begin = now_ms() - 2 * hour_ms;
  must_post(admin, {driving("TRK-1", begin, 0)});
  must_post(admin, {driving("TRK-1", begin, 3600)});
  const auto first = must_get(admin, history_of("TRK-1")).at("items");
  for (const bool stored : {false, true}) {
    if (stored) ASSERT_TRUE(eventually([&] { return store_has_all(admin); }));
    must_post(admin, {driving("TRK-1", begin, 0)});
    must_post(admin, {driving("TRK-1", begin, 0)});
    EXPECT_EQ(must_get(admin, history_of("TRK-1")).at("items"), first);
  }
}

TEST_P(History, FromAndToAreInclusiveAndTakeBothFormsOfTime) {
  server s{kept()};
  auto admin = s.as();
  const auto begin = now_ms() - hour_ms;
  drive(admin, "TRK-1", begin, 0, 10);
  const auto times = [&](const std::string& query) { return must_get(admin, history_of("TRK-1") + query).at("items").size(); };
  EXPECT_EQ(times("?from=" + rfc3339(begin + 2000) + "&to=" + rfc3339(begin + 5000)), 4U);
  EXPECT_EQ(times("?from=" + std::to_string(begin + 2001) + "&to=" + std::to_string(begin + 4999)), 2U);
  EXPECT_EQ(times("?from=" + rfc3339(begin + 20'000)), 0U);
  expect_problem(admin.get(history_of("TRK-1") + "?from=yesterday"), 422, "parameter_invalid");
  expect_problem(admin.get(history_of("TRK-1") + "?from=2000&to=1000"), 422, "parameter_invalid");
  expect_problem(admin.get(history_of("TRK-1") + "?limit=1001"), 422, "parameter_invalid");
  expect_problem(admin.get(history_of("TRK-1") + "?cursor=x"), 422, "parameter_invalid");
  expect_problem(admin.get(history_of("TRK-1") + "?simplify_m=-1"), 422, "parameter_invalid");
  expect_problem(admin.get(history_of("TRK-1") + "?colour=red"), 422, "parameter_invalid");
  expect_problem(admin.get(history_of("TRK-1") + "?limit=1&limit=2"), 422, "parameter_duplicate");
  expect_problem(admin.get(history_of("TRK-1"), {{"Accept", "image/png"}}), 406, "not_acceptable");
  expect_problem(admin.get(history_of("TRK-NONE")), 404, "not_found");
}

TEST_P(History, PagesAreCompleteAndWithoutRepeatsWhileRowsArrive) {
  server s{kept({{"HAULCAST_LIMITS__SUBJECT_REQUESTS_PER_S", "0"}})};
  auto admin = s.as();
  const auto begin = now_ms() - 2 * hour_ms;
  constexpr int there = 2'000;
  drive(admin, "TRK-1", begin, 0, there);
  // Meanwhile it drives on, and positions from between what is there arrive late.
  auto other = s.as();
  int more = there;
  int late = 0;
  const auto arrive = [&] {
    std::vector<json> positions;
    for (int i = 0; i < 5; ++i) positions.push_back(driving("TRK-1", begin, more++));
    auto between = driving("TRK-1", begin, (late++ * 37) % there);
    between["timestamp"] = rfc3339(begin + ((late * 37) % there) * 1000 + 500);
    positions.push_back(between);
    must_post(other, std::move(positions));
  };
  const auto times = all_of(all_pages(admin, history_of("TRK-1"), 70, arrive), "timestamp");
  EXPECT_TRUE(std::ranges::is_sorted(times));
  EXPECT_EQ(std::ranges::adjacent_find(times), times.end()) << "told twice";
  for (int i = 0; i < there; ++i)
    EXPECT_TRUE(std::ranges::binary_search(times, rfc3339(begin + i * 1000))) << "step " << i << " is missing";
  // All of it, by pages of every size, is the same.
  ASSERT_TRUE(eventually([&] { return store_has_all(admin); }));
  const auto whole = all_of(all_pages(admin, history_of("TRK-1"), 1000), "timestamp");
  EXPECT_EQ(whole.size(), static_cast<std::size_t>(more + late));
  EXPECT_EQ(all_of(all_pages(admin, history_of("TRK-1"), 333), "timestamp"), whole);
}

TEST_P(History, ThinnedItStaysOnTheLineAndPagesGoOn) {
  server s{kept()};
  auto admin = s.as();
  const auto begin = now_ms() - 2 * hour_ms;
  std::vector<geo::point> way;
  std::vector<json> positions;
  for (int i = 0; i < 3000; ++i) {
    auto p = driving("TRK-1", begin, i);
    p["longitude"] = 8.5417 + 0.002 * std::sin(i / 40.0);
    p["latitude"] = 47.3769 + i * 1e-5;
    way.push_back({p["latitude"], p["longitude"]});
    positions.push_back(std::move(p));
    if (positions.size() == 500) must_post(admin, std::exchange(positions, {}));
  }
  const auto kept = all_pages(admin, history_of("TRK-1") + "?simplify_m=10", 7);
  ASSERT_GT(kept.size(), 20U);
  ASSERT_LT(kept.size(), 600U);
  EXPECT_EQ(kept.front().at("timestamp"), rfc3339(begin));
  EXPECT_EQ(kept.back().at("timestamp"), rfc3339(begin + 2999 * 1000));
  std::vector<geo::point> line;
  for (const auto& p : kept) line.push_back({p.at("latitude"), p.at("longitude")});
  const geo::polyline told{line};
  for (const auto& p : way) EXPECT_LE(told.nearest(p).distance_m, 10.1);
  const auto times = all_of(kept, "timestamp");
  EXPECT_EQ(std::ranges::adjacent_find(times), times.end()) << "told twice";
  EXPECT_EQ(all_of(all_pages(admin, history_of("TRK-1") + "?simplify_m=10", 1000), "timestamp"), times);
}

TEST_P(History, IsGzippedForWhoAcceptsThatAndHeadHasNoBody) {
  server s{kept()};
  auto admin = s.as();
  drive(admin, "TRK-1", now_ms() - hour_ms, 0, 1000);
  const auto plain = admin.get(history_of("TRK-1") + "?limit=1000");
  client::http_request asked;
  asked.method = "GET";
  asked.target = history_of("TRK-1") + "?limit=1000";
  asked.headers = {{"Accept-Encoding", "gzip"}};
  const auto packed = admin.send(asked);
  EXPECT_EQ(packed.status, 200U);
  EXPECT_EQ(packed.body, plain.body);
  asked.method = "HEAD";
  asked.headers.clear();
  EXPECT_EQ(admin.send(asked).status, 200U);
}

TEST_P(History, WithoutItsStoreHistoryIs503AndEverythingLiveGoesOn) {
  server s{kept()};
  {
    auto admin = s.as();
    drive(admin, "TRK-1", now_ms() - hour_ms, 0, 10);
    ASSERT_TRUE(eventually([&] { return store_has_all(admin); }));
  }
  s.stop();
  take_store_away(s);
  s.start();
  auto admin = s.as();
  for (const auto& target :
       {history_of("TRK-1"), std::string{"/v1/trucks/TRK-1/stats"}, std::string{"/v1/events"}, std::string{"/v1/quarantine"}}) {
    const auto answer = admin.get(target);
    expect_problem(answer, 503, "store_unavailable");
    EXPECT_EQ(answer.raw.retry_after().value_or(std::chrono::seconds{}), 5s) << target;
  }
  auto follower = s.ws();
  ASSERT_FALSE(follower.connect());
  subscribe(follower, {{"type", "subscribe"}, {"trucks", {"TRK-1"}}});
  next_positions(follower, 1);
  must_post(admin, {driving("TRK-1", now_ms() - 1000, 0)});
  next_positions(follower, 1);
  EXPECT_EQ(admin.get("/v1/trucks/TRK-1/position").status, 200U);
  EXPECT_EQ(admin.get("/readyz").status, 200U);
  // Back again, without a restart.
  bring_store_back(s);
  EXPECT_TRUE(eventually([&] {
    const auto answer = admin.get(history_of("TRK-1"));
    return answer.status == 200 && answer.body.at("items").size() == 11;
  }));
}

/// Somebody else holds the store's lock, so that it falls behind: what is there can be read.
TEST_P(History, WhenTheStoreLagsFarBehindTheAnswerSaysUntilWhenItIsComplete) {
  server s{kept()};
  auto admin = s.as();
  const auto begin = now_ms() - hour_ms;
  drive(admin, "TRK-1", begin, 0, 10);
  ASSERT_TRUE(eventually([&] { return store_has_all(admin); }));
  auto held = lock_store(s);
  const auto before = rfc3339(now_ms());
  must_post(admin, {driving("TRK-1", begin, 10)});
  EXPECT_EQ(must_get(admin, history_of("TRK-1")).at("items").size(), 11U) << "from the journal";
  for (int i = 0; i < 60; ++i) EXPECT_EQ(admin.post("/v1/positions", bulky_batch("BULK", begin, i * 400, 400)).status, 200U);
  const auto lagging = must_get(admin, history_of("TRK-1"));
  EXPECT_EQ(lagging.at("items").size(), 10U);
  ASSERT_TRUE(lagging.contains("complete_until"));
  EXPECT_LE(lagging.at("complete_until").get<std::string>(), before);
  EXPECT_TRUE(must_get(admin, "/v1/events").contains("complete_until"));
  EXPECT_TRUE(must_get(admin, "/v1/trucks/TRK-1/stats").contains("complete_until"));
  EXPECT_TRUE(admin.get(history_of("TRK-1"), {{"Accept", "text/csv"}}).raw.header("complete-until"));
  held.reset();
  EXPECT_TRUE(eventually(
      [&] {
        const auto now = must_get(admin, history_of("TRK-1"));
        return now.at("items").size() == 11 && !now.contains("complete_until");
      },
      60s));
}

}  // namespace
}  // namespace haulcast::support
