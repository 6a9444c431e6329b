// Whichever store a server keeps, and however much of the answer comes from the journal, what it tells of the past is the same,
// and is what was sent.
#include <algorithm>
#include <atomic>
#include <regex>
#include <thread>

#include "haulcast/client/track_file.hpp"
#include "integration/either_store.hpp"
#include "integration/past.hpp"
#include "integration/past_ledger.hpp"
#include "integration/raw_connection.hpp"
#include "integration/slow_figures.hpp"
#include "support/needs.hpp"

namespace haulcast::support {
namespace {

using nlohmann::json;

constexpr std::int64_t hour_ms = 3'600'000;
constexpr int days = 2;

std::int64_t days_ago() { return (now_ms() / hour_ms - 4 * 24) * hour_ms; }
std::string history_of(const std::string& truck) { return "/v1/trucks/" + truck + "/history"; }
std::string stats_of(const std::string& truck) { return "/v1/trucks/" + truck + "/stats"; }

/// Two on the way of all trucks, one of them with a limit that all break, and one that nobody meets.
void put_fences(api& admin) {
  const auto circle = [&](const char* id, double latitude, double radius, json rules) {
    const json fence{{"type", "circle"},        {"center", {{"latitude", latitude}, {"longitude", 8.52}}},
                     {"radius_meters", radius}, {"alert_on", {"enter", "exit", "dwell"}},
                     {"dwell_seconds", 60},     {"rules", std::move(rules)}};
    EXPECT_EQ(admin.put("/v1/geofences/" + std::string{id}, fence).status, 201U);
  };
  circle("yard", 46.8, 4'000, json::object());
  circle("village", 47, 5'000, {{"speed_limit_kmh", 50}});
  circle("elsewhere", 50, 500, json::object());
}

/// The next batch of the books; false: there is none.
bool post_next(past_ledger& books, api& admin) {
  auto positions = books.next();
  if (positions.empty()) return false;
  const auto receipt = must_post(admin, std::move(positions));
  EXPECT_EQ(receipt.at("rejected").size(), books.refused_of_last()) << receipt;
  return true;
}

/// Every page of an answer: the bodies, and of the headers those that say something about them.
std::string whole_answer(api& as, const std::string& target, const char* type = "application/json") {
  static const std::regex link{"<([^>]+)>; rel=\"next\""};
  std::string all;
  int pages = 0;
  for (std::string next = target; !next.empty() && pages < 3'000; ++pages) {
    const auto answer = as.get(next, {{"Accept", type}});
    EXPECT_EQ(answer.status, 200U) << next << ": " << answer.raw.body;
    EXPECT_EQ(answer.raw.header("content-type"), type);
    all += answer.raw.body + '\n';
    for (const char* name : {"link", "complete-until", "etag", "cache-control"})
      all += name + std::string{": "} + std::string{answer.raw.header(name).value_or("")} + '\n';
    next.clear();
    std::smatch found;
    const std::string to_next{answer.raw.header("link").value_or("")};
    if (answer.body.is_object() && answer.body.value("next_cursor", json{}).is_string())
      next = target + "&cursor=" + answer.body["next_cursor"].get<std::string>();
    else if (std::regex_match(to_next, found, link))
      next = found[1];
  }
  return all;
}

struct question {
  std::string target;
  const char* type = "application/json";
};

std::vector<question> questions_about(const std::vector<std::string>& trucks, std::int64_t begin) {
  std::vector<question> all;
  const auto hours = [&](int from, int to) {
    return "&from=" + rfc3339(begin + from * hour_ms) + "&to=" + std::to_string(begin + to * hour_ms);
  };
  for (const auto& truck : trucks) {
    for (const char* type : {"application/json", "application/geo+json", "text/csv", "application/gpx+xml"}) {
      all.push_back({history_of(truck) + "?limit=1000", type});
      all.push_back({history_of(truck) + "?limit=83" + hours(3, 31), type});
      all.push_back({history_of(truck) + "?limit=41&simplify_m=30", type});
    }
    all.push_back({history_of(truck) + "?limit=1000&simplify_m=5000"});
    all.push_back({stats_of(truck) + "?limit=1000"});
    all.push_back({stats_of(truck) + "?limit=7" + hours(5, 40)});
    for (const char* zone : {"UTC", "Asia/Kolkata", "America/Los_Angeles"})
      all.push_back({stats_of(truck) + "?limit=1&granularity=day&tz=" + zone});
    all.push_back({"/v1/events?limit=23&truck_id=" + truck});
    all.push_back({"/v1/quarantine?limit=5&truck_id=" + truck});
  }
  all.push_back({"/v1/events?limit=1000"});
  all.push_back({"/v1/events?limit=31&type=geofence.*"});
  all.push_back({"/v1/events?limit=9&type=speed.violated,geofence.dwelled" + hours(10, 30)});
  all.push_back({"/v1/quarantine?limit=1000"});
  all.push_back({"/v1/quarantine?limit=3&code=timestamp_missing"});
  return all;
}

// One journal, told by one store and then by the other: so there is nothing that may differ.
TEST(PastInPostgresAndSqlite, AnswersAreTheSameToTheByte) {
  NEEDS_POSTGRES();
  const auto begin = days_ago();
  for (const unsigned seed : {1U, 2U}) {
    server s;
    const postgres_database database;
    past_ledger books{seed, begin, days};
    std::map<std::string, std::string> in_sqlite;
    std::vector<question> asked;
    {
      auto admin = s.as();
      put_fences(admin);
      while (post_next(books, admin)) {
      }
      ASSERT_TRUE(eventually([&] { return store_has_all(admin); }, std::chrono::minutes{2}));
      asked = questions_about(books.trucks(), begin);
      for (const auto& q : asked) in_sqlite[q.target + q.type] = whole_answer(admin, q.target, q.type);
    }
    s.stop();
    s.options().environment["HAULCAST_STORE__URL"] = database.connection();
    s.start();
    auto admin = s.as();
    ASSERT_TRUE(eventually([&] { return store_has_all(admin); }, std::chrono::minutes{2}));
    for (const auto& q : asked)
      EXPECT_EQ(whole_answer(admin, q.target, q.type), in_sqlite[q.target + q.type]) << q.target << " as " << q.type;
    EXPECT_NE(database.ask("SELECT count(*) FROM position"), "0;");
  }
}

class Past : public EitherStore {
 protected:
  /// Within what the test's clock says of when it was received, which is all that the books do not know.
  static json without_received_at(json item) {
    EXPECT_TRUE(item.contains("received_at")) << item;
    item.erase("received_at");
    return item;
  }
  static void expect_track(const json& items, const std::map<std::int64_t, json>& track) {
    ASSERT_EQ(items.size(), track.size());
    auto told = items.begin();
    for (const auto& each : track) EXPECT_EQ(without_received_at(*told++), each.second);
  }
};
TOLD_OF_EITHER_STORE(Past);

void expect_refusals(const json& items, const past_ledger& books) {
  ASSERT_EQ(items.size(), books.refused().size());
  auto told = items.rbegin();  // newest first
  for (const auto& r : books.refused()) {
    EXPECT_EQ(told->at("code"), r.code);
    EXPECT_EQ(told->at("index"), r.index);
    EXPECT_EQ(told->value("truck_id", ""), r.truck_id);
    EXPECT_EQ(told->at("raw"), r.raw);
    ++told;
  }
}

TEST_P(Past, HoldsWhatTheLedgerSaysAtEachMomentWhileRowsArrive) {
  server s{kept()};
  auto admin = s.as();
  past_ledger books{7, days_ago(), days};
  for (int round = 0; post_next(books, admin); ++round) {
    if (round % 60 != 0) continue;
    const auto trucks = books.trucks();
    for (std::size_t i = 0; i < trucks.size(); ++i) {
      const auto& track = books.tracks().at(trucks[i]);
      const int limit = i % 2 == 0 ? 1'000 : 97;
      expect_track(all_pages(admin, history_of(trucks[i]), limit), track);
    }
    expect_refusals(all_pages(admin, "/v1/quarantine", 100), books);
    ASSERT_FALSE(HasFailure()) << "after batch " << round;
  }
}

std::vector<json> by_time(const std::map<std::int64_t, json>& track) {
  std::vector<json> all;
  for (const auto& [at_ms, p] : track) {
    all.push_back(p);
    all.back()["timestamp"] = at_ms;
  }
  return all;
}

TEST_P(Past, FiguresAreThoseOfTheWholeLedger) {
  server s{kept()};
  auto admin = s.as();
  past_ledger books{8, days_ago(), days};
  while (post_next(books, admin)) {
  }
  for (const bool stored : {false, true}) {
    if (stored) ASSERT_TRUE(eventually([&] { return store_has_all(admin); }, std::chrono::minutes{2}));
    for (const auto& [truck, track] : books.tracks()) {
      const auto hours = by_hour(by_time(track));
      const auto told = all_pages(admin, stats_of(truck), 11);
      ASSERT_EQ(told.size(), hours.size()) << truck;
      auto item = told.begin();
      for (const auto& [hour, f] : hours) {
        EXPECT_EQ(item->at("hour"), rfc3339(hour * hour_ms));
        expect_figures(*item++, f);
      }
      const auto by_days = by_day(hours, "Europe/Zurich");
      const auto told_days = all_pages(admin, stats_of(truck) + "?granularity=day&tz=Europe/Zurich", 2);
      ASSERT_EQ(told_days.size(), by_days.size());
      item = told_days.begin();
      for (const auto& [date, f] : by_days) {
        EXPECT_EQ(item->at("day"), date);
        expect_figures(*item++, f);
      }
    }
  }
}

/// All that the journal told, up to the last event that there is: that of a truck which appears now.
std::vector<json> streamed_events(const server& s) {
  auto admin = s.as();
  must_post(admin, {driving("LAST", now_ms() - 1'000, 0)});
  stream_reader stream{s.base(), s.token(), "/v1/events/stream?after=0", "application/x-ndjson"};
  std::vector<json> all;
  while (const auto line = stream.line()) {
    all.push_back(json::parse(*line));
    if (all.back().at("subject") == "truck/LAST") return all;
  }
  ADD_FAILURE() << "the stream ended";
  return all;
}

/// Of events of one kind and truck: those that come first and those that end them, by turns.
void expect_turns(const std::vector<json>& told, const std::string& truck, const std::string& fence) {
  int inside = 0, visits = 0;
  for (const auto& e : told) {  // as it was told, which is as it happened
    if (e.at("subject") != "truck/" + truck || e.at("data").value("geofence_id", "") != fence) continue;
    const std::string type = e.at("type");
    if (type == "geofence.entered") ++inside, ++visits;
    if (type == "geofence.exited") --inside;
    EXPECT_TRUE(inside == 0 || inside == 1) << e;
  }
  EXPECT_GT(visits, 3) << truck << " in " << fence;
}

TEST_P(Past, ListsOfEventsAreWhatTheJournalToldSortedAndSifted) {
  server s{kept()};
  auto admin = s.as();
  put_fences(admin);
  const auto begin = days_ago();
  past_ledger books{10, begin, days};
  while (post_next(books, admin)) {
  }
  const auto told = streamed_events(s);
  const auto slowly = [&](const auto& fits) {
    std::vector<json> fitting;
    std::ranges::copy_if(told, std::back_inserter(fitting), fits);
    std::ranges::sort(fitting, std::greater{}, [](const json& e) {
      return std::pair{e.at("time").template get<std::string>(), e.at("id").template get<std::string>()};
    });
    return fitting;
  };
  const auto from = rfc3339(begin + 10 * hour_ms), to = rfc3339(begin + 30 * hour_ms);
  for (const bool stored : {false, true}) {
    if (stored) ASSERT_TRUE(eventually([&] { return store_has_all(admin); }, std::chrono::minutes{2}));
    EXPECT_EQ(all_pages(admin, "/v1/events", 29), slowly([](const json&) { return true; }));
    EXPECT_EQ(all_pages(admin, "/v1/events?type=geofence.*", 10),
              slowly([](const json& e) { return e.at("type").get<std::string>().starts_with("geofence."); }));
    EXPECT_EQ(all_pages(admin, "/v1/events?type=speed.violated,geofence.entered&from=" + from + "&to=" + to, 3),
              slowly([&](const json& e) {
                return (e.at("type") == "speed.violated" || e.at("type") == "geofence.entered") && e.at("time") >= from &&
                       e.at("time") <= to;
              }));
    for (const auto& truck : books.trucks())
      EXPECT_EQ(all_pages(admin, "/v1/events?truck_id=" + truck, 7),
                slowly([&](const json& e) { return e.at("subject") == "truck/" + truck; }));
    auto driver = s.as("driver", {"PAST-1", "PAST-3"});
    EXPECT_EQ(all_pages(driver, "/v1/events", 8),
              slowly([](const json& e) { return e.at("subject") == "truck/PAST-1" || e.at("subject") == "truck/PAST-3"; }));
  }
  for (const auto& truck : books.trucks()) {
    expect_turns(told, truck, "yard");
    expect_turns(told, truck, "village");
  }
}

/// One thread answers, and thirty-two wait: more who ask at once are told to come again, and nobody else notices.
TEST_P(Past, MoreQuestionsThanItsThreadsAnswerAreRefusedAndLiveGoesOn) {
  server s{kept({{"HAULCAST_STORE__QUERY_THREADS", "1"}, {"HAULCAST_LIMITS__SUBJECT_REQUESTS_PER_S", "0"}})};
  auto admin = s.as();
  const auto begin = now_ms() - 6 * hour_ms;
  constexpr int there = 4'000;
  for (int at = 0; at < there; at += 1'000) {
    std::vector<json> positions;
    for (int i = 0; i < 1'000; ++i) positions.push_back(driving("TRK-1", begin, at + i));
    must_post(admin, std::move(positions));
  }
  ASSERT_TRUE(eventually([&] { return store_has_all(admin); }, std::chrono::minutes{2}));
  const auto target = history_of("TRK-1") + "?simplify_m=100&to=" + rfc3339(begin + (there - 1) * 1000);
  const auto expected = must_get(admin, target);
  std::atomic<int> answered{0}, refused{0};
  std::atomic<bool> done{false};
  std::vector<std::thread> crowd;
  for (int i = 0; i < 48; ++i) {
    crowd.emplace_back([&, as = s.as()]() mutable {
      while (!done) {
        json_answer answer;
        try {
          answer = as.get(target);
        } catch (const std::runtime_error&) {  // on a busy machine its turn may come later than a client waits
          continue;
        }
        if (answer.status == 200) {
          EXPECT_EQ(answer.body, expected);
          ++answered;
        } else {
          expect_problem(answer, 503, "overloaded");
          ++refused;
        }
      }
    });
  }
  EXPECT_TRUE(eventually([&] { return answered > 20 && refused > 20; }, std::chrono::minutes{2}))
      << answered << " answered, " << refused << " refused";
  must_post(admin, {driving("TRK-1", begin, there)});
  EXPECT_EQ(admin.get("/v1/trucks/TRK-1/position").status, 200U);
  EXPECT_EQ(admin.get("/readyz").status, 200U);
  done = true;
  for (auto& each : crowd) each.join();
  EXPECT_GT(metric(admin.get("/metrics").raw.body, R"(haulcast_queries_refused_total{why="line_full"})").value_or(0), 0);
  EXPECT_EQ(must_get(admin, target), expected) << "and afterwards all is well";
}

TEST_P(Past, EveryFormatTellsTheSameTrack) {
  server s{kept()};
  auto admin = s.as();
  past_ledger books{9, days_ago(), 1};
  while (post_next(books, admin)) {
  }
  const auto& [truck, whole] = *books.tracks().begin();
  ASSERT_GT(whole.size(), 800U);
  const std::map track(whole.begin(), std::next(whole.begin(), 800));  // one page
  const auto target = history_of(truck) + "?limit=1000&to=" + std::to_string(track.rbegin()->first);
  const auto feature = admin.get(target, {{"Accept", "application/geo+json"}}).body;
  const auto csv = client::parse_track(admin.get(target, {{"Accept", "text/csv"}}).raw.body, "t.csv", {});
  const auto gpx =
      client::parse_track(admin.get(target, {{"Accept", "application/gpx+xml"}}).raw.body, "t.gpx", {.truck_id = truck});
  ASSERT_TRUE(csv && gpx);
  ASSERT_EQ(csv->rows.size(), track.size());
  ASSERT_EQ(gpx->rows.size(), track.size());
  const auto& line = feature.at("geometry").at("coordinates");
  ASSERT_EQ(line.size(), track.size());
  std::size_t i = 0;
  for (const auto& [at_ms, p] : track) {
    EXPECT_EQ(feature.at("properties").at("times")[i], rfc3339(at_ms));
    EXPECT_EQ(line[i][0], p.at("longitude"));
    EXPECT_EQ(line[i][1], p.at("latitude"));
    for (const auto* rows : {&csv->rows, &gpx->rows}) {
      EXPECT_EQ((*rows)[i].at_ms, at_ms);
      const auto members = json::parse("{" + (*rows)[i].members + "}");
      for (const char* name : {"latitude", "longitude", "altitude_m"})
        EXPECT_EQ(members.value(name, json{}), p.value(name, json{}));
    }
    const auto members = json::parse("{" + csv->rows[i].members + "}");
    for (const char* name : {"speed_kmh", "heading", "accuracy_m", "odometer_km", "fuel_level_pct", "battery_pct",
                             "engine_status", "trip_id", "driver_id"})
      EXPECT_EQ(members.value(name, json{}), p.value(name, json{})) << name;
    ++i;
  }
}

}  // namespace
}  // namespace haulcast::support
