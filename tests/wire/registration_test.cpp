#include "haulcast/wire/registration.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace haulcast::wire {
namespace {

engine::registration read(std::string_view body) { return parse_registration(body, "TRK-1").value(); }

/// "code pointer", or "taken".
std::string refused(std::string_view body) {
  const auto got = parse_registration(body, "TRK-1");
  if (got) return "taken";
  EXPECT_FALSE(got.error().detail.empty());
  return std::string{got.error().code} + " " + got.error().pointer;
}

std::string shown(const engine::registration& said) {
  std::string out;
  append_registration_members(out, said);
  return out;
}

TEST(Registration, GoesOutAsItCameIn) {
  const auto said = read(R"({"truck_id":"TRK-1","attributes":{"axles":5,"reefer":true,"note":"\u00fc\"","none":null,"t":-18.5},
                             "weight_kg":40000,"height_m":4,"width_m":2.55,"length_m":16.5,"max_speed_kmh":89.5,
                             "plate":"ZH 123456","name":"Zürich Express"})");
  EXPECT_EQ(shown(said),
            R"(,"name":"Zürich Express","plate":"ZH 123456","max_speed_kmh":89.5,"length_m":16.5,"width_m":2.55,"height_m":4,)"
            R"("weight_kg":40000,"attributes":{"axles":5,"reefer":true,"note":"ü\"","none":null,"t":-18.5})");
  EXPECT_EQ(said.version, 0u);
}

TEST(Registration, SaysNothingOfWhatIsNullOrNotThere) {
  const auto said = read(R"({"name":null,"max_speed_kmh":null,"attributes":null,"truck_id":null})");
  EXPECT_EQ(shown(said), "");
  EXPECT_TRUE(std::isnan(said.max_speed_kmh));
  EXPECT_TRUE(same(said, read("{}")));
}

TEST(Registration, IsStrictAboutItsMembers) {
  EXPECT_EQ(refused(R"({"nam":"x"})"), "unknown_member /nam");
  EXPECT_EQ(refused(R"({"status":"moving"})"), "unknown_member /status");
  EXPECT_EQ(refused(R"({"a/b~":1})"), "unknown_member /a~1b~0");
  EXPECT_EQ(refused(R"({"name":"x","name":"x"})"), "duplicate_key /name");
  EXPECT_EQ(refused(R"({"name":null,"name":"x"})"), "duplicate_key /name");
  EXPECT_EQ(refused(R"({"n\u0061me":"x","name":"x"})"), "duplicate_key /name");
  EXPECT_EQ(refused(R"({"truck_id":"TRK-2"})"), "field_invalid /truck_id");
  EXPECT_EQ(refused(R"({"truck_id":7})"), "field_type_invalid /truck_id");
  const auto near = parse_registration(R"({"max_sped_kmh":80})", "TRK-1");
  ASSERT_FALSE(near);
  EXPECT_NE(near.error().detail.find("Did you mean \"max_speed_kmh\"?"), std::string::npos) << near.error().detail;
}

TEST(Registration, HasRanges) {
  for (const auto* good : {R"({"max_speed_kmh":1})", R"({"max_speed_kmh":400})", R"({"length_m":0.1})", R"({"length_m":100})",
                           R"({"weight_kg":1000000})", R"({"weight_kg":1e3})"}) {
    EXPECT_EQ(refused(good), "taken") << good;
  }
  EXPECT_EQ(refused(R"({"max_speed_kmh":0.9})"), "field_invalid /max_speed_kmh");
  EXPECT_EQ(refused(R"({"max_speed_kmh":401})"), "field_invalid /max_speed_kmh");
  EXPECT_EQ(refused(R"({"max_speed_kmh":"80"})"), "field_type_invalid /max_speed_kmh");
  EXPECT_EQ(refused(R"({"length_m":0})"), "field_invalid /length_m");
  EXPECT_EQ(refused(R"({"width_m":255})"), "field_invalid /width_m");
  EXPECT_EQ(refused(R"({"height_m":-4})"), "field_invalid /height_m");
  EXPECT_EQ(refused(R"({"weight_kg":1000001})"), "field_invalid /weight_kg");
  EXPECT_EQ(refused(R"({"weight_kg":true})"), "field_type_invalid /weight_kg");
}

TEST(Registration, TakesTextsThatCanBeShown) {
  const auto named = [](std::string text) { return refused(R"({"name":")" + text + "\"}"); };
  EXPECT_EQ(named(std::string(128, 'x')), "taken");
  EXPECT_EQ(named(std::string(129, 'x')), "field_invalid /name");
  EXPECT_EQ(named(""), "field_invalid /name");
  EXPECT_EQ(named("\\u0000"), "field_invalid /name");
  EXPECT_EQ(named("a\\nb"), "field_invalid /name");
  EXPECT_EQ(named("\\u007f"), "field_invalid /name");
  EXPECT_EQ(named("\\u0085"), "field_invalid /name");
  EXPECT_EQ(named("\xff"), "malformed_json ");
  EXPECT_EQ(named("\\ud800"), "malformed_json ");
  EXPECT_EQ(refused(R"({"plate":7})"), "field_type_invalid /plate");
}

TEST(Registration, TakesFlatAttributes) {
  std::string sixteen = R"({"attributes":{"k0":0)";
  for (int i = 1; i < 16; ++i) sixteen += ",\"k" + std::to_string(i) + "\":1";
  EXPECT_EQ(refused(sixteen + "}}"), "taken");
  EXPECT_EQ(refused(sixteen + ",\"k16\":1}}"), "field_invalid /attributes");
  EXPECT_EQ(refused(R"({"attributes":{"a":[]}})"), "field_invalid /attributes");
  EXPECT_EQ(refused(R"({"attributes":{"a":{}}})"), "field_invalid /attributes");
  EXPECT_EQ(refused(R"({"attributes":{"a":1,"a":2}})"), "field_invalid /attributes");
  EXPECT_EQ(refused(R"({"attributes":{"a\u0000":1}})"), "field_invalid /attributes");
  EXPECT_EQ(refused(R"({"attributes":{"a":"\u0001"}})"), "field_invalid /attributes");
  EXPECT_EQ(refused(R"({"attributes":{"a":")" + std::string(1024, 'x') + "\"}}"), "field_invalid /attributes");
  EXPECT_EQ(refused(R"({"attributes":[1]})"), "field_type_invalid /attributes");
  EXPECT_EQ(shown(read(R"({"attributes":{}})")), R"(,"attributes":{})");
}

TEST(Registration, IsOneJsonObject) {
  for (const auto* bad :
       {"", " ", "{", "{}{}", "{\"name\":}", "nul", "{'name':1}", "{\"name\":\"x\",}", "{\"weight_kg\":1e999}"}) {
    EXPECT_EQ(refused(bad), "malformed_json ") << bad;
  }
  EXPECT_EQ(refused("[]"), "field_type_invalid ");
  EXPECT_EQ(refused("7"), "field_type_invalid ");
  const auto nested = [](std::size_t levels) {
    return "{\"attributes\":" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  EXPECT_EQ(refused(nested(15)), "field_type_invalid /attributes");
  EXPECT_EQ(refused(nested(16)), "malformed_json ");
  EXPECT_EQ(refused(nested(5'000)), "malformed_json ");
}

}  // namespace
}  // namespace haulcast::wire
