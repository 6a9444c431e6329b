// GET /v1/events/stream: the events of the journal, then those that happen.
#include "integration/raw_connection.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr const char* sse = "text/event-stream";
constexpr const char* ndjson = "application/x-ndjson";

/// Each truck that appears is one truck.online.
void appear(api& as, const std::string& truck) { must_post(as, {driving(truck, now_ms() - 5000, 1)}); }

std::string truck_of(const json& event) { return event.at("data").at("truck_id"); }

json next_json(stream_reader& from) {
  const auto text = from.line();
  if (!text) {
    ADD_FAILURE() << "the stream told nothing";
    return {};
  }
  return text->empty() ? next_json(from) : json::parse(*text);
}

TEST(EventStream, AfterZeroTellsEverythingFromTheOldestAsCloudEvents) {
  server s;
  auto admin = s.as();
  appear(admin, "TRK-1");
  appear(admin, "TRK-2");
  stream_reader stream{s.base(), s.token(), "/v1/events/stream?after=0", sse};
  ASSERT_EQ(stream.status(), 200u) << stream.head();
  EXPECT_NE(stream.head().find("text/event-stream"), std::string::npos) << stream.head();
  std::string last;
  for (const char* truck : {"TRK-1", "TRK-2"}) {
    const auto told = stream.event();
    ASSERT_TRUE(told);
    EXPECT_EQ(told->at("event"), "truck.online");
    const auto event = json::parse(told->at("data"));
    EXPECT_EQ(event.at("id"), told->at("id"));
    EXPECT_EQ(event.at("specversion"), "1.0");
    EXPECT_EQ(event.at("type"), "truck.online");
    EXPECT_EQ(event.at("subject"), "truck/" + std::string{truck});
    EXPECT_EQ(event.at("datacontenttype"), "application/json");
    EXPECT_FALSE(event.at("source").get<std::string>().empty());
    EXPECT_EQ(event.at("time").get<std::string>().size(), 24u);
    EXPECT_EQ(truck_of(event), truck);
    EXPECT_EQ(event.at("data").at("position").at("truck_id"), truck);
    EXPECT_LT(last, told->at("id")) << "ids sort as text";
    if (!last.empty()) EXPECT_EQ(last.size(), told->at("id").size()) << "ids have one width";
    last = told->at("id");
  }
}

TEST(EventStream, GoesOnBehindAnIdAndThenLive) {
  server s;
  auto admin = s.as();
  for (const char* truck : {"A", "B", "C"}) appear(admin, truck);
  stream_reader first{s.base(), s.token(), "/v1/events/stream?after=0", ndjson};
  EXPECT_NE(first.head().find(ndjson), std::string::npos) << first.head();
  const std::string id = next_json(first).at("id");
  stream_reader second{s.base(), s.token(), "/v1/events/stream?after=" + id, ndjson};
  EXPECT_EQ(truck_of(next_json(second)), "B");
  EXPECT_EQ(truck_of(next_json(second)), "C");
  EXPECT_FALSE(second.line(200ms));
  appear(admin, "D");
  EXPECT_EQ(truck_of(next_json(second)), "D");
}

TEST(EventStream, LastEventIdSaysWhereAReconnectingClientWas) {
  server s;
  auto admin = s.as();
  for (const char* truck : {"A", "B", "C"}) appear(admin, truck);
  stream_reader first{s.base(), s.token(), "/v1/events/stream?after=0", sse};
  first.event();
  const auto second = first.event();
  ASSERT_TRUE(second);
  stream_reader again{s.base(), s.token(), "/v1/events/stream?after=0", sse, "Last-Event-ID: " + second->at("id") + "\r\n"};
  const auto told = again.event();
  ASSERT_TRUE(told);
  EXPECT_EQ(truck_of(json::parse(told->at("data"))), "C");
}

TEST(EventStream, WithoutAfterItBeginsNow) {
  server s;
  auto admin = s.as();
  appear(admin, "BEFORE");
  stream_reader stream{s.base(), s.token(), "/v1/events/stream", sse};
  ASSERT_EQ(stream.status(), 200u);
  appear(admin, "AFTER");
  const auto told = stream.event();
  ASSERT_TRUE(told);
  EXPECT_EQ(truck_of(json::parse(told->at("data"))), "AFTER");
}

