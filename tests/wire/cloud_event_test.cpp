#include "haulcast/wire/cloud_event.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace haulcast::wire {
namespace {

using namespace std::chrono_literals;

const utc_time morning{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20} + 5h + 45min + 123ms};
constexpr engine::event_id id{.offset = 42, .index = 7};

std::string written(const engine::event& e, std::string_view source = "urn:haulcast:journal:1f") {
  std::string out;
  append_cloud_event(out, e, id, source);
  return out;
}

TEST(CloudEvent, CarriesTheTruckAndItsPosition) {
  engine::event e{.type = engine::event_type::truck_offline, .time = morning, .truck_id = "TRK-1", .where = {}};
  engine::position seen;
  seen.timestamp = morning - 10min;
  seen.point = {.latitude = 47.3769, .longitude = 8.5417};
  e.where.emplace(seen);
  EXPECT_EQ(written(e),
            R"({"specversion":"1.0","id":"0000000000000042-00007","source":"urn:haulcast:journal:1f","type":"truck.offline",)"
            R"("subject":"truck/TRK-1","time":"2026-11-20T05:45:00.123Z","datacontenttype":"application/json",)"
            R"("data":{"truck_id":"TRK-1","position":{"truck_id":"TRK-1","timestamp":"2026-11-20T05:35:00.123Z",)"
            R"("latitude":47.3769,"longitude":8.5417}}})");
}

TEST(CloudEvent, ATruckThatNeverSentAPositionHasNone) {
  const engine::event e{.type = engine::event_type::truck_online, .time = morning, .truck_id = "TRK-1", .where = {}};
  EXPECT_EQ(written(e),
            R"({"specversion":"1.0","id":"0000000000000042-00007","source":"urn:haulcast:journal:1f","type":"truck.online",)"
            R"("subject":"truck/TRK-1","time":"2026-11-20T05:45:00.123Z","datacontenttype":"application/json",)"
            R"("data":{"truck_id":"TRK-1"}})");
}

TEST(CloudEvent, NamesTheGeofenceThatItIsAbout) {
  engine::event e{.type = engine::event_type::geofence_exited, .time = morning, .truck_id = "TRK-1", .where = {}};
  e.fence = engine::fence_facts{"depot", "Main \"Depot\"", engine::exit_reason::deleted};
  EXPECT_NE(written(e).find(R"("type":"geofence.exited","subject":"truck/TRK-1")"), std::string::npos);
  EXPECT_NE(written(e).find(
                R"("data":{"truck_id":"TRK-1","geofence_id":"depot","geofence_name":"Main \"Depot\"","reason":"deleted"})"),
            std::string::npos);
  e.type = engine::event_type::speed_violated;
  e.fence = engine::fence_facts{"depot", "", engine::exit_reason::none, 30.5};
  EXPECT_NE(written(e).find(R"("data":{"truck_id":"TRK-1","geofence_id":"depot","speed_limit_kmh":30.5})"), std::string::npos);
}

TEST(CloudEvent, LateAndInterpolatedAreSaidOnlyWhenTrue) {
  engine::event e{.type = engine::event_type::truck_online, .time = morning, .truck_id = "TRK-1", .where = {}};
  e.late = true;
  EXPECT_NE(written(e).find(R"("data":{"truck_id":"TRK-1","late":true})"), std::string::npos);
  e.interpolated = true;
  EXPECT_NE(written(e).find(R"("data":{"truck_id":"TRK-1","late":true,"interpolated":true})"), std::string::npos);
  e.late = false;
  EXPECT_NE(written(e).find(R"("data":{"truck_id":"TRK-1","interpolated":true})"), std::string::npos);
}

TEST(CloudEvent, WithoutATruckThereIsNeitherSubjectNorTruckId) {
  const std::string out = written({.type = engine::event_type::truck_online, .time = morning, .truck_id = {}, .where = {}});
  EXPECT_EQ(out.find("subject"), std::string::npos);
  EXPECT_NE(out.find(R"("data":{}})"), std::string::npos);
}

TEST(CloudEvent, AnOddSourceIsEscaped) {
  const engine::event e{.type = engine::event_type::truck_online, .time = morning, .truck_id = "TRK-1", .where = {}};
  EXPECT_NE(written(e, "a\"b").find(R"("source":"a\"b",)"), std::string::npos);
}

}  // namespace
}  // namespace haulcast::wire
