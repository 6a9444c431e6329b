// The grammar of JSON over HTTP: what is none is 400 and stores nothing; what is some is judged as positions.
#include <gtest/gtest.h>

#include "integration/story.hpp"
#include "wire/json_cases.hpp"

namespace haulcast::support {
namespace {

namespace cases = wire::json_cases;
using cases::json_case;

/// A batch of one good position that has the text in a member nobody reads.
std::string around(std::string_view truck, const std::string& text) {
  std::string body = batch({driving(truck, now_ms() - 60'000, 1)}).dump();
  return body.insert(body.size() - 3, ",\"x\":" + text);
}

TEST(JsonBodies, WhatIsJsonIsTakenAndWhatIsNoneIsToldAsSuch) {
  server s;
  auto api = s.as();
  int number = 0;
  const auto taken = [&](const std::vector<json_case>& all) {
    for (const json_case& c : all) {
      if (c.text.size() > 500'000) continue;
      const auto truck = "TRK-" + std::to_string(++number);
      const auto answer = api.post_text("/v1/positions", around(truck, c.text));
      EXPECT_EQ(answer.status, 200U) << c.name;
      EXPECT_EQ(answer.body.value("accepted", 0), 1) << c.name << answer.body;
      EXPECT_EQ(api.get("/v1/trucks/" + truck).status, 200U) << c.name;
    }
  };
  const auto refused = [&](const std::vector<json_case>& all) {
    for (const json_case& c : all) {
      const auto truck = "TRK-" + std::to_string(++number);
      expect_problem(api.post_text("/v1/positions", around(truck, c.text)), 400, "malformed_json");
      expect_problem(api.post_text("/v1/positions", c.text), 400, "malformed_json");
      if (c.text.size() < 30'000) expect_problem(api.post_text("/v1/positions/query", c.text), 400, "malformed_json");
      EXPECT_EQ(api.get("/v1/trucks/" + truck).status, 404U) << c.name;
    }
  };
  taken(cases::must_accept());
  taken(cases::free_accepted());
  refused(cases::must_refuse());
  refused(cases::free_refused());
}

TEST(JsonBodies, ValuesOfEachClassAreJudgedAsTheContractSays) {
  server s;
  auto api = s.as();
  const auto sent = [&](const std::string& member, const std::string& value) {
    auto position = driving("TRK-1", now_ms() - 60'000, 1);
    position.erase(member);
    std::string body = batch({position}).dump();
    return api.post_text("/v1/positions", body.insert(body.size() - 3, ",\"" + member + "\":" + value));
  };
  const std::vector<std::array<std::string, 3>> rejected{
      {"truck_id", "null", "truck_id_missing"},
      {"truck_id", R"("\u0000")", "truck_id_invalid"},
      {"truck_id", "7", "field_type_invalid"},
      {"timestamp", R"("yesterday")", "timestamp_invalid"},
      {"timestamp", "4102444800000", "timestamp_in_future"},
      {"timestamp", "0", "timestamp_too_old"},
      {"latitude", "90.1", "latitude_out_of_range"},
      {"latitude", R"("47")", "field_type_invalid"},
      {"longitude", "123456789012345678901234567890", "longitude_out_of_range"},
      {"speed_kmh", "-0.5", "speed_out_of_range"},
      {"heading", "361", "heading_out_of_range"},
      {"accuracy_m", "1e300", "accuracy_out_of_range"},
      {"altitude_m", "-1000.5", "altitude_out_of_range"},
      {"odometer_km", "-1", "odometer_out_of_range"},
      {"fuel_level_pct", "-1", "fuel_level_out_of_range"},
      {"battery_pct", "101", "battery_out_of_range"},
      {"trip_id", R"("a b")", "trip_id_invalid"},
      {"driver_id", R"("")", "driver_id_invalid"},
      {"engine_status", R"("\n")", "engine_status_invalid"},
      {"attributes", R"({"a":[]})", "attributes_invalid"},
  };
  for (const auto& [member, value, code] : rejected) {
    const auto answer = sent(member, value);
    ASSERT_EQ(answer.status, 200U) << member << ' ' << value;
    EXPECT_EQ(answer.body.at("accepted"), 0);
    EXPECT_EQ(answer.body.at("rejected").at(0).at("code"), code) << member << ' ' << value;
  }
  for (const std::string value : {"1e999", "NaN", "Infinity", "-Infinity", "01", "+1", "\"\xFF\"", R"("\uD800")"}) {
    expect_problem(sent("latitude", value), 400, "malformed_json");
    expect_problem(sent("trip_id", value), 400, "malformed_json");
  }
}

}  // namespace
}  // namespace haulcast::support
