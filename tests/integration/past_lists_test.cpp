// GET /v1/events and GET /v1/quarantine: newest first, from store and journal.
#include <algorithm>
#include <set>

#include "integration/either_store.hpp"
#include "integration/past.hpp"

namespace haulcast::support {
namespace {

using nlohmann::json;

constexpr std::int64_t hour_ms = 3'600'000;

/// Each truck that appears is one truck.online.
void appear(api& as, const std::string& truck) { must_post(as, {driving(truck, now_ms() - hour_ms, 1)}); }

std::vector<std::string> subjects(const std::vector<json>& items) { return all_of(items, "subject"); }

bool newest_first(const std::vector<json>& items) {
  return std::ranges::is_sorted(items, std::greater{}, [](const json& e) {
    return std::pair{e.at("time").get<std::string>(), e.at("id").get<std::string>()};
  });
}

class EventList : public EitherStore {};
TOLD_OF_EITHER_STORE(EventList);
class Quarantine : public EitherStore {};
TOLD_OF_EITHER_STORE(Quarantine);

TEST_P(EventList, HoldsWhatHappenedAMomentAgoNewestFirst) {
  server s{kept()};
  auto admin = s.as();
  std::vector<std::string> expected;
  for (int i = 0; i < 60; ++i) {
    const auto truck = "TRK-" + std::to_string(i);
    appear(admin, truck);
    expected.insert(expected.begin(), "truck/" + truck);
    const auto page = must_get(admin, "/v1/events?limit=1000");
    ASSERT_EQ(page.at("items").at(0).at("subject"), "truck/" + truck) << "just acknowledged";
    ASSERT_EQ(page.at("items").size(), expected.size());
  }
  const auto all = all_pages(admin, "/v1/events", 7);
  EXPECT_EQ(subjects(all), expected);
  EXPECT_TRUE(newest_first(all));
  ASSERT_TRUE(eventually([&] { return store_has_all(admin); }));
  EXPECT_EQ(all_pages(admin, "/v1/events", 11), all) << "the store's words are the journal's";
}

TEST_P(EventList, PagesAreCompleteAndWithoutRepeatsWhileOthersHappen) {
  server s{kept()};
  auto admin = s.as();
  for (int i = 0; i < 100; ++i) appear(admin, "TRK-" + std::to_string(i));
  int later = 0;
  const auto items = all_pages(admin, "/v1/events", 9, [&] { appear(admin, "LATER-" + std::to_string(later++)); });
  std::set<std::string> seen;
  for (const auto& subject : subjects(items)) EXPECT_TRUE(seen.insert(subject).second) << subject << " twice";
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(seen.contains("truck/TRK-" + std::to_string(i))) << i;
}

TEST_P(EventList, NarrowsByTypeTruckAndTime) {
  server s{kept({{"HAULCAST_ENGINE__OFFLINE_AFTER_S", "1"}})};
  auto admin = s.as();
  appear(admin, "A");
  ASSERT_TRUE(eventually([&] { return must_get(admin, "/v1/events?type=truck.offline").at("items").size() == 1; }));
  appear(admin, "B");
  const auto count = [&](const std::string& query) { return must_get(admin, "/v1/events" + query).at("items").size(); };
  for (const bool stored : {false, true}) {
    if (stored) ASSERT_TRUE(eventually([&] { return store_has_all(admin); }));
    EXPECT_EQ(count("?type=truck.online"), 2U);
    EXPECT_EQ(count("?type=truck.*&truck_id=A"), 2U);
    EXPECT_EQ(count("?type=truck.online&truck_id=B"), 1U);
    EXPECT_EQ(count("?type=geofence.*,truck.online"), 2U);
    EXPECT_EQ(count("?type=stop.started"), 0U) << "none of these can happen yet";
    EXPECT_EQ(count("?truck_id=C"), 0U);
    EXPECT_EQ(count("?delivery_id=D-1"), 0U);
    const auto oldest =
        must_get(admin, "/v1/events?truck_id=A&type=truck.online").at("items").at(0).at("time").get<std::string>();
    EXPECT_EQ(count("?type=truck.online&to=" + oldest), 1U);
    EXPECT_EQ(count("?type=truck.online&from=" + oldest), 2U);
  }
  expect_problem(admin.get("/v1/events?type=truck.online,,x"), 422, "parameter_invalid");
  expect_problem(admin.get("/v1/events?truck_id=a%20b"), 422, "parameter_invalid");
  expect_problem(admin.get("/v1/events?cursor=12"), 422, "parameter_invalid");
  expect_problem(admin.get("/v1/events?after=0"), 422, "parameter_invalid");
}

TEST_P(EventList, ADriverPagesThroughThoseOfItsTrucksAlone) {
  server s{kept()};
  auto admin = s.as();
  for (const char* truck : {"A", "B", "C", "D", "E"}) appear(admin, truck);
  auto driver = s.as("driver", {"B", "D", "E", "UNKNOWN"});
  EXPECT_EQ(subjects(all_pages(driver, "/v1/events", 1)), (std::vector<std::string>{"truck/E", "truck/D", "truck/B"}));
  EXPECT_EQ(subjects(all_pages(driver, "/v1/events?truck_id=D", 10)), (std::vector<std::string>{"truck/D"}));
  EXPECT_TRUE(all_pages(driver, "/v1/events?truck_id=A", 10).empty());
  api customer{s.base(), token_of("customer")};
  EXPECT_TRUE(all_pages(customer, "/v1/events", 10).empty());
}

TEST_P(Quarantine, HoldsEveryRefusedPositionWithItsReason) {
  server s{kept()};
  auto admin = s.as();
  const auto begin = now_ms() - hour_ms;
  constexpr int batches = 40;
  for (int i = 0; i < batches; ++i) {
    auto wrong = driving("TRK-1", begin, i);
    wrong["latitude"] = 91;
    const auto receipt = must_post(admin, {driving("TRK-1", begin, i), wrong, json{{"truck_id", "TRK-2"}}});
    ASSERT_EQ(receipt.at("rejected").size(), 2U);
    EXPECT_EQ(must_get(admin, "/v1/quarantine?limit=1000").at("items").size(), 2U * static_cast<std::size_t>(i + 1));
  }
  for (const bool stored : {false, true}) {
    if (stored) ASSERT_TRUE(eventually([&] { return store_has_all(admin); }));
    const auto all = all_pages(admin, "/v1/quarantine", 7);
    ASSERT_EQ(all.size(), 2U * batches);
    const auto ids = all_of(all, "id");
    EXPECT_TRUE(std::ranges::is_sorted(ids, std::greater{}));
    EXPECT_EQ(all[0].at("code"), "timestamp_missing");
    EXPECT_EQ(all[0].at("index"), 2);
    EXPECT_EQ(all[0].at("truck_id"), "TRK-2");
    EXPECT_EQ(all[0].at("detail"), "The position has no timestamp");
    EXPECT_EQ(json::parse(all[0].at("raw").get<std::string>()), (json{{"truck_id", "TRK-2"}}));
    EXPECT_EQ(all_pages(admin, "/v1/quarantine?code=latitude_out_of_range", 9).size(), std::size_t{batches});
    EXPECT_EQ(all_pages(admin, "/v1/quarantine?truck_id=TRK-2", 9).size(), std::size_t{batches});
    EXPECT_TRUE(all_pages(admin, "/v1/quarantine?truck_id=TRK-2&code=latitude_out_of_range", 9).empty());
  }
  expect_problem(admin.get("/v1/quarantine?code=rust"), 422, "parameter_invalid");
  expect_problem(s.as("driver", {"TRK-1"}).get("/v1/quarantine"), 403, "role_not_allowed");
}

}  // namespace
}  // namespace haulcast::support
