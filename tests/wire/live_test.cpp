#include "haulcast/wire/live.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "haulcast/wire/json_out.hpp"

namespace haulcast::wire {
namespace {

constexpr std::size_t interests = 10;
using texts = std::vector<std::string>;

subscribe_command subscribe(std::string_view frame) {
  return std::get<subscribe_command>(parse_live_command(frame, interests).value());
}

unsubscribe_command unsubscribe(std::string_view frame) {
  return std::get<unsubscribe_command>(parse_live_command(frame, interests).value());
}

std::string refused(std::string_view frame) {
  const auto parsed = parse_live_command(frame, interests);
  return parsed ? "accepted" : std::string{parsed.error().code};
}

std::string detail(std::string_view frame) {
  const auto parsed = parse_live_command(frame, interests);
  return parsed ? "accepted" : parsed.error().detail;
}

/// A subscribe frame with these members.
std::string with(std::string_view members) { return R"({"type":"subscribe",)" + std::string{members} + "}"; }

std::string ids(std::size_t count) {
  std::string list = "[";
  for (std::size_t i = 0; i < count; ++i) list += (i == 0 ? "\"T-" : ",\"T-") + std::to_string(i) + "\"";
  return list + "]";
}

TEST(LiveCommand, ASubscribeCarriesAllItsMembers) {
  const auto command = subscribe(
      R"( {"trucks": ["TRK-1", "TRK-2"], "deliveries": ["D-1"], "bbox": [8, 47.1, 9, 48], "all": true,
           "events": ["geofence.*", "truck.online"], "max_rate_hz": 2, "since": "0000000000000042-00007", "type": "subscribe"} )");
  EXPECT_EQ(command.trucks, (texts{"TRK-1", "TRK-2"}));
  EXPECT_EQ(command.deliveries, texts{"D-1"});
  EXPECT_EQ(command.bbox, (geo::bbox{.west = 8, .south = 47.1, .east = 9, .north = 48}));
  EXPECT_TRUE(command.all);
  EXPECT_EQ(command.events, (texts{"geofence.*", "truck.online"}));
  EXPECT_EQ(command.max_rate_hz, 2);
  EXPECT_EQ(command.since, (engine::event_id{.offset = 42, .index = 7}));
}

TEST(LiveCommand, WhatIsNotGivenStaysEmptyAndNullIsNotGiven) {
  for (const std::string& frame :
       {std::string{R"({"type":"subscribe"})"},
        with(R"("trucks":null,"deliveries":null,"bbox":null,"all":null,"events":null,"max_rate_hz":null,"since":null)")}) {
    const auto command = subscribe(frame);
    EXPECT_TRUE(command.trucks.empty() && command.deliveries.empty() && command.events.empty());
    EXPECT_FALSE(command.bbox || command.all || command.max_rate_hz || command.since);
  }
}

TEST(LiveCommand, WhatNarrowsMayComeWithoutAnInterest) {
  EXPECT_EQ(subscribe(with(R"("max_rate_hz":0.5)")).max_rate_hz, 0.5);
  EXPECT_EQ(subscribe(with(R"("since":"0")")).since, engine::event_id{});
}

TEST(LiveCommand, AnUnsubscribeCarriesAllItsMembers) {
  const auto command = unsubscribe(R"({"type":"unsubscribe","trucks":["T"],"deliveries":["D"],"bbox":true,"all":false})");
  EXPECT_EQ(command.trucks, texts{"T"});
  EXPECT_EQ(command.deliveries, texts{"D"});
  EXPECT_TRUE(command.bbox);
  EXPECT_FALSE(command.all);
  EXPECT_EQ(refused(R"({"type":"unsubscribe","bbox":[1,2,3,4]})"), "field_type_invalid");
  EXPECT_EQ(refused(R"({"type":"unsubscribe","since":"0"})"), "unknown_member");
}

TEST(LiveCommand, APingIsAPing) {
  EXPECT_TRUE(std::holds_alternative<ping_command>(parse_live_command(R"({"type":"ping"})", 0).value()));
  EXPECT_EQ(refused(R"({"type":"ping","id":1})"), "unknown_member");
}

TEST(LiveCommand, WhatIsNoJsonIsMalformed) {
  for (const std::string_view frame :
       {"", " ", "{", "}", "nonsense", R"({"type":"ping"} x)", R"({"type":"ping"}{"type":"ping"})", R"({"type":"ping",})",
        R"({'type':'ping'})", "{\"type\":\"pi\xff\"}", R"({"type":"\ud800"})", R"({"type":"subscribe","max_rate_hz":1e999})",
        R"({"type":"subscribe","max_rate_hz":01})", "{\"type\":\"pi\nng\"}"}) {
    EXPECT_EQ(refused(frame), "malformed_json") << frame;
  }
}

TEST(LiveCommand, AnythingButAnObjectIsRefused) {
  for (const std::string_view frame : {"[]", "1", "null", "\"ping\"", "true"}) EXPECT_EQ(refused(frame), "frame_not_an_object");
}

TEST(LiveCommand, SixteenLevelsAreReadAndSeventeenAreNot) {
  const auto nested = [](std::size_t levels) {  // the frame's own braces are the first
    return R"({"type":"subscribe","trucks":)" + std::string(levels - 1, '[') + "1" + std::string(levels - 1, ']') + "}";
  };
  EXPECT_EQ(refused(nested(16)), "field_type_invalid");
  EXPECT_EQ(refused(nested(17)), "malformed_json");
  EXPECT_EQ(refused(std::string(65536, '[')), "malformed_json");
  EXPECT_EQ(refused(nested(30'000)), "malformed_json");
}

TEST(LiveCommand, TheTypeIsOneOfThree) {
  EXPECT_EQ(refused("{}"), "type_missing");
  EXPECT_EQ(refused(R"({"type":null})"), "type_missing");
  EXPECT_EQ(refused(R"({"type":1})"), "field_type_invalid");
  EXPECT_EQ(refused(R"({"type":"Ping"})"), "unknown_type");
  EXPECT_NE(detail(R"({"type":"subscribed"})").find(R"(Did you mean "subscribe"?)"), std::string::npos);
  EXPECT_NE(detail(R"({"type":"pin"})").find(R"(Did you mean "ping"?)"), std::string::npos);
  EXPECT_EQ(detail(R"({"type":"xxng"})").find("Did you mean"), std::string::npos) << "half of it is different";
}

TEST(LiveCommand, AnUnknownMemberIsNamedAndANearNameOffered) {
  EXPECT_EQ(refused(with(R"("truck":["T"])")), "unknown_member");
  EXPECT_EQ(detail(with(R"("truck":["T"])")), R"("truck" is not known here. Did you mean "trucks"?)");
  EXPECT_EQ(detail(with(R"("maxRateHz":2)")), R"("maxRateHz" is not known here.)");
  EXPECT_EQ(detail(with(R"("max_rate_khz":2)")), R"("max_rate_khz" is not known here. Did you mean "max_rate_hz"?)");
  EXPECT_EQ(detail(with(R"("colour":"red")")), R"("colour" is not known here.)");
}

TEST(LiveCommand, AMemberGivenTwiceIsRefused) {
  EXPECT_EQ(refused(with(R"("all":false,"all":false)")), "duplicate_key");
  EXPECT_EQ(refused(R"({"type":"ping","type":"ping"})"), "duplicate_key");
  EXPECT_EQ(refused(with(R"("all":false,"\u0061ll":false)")), "duplicate_key");
}

TEST(LiveCommand, IdsFollowTheRule) {
  EXPECT_EQ(subscribe(with(R"("trucks":["AZaz09._:-"])")).trucks, texts{"AZaz09._:-"});
  EXPECT_EQ(subscribe(with("\"trucks\":[\"" + std::string(128, 'a') + "\"]")).trucks.front().size(), 128U);
  EXPECT_EQ(refused(with("\"trucks\":[\"" + std::string(129, 'a') + "\"]")), "truck_id_invalid");
  EXPECT_EQ(refused(with(R"("trucks":[""])")), "truck_id_invalid");
  EXPECT_EQ(refused(with(R"("trucks":["T 1"])")), "truck_id_invalid");
  EXPECT_EQ(refused(with(R"("trucks":["T\u0000"])")), "truck_id_invalid");
  EXPECT_EQ(refused(with(R"("deliveries":["Zürich"])")), "delivery_id_invalid");
  EXPECT_EQ(refused(with(R"("trucks":"T")")), "field_type_invalid");
  EXPECT_EQ(refused(with(R"("trucks":[1])")), "field_type_invalid");
  EXPECT_TRUE(subscribe(with(R"("trucks":[])")).trucks.empty());
}

TEST(LiveCommand, OneFrameMayNameAsManyInterestsAsAllowedAndNoMore) {
  EXPECT_EQ(subscribe(with("\"trucks\":" + ids(interests))).trucks.size(), interests);
  EXPECT_EQ(refused(with("\"trucks\":" + ids(interests + 1))), "too_many_interests");
  EXPECT_EQ(refused(with("\"trucks\":" + ids(interests) + R"(,"deliveries":["D"])")), "too_many_interests");
  EXPECT_EQ(refused(with("\"trucks\":" + ids(interests) + R"(,"bbox":[1,2,3,4])")), "too_many_interests");
  EXPECT_EQ(refused(with("\"trucks\":" + ids(interests) + R"(,"all":true)")), "too_many_interests");
  EXPECT_TRUE(subscribe(with("\"trucks\":" + ids(interests - 2) + R"(,"all":true,"bbox":[1,2,3,4])")).all);
}

TEST(LiveCommand, ABoxLiesOnTheMap) {
  EXPECT_TRUE(subscribe(with(R"("bbox":[-180,-90,180,90])")).bbox);
  EXPECT_TRUE(subscribe(with(R"("bbox":[170,-10,-170,-10])")).bbox) << "across the antimeridian, and no taller than a line";
  for (const std::string_view box :
       {"[-180.1,0,0,1]", "[0,-90.1,1,1]", "[0,0,180.1,1]", "[0,0,1,90.1]", "[0,2,1,1]", "[]", "[1,2,3]", "[1,2,3,4,5]"}) {
    EXPECT_EQ(refused(with("\"bbox\":" + std::string{box})), "bbox_invalid") << box;
  }
  for (const std::string_view box : {"true", "{}", R"(["1",2,3,4])", "[null,2,3,4]", "[[],2,3,4]"}) {
    EXPECT_EQ(refused(with("\"bbox\":" + std::string{box})), "field_type_invalid") << box;
  }
}

TEST(LiveCommand, TheRateHasBounds) {
  EXPECT_EQ(subscribe(with(R"("max_rate_hz":0.01)")).max_rate_hz, 0.01);
  EXPECT_EQ(subscribe(with(R"("max_rate_hz":50)")).max_rate_hz, 50);
  for (const std::string_view rate : {"0.0099", "50.01", "0", "-1", "1e300"}) {
    EXPECT_EQ(refused(with("\"max_rate_hz\":" + std::string{rate})), "max_rate_out_of_range") << rate;
  }
  EXPECT_EQ(refused(with(R"("max_rate_hz":"2")")), "field_type_invalid");
}

TEST(LiveCommand, SinceIsTheIdOfAnEvent) {
  for (const std::string_view since : {"", "1", "42-7", "0000000000000042-0000x", "0000000000000042-000071", "latest"}) {
    EXPECT_EQ(refused(with("\"since\":\"" + std::string{since} + "\"")), "since_invalid") << since;
  }
  EXPECT_EQ(refused(with(R"("since":0)")), "field_type_invalid");
}

TEST(LiveCommand, EventsAreTypesPrefixesOrAStar) {
  EXPECT_EQ(subscribe(with(R"("events":["*","stop.started","truck.*","a.b_2.*"])")).events.size(), 4U);
  for (const std::string_view pattern : {"", ".", ".*", "**", "geofence*", "geofence.", ".geofence", "a..b", "a.*.b",
                                         "*.entered", "Geofence.entered", "geofence entered"}) {
    EXPECT_EQ(refused(with("\"events\":[\"" + std::string{pattern} + "\"]")), "events_invalid") << pattern;
  }
  EXPECT_EQ(refused(with(R"("events":[])")), "events_invalid");
  EXPECT_EQ(refused(with(R"("events":"*")")), "field_type_invalid");
  EXPECT_EQ(refused(with(R"("events":[1])")), "field_type_invalid");
}

TEST(LiveCommand, EventPatternsAreBounded) {
  const auto pattern = [](std::size_t size) { return with("\"events\":[\"" + std::string(size, 'a') + "\"]"); };
  EXPECT_EQ(refused(pattern(event_pattern_bytes_most)), "accepted");
  EXPECT_EQ(refused(pattern(event_pattern_bytes_most + 1)), "events_invalid");
  const auto patterns = [](std::size_t count) {
    std::string list = "\"*\"";
    for (std::size_t i = 1; i < count; ++i) list += ",\"*\"";
    return with("\"events\":[" + list + "]");
  };
  EXPECT_EQ(refused(patterns(event_patterns_most)), "accepted");
  EXPECT_EQ(refused(patterns(event_patterns_most + 1)), "events_invalid");
}

TEST(LiveCommand, ADetailQuotesLittleAndNothingThatHarmsATerminal) {
  EXPECT_EQ(detail(with(R"("a\u001b[31m":1)")), R"("a?[31m" is not known here.)");
  const std::string longest = "\"" + std::string(40, 'x') + "...\" is not known here.";
  EXPECT_EQ(detail(with("\"" + std::string(5000, 'x') + "\":1")), longest);
  EXPECT_EQ(detail(with("\"" + std::string(39, 'x') + "üx\":1")), "\"" + std::string(39, 'x') + "...\" is not known here.");
}

TEST(EventFilter, WithoutPatternsAdmitsAll) {
  EXPECT_TRUE(event_filter{}.admits("truck.online"));
  EXPECT_TRUE(event_filter{texts{}}.admits("truck.online"));
  EXPECT_TRUE(event_filter{texts{"*"}}.admits("truck.online"));
}

TEST(EventFilter, AdmitsNamesAndPrefixesOnly) {
  const event_filter filter{{"truck.online", "geofence.*"}};
  EXPECT_TRUE(filter.admits("truck.online"));
  EXPECT_TRUE(filter.admits("geofence.entered"));
  EXPECT_FALSE(filter.admits("truck.offline"));
  EXPECT_FALSE(filter.admits("truck.online2"));
  EXPECT_FALSE(filter.admits("geofence"));
  EXPECT_FALSE(filter.admits("geofences.entered"));
}

TEST(LiveFrame, SubscribedSaysWhatWasGivenAndWhatWasDenied) {
  std::string out;
  const texts trucks{"T-1", "T-2"};
  const denied_interest denied[] = {{interest_kind::truck, "T-3"}, {interest_kind::delivery, "D-9"}};
  append_subscribed(out, trucks, texts{}, denied, {.offset = 42, .index = 99'999});
  EXPECT_EQ(out,
            R"({"type":"subscribed","trucks":["T-1","T-2"],"deliveries":[],"denied":[{"truck_id":"T-3","code":"not_found"},)"
            R"({"delivery_id":"D-9","code":"not_found"}],"at":"0000000000000042-99999"})");
}

TEST(LiveFrame, UnsubscribedSaysWhatIsGone) {
  std::string out;
  append_unsubscribed(out, {.trucks = {"T-1"}, .deliveries = {}, .bbox = true});
  EXPECT_EQ(out, R"({"type":"unsubscribed","trucks":["T-1"],"deliveries":[],"bbox":true})");
  out.clear();
  append_unsubscribed(out, {.trucks = {}, .deliveries = {"D-1"}, .all = true});
  EXPECT_EQ(out, R"({"type":"unsubscribed","trucks":[],"deliveries":["D-1"],"all":true})");
}

TEST(LiveFrame, ThePlainOnes) {
  std::string out;
  append_pong(out);
  append_error(out, "unknown_member", "\"x\" is not known here.");
  append_event_frame(out, R"({"id":"1"})");
  EXPECT_EQ(out, R"({"type":"pong"}{"type":"error","code":"unknown_member","detail":"\"x\" is not known here."})"
                 R"({"type":"event","event":{"id":"1"}})");
}

TEST(LiveFrame, PositionsGoBetweenTheirBrackets) {
  std::string out{positions_frame_open};
  append_position(out, "T-1", {});
  out += ',';
  append_position(out, "T-2", {});
  out += positions_frame_close;
  EXPECT_TRUE(out.starts_with(R"({"type":"positions","positions":[{"truck_id":"T-1",)"));
  EXPECT_TRUE(out.ends_with("}]}"));
}

}  // namespace
}  // namespace haulcast::wire
