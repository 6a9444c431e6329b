#include "haulcast/wire/truck_query.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using haulcast::wire::parse_truck_query;
using ids = std::vector<std::string>;

std::string refusal(std::string_view body) {
  const auto parsed = parse_truck_query(body, 3);
  return parsed ? "taken" : std::string{parsed.error().code} + " " + parsed.error().pointer;
}

TEST(TruckQuery, GivesTheIdsInTheOrderSent) {
  EXPECT_EQ(parse_truck_query(R"({"truck_ids": ["B", "A", "B"]})", 3).value(), (ids{"B", "A", "B"}));
  EXPECT_EQ(parse_truck_query(R"({"truck_ids": ["A"]})", 3).value(), ids{"A"});
}

TEST(TruckQuery, RefusesEachFaultByItsCodeAndPlace) {
  EXPECT_EQ(refusal("{"), "malformed_json ");
  EXPECT_EQ(refusal(""), "malformed_json ");
  EXPECT_EQ(refusal(R"({"truck_ids": ["A"]} x)"), "malformed_json ");
  EXPECT_EQ(refusal(std::string(100, '[') + std::string(100, ']')), "malformed_json ");
  EXPECT_EQ(refusal("[]"), "field_type_invalid ");
  EXPECT_EQ(refusal("{}"), "member_missing /truck_ids");
  EXPECT_EQ(refusal(R"({"truck_ids": "A"})"), "field_type_invalid /truck_ids");
  EXPECT_EQ(refusal(R"({"truck_ids": []})"), "field_invalid /truck_ids");
  EXPECT_EQ(refusal(R"({"truck_ids": ["A", 1]})"), "field_type_invalid /truck_ids/1");
  EXPECT_EQ(refusal(R"({"truck_ids": ["A", "a b"]})"), "field_invalid /truck_ids/1");
  EXPECT_EQ(refusal(R"({"truck_ids": ["A", "B", "C", "D"]})"), "field_invalid /truck_ids");
  EXPECT_EQ(refusal(R"({"truck_ids": ["A"], "truck_ids": ["B"]})"), "duplicate_key /truck_ids");
  EXPECT_EQ(refusal(R"({"truckids": ["A"]})"), "unknown_member /truckids");
  EXPECT_EQ(refusal(R"({"a/b~c": 1})"), "unknown_member /a~1b~0c");
}

TEST(TruckQuery, SaysWhatWasProbablyMeant) {
  EXPECT_NE(parse_truck_query(R"({"truckids": ["A"]})", 3).error().detail.find("Did you mean \"truck_ids\"?"),
            std::string::npos);
}

}  // namespace