TEST(EventStream, TellsOnlyTheTypesAskedFor) {
  server s({.environment = {{"HAULCAST_ENGINE__OFFLINE_AFTER_S", "1"}}});
  auto admin = s.as();
  appear(admin, "TRK-1");
  stream_reader offline{s.base(), s.token(), "/v1/events/stream?after=0&type=truck.offline", ndjson};
  const auto event = next_json(offline);
  EXPECT_EQ(event.at("type"), "truck.offline");
  EXPECT_EQ(truck_of(event), "TRK-1");
  stream_reader both{s.base(), s.token(), "/v1/events/stream?after=0&type=stop.started,truck.*", ndjson};
  EXPECT_EQ(next_json(both).at("type"), "truck.online");
  EXPECT_EQ(next_json(both).at("type"), "truck.offline");
}

TEST(EventStream, EachCallerGetsTheEventsOfTheTrucksItMaySee) {
  server s;
  auto admin = s.as();
  stream_reader driver{s.base(), s.token("driver", {"B"}), "/v1/events/stream?after=0", ndjson};
  stream_reader customer{s.base(), token_of("customer"), "/v1/events/stream?after=0", ndjson};
  for (const char* truck : {"A", "B", "C"}) appear(admin, truck);
  EXPECT_EQ(truck_of(next_json(driver)), "B");
  EXPECT_FALSE(driver.line(200ms));
  EXPECT_FALSE(customer.line(10ms));
}

TEST(EventStream, RefusesWhatItCannotGive) {
  server s;
  auto admin = s.as();
  expect_problem(admin.get("/v1/events/stream?after=x"), 422, "parameter_invalid");
  expect_problem(admin.get("/v1/events/stream?colour=red"), 422, "parameter_invalid");
  expect_problem(admin.get("/v1/events/stream", {{"Accept", "text/html"}}), 406, "not_acceptable");
}

TEST(EventStream, GoesOnAcrossARestartWithoutGapOrRepeat) {
  server s;
  std::string id;
  {
    auto admin = s.as();
    appear(admin, "A");
    stream_reader stream{s.base(), s.token(), "/v1/events/stream?after=0", ndjson};
    id = next_json(stream).at("id");
    appear(admin, "B");
  }
  s.restart();
  stream_reader stream{s.base(), s.token(), "/v1/events/stream?after=" + id, ndjson};
  EXPECT_EQ(truck_of(next_json(stream)), "B");
  auto admin = s.as();
  appear(admin, "C");
  EXPECT_EQ(truck_of(next_json(stream)), "C");
}

TEST(EventStream, AnIdThatTheJournalNoLongerHoldsIs410WithTheOldest) {
  server s({.environment = {{"HAULCAST_JOURNAL__MAX_BYTES", "4 MiB"},
                            {"HAULCAST_JOURNAL__SEGMENT_BYTES", "1 MiB"},
                            {"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "1"}}});
  auto admin = s.as();
  appear(admin, "FIRST");
  std::string id;
  {
    stream_reader stream{s.base(), s.token(), "/v1/events/stream?after=0", ndjson};
    id = next_json(stream).at("id");
  }
  // Bulky positions, until the journal must let go of its oldest file.
  int step = 0;
  const auto dropped = [&] {
    std::vector<json> positions;
    for (int i = 0; i < 500; ++i) {
      positions.push_back(driving("BULK", now_ms() - 3'600'000, ++step % 3000));
      positions.back()["timestamp"] = now_ms() - 3'600'000 + step;
      positions.back()["latitude"] = 47.0;
      positions.back()["attributes"] = {{"bulk", noise(900, static_cast<unsigned>(step))}};
    }
    admin.post("/v1/positions", batch(positions));
    return metric(admin.get("/metrics").raw.body, "haulcast_journal_first_offset").value_or(0) > 3;
  };
  ASSERT_TRUE(eventually(dropped, 60s));
  const auto gone = admin.get("/v1/events/stream?after=" + id);
  expect_problem(gone, 410, "offset_expired");
  const std::string detail = gone.body.value("detail", "");
  EXPECT_NE(detail.find(id.substr(0, 4)), std::string::npos) << "names the oldest id: " << detail;
  stream_reader oldest{s.base(), s.token(), "/v1/events/stream?after=0", ndjson};
  EXPECT_EQ(oldest.status(), 200u);
}

}  // namespace
}  // namespace haulcast::support
