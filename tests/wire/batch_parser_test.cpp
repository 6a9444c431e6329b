#include "haulcast/wire/batch_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "wire/batch_words.hpp"
#include "wire/json_oracle.hpp"

namespace haulcast::wire {
namespace {

using namespace words;
using engine::reject_code;

// ---- truck ids

TEST(BatchParser, ATruckIdIsOneTo128OfTheAllowedCharacters) {
  const auto id = [](const std::string& value) {
    return judged(R"({"timestamp":"2026-11-20T12:00:00Z","latitude":1,"longitude":2,"truck_id":)" + value + "}");
  };
  EXPECT_EQ(id(R"("a")"), "ok");
  EXPECT_EQ(id(R"("AZaz09._:-")"), "ok");
  EXPECT_EQ(id('"' + std::string(128, 'x') + '"'), "ok");
  EXPECT_EQ(id('"' + std::string(129, 'x') + '"'), "truck_id_invalid");
  for (const char* bad :
       {R"("")", R"("a b")", R"("a/b")", R"("a\u0000")", R"("\n")", R"("ü")", R"("a\\")", R"("a\"")", R"("a,")"}) {
    EXPECT_EQ(id(bad), "truck_id_invalid") << bad;
  }
  for (const char* bad : {"1", "true", "[]", "{}", "1.5", R"(["T"])"}) EXPECT_EQ(id(bad), "field_type_invalid") << bad;
  EXPECT_EQ(id("null"), "truck_id_missing");
}

TEST(BatchParser, TheBatchsTruckIdStandsForPositionsThatHaveNone) {
  const std::string rest = R"("timestamp":"2026-11-20T12:00:00Z","latitude":1,"longitude":2})";
  const std::string elements =
      "[{" + rest + R"(,{"truck_id":null,)" + rest + R"(,{"truck_id":"OWN",)" + rest + R"(,{"truck_id":"",)" + rest + "]";
  for (const std::string& body :
       {R"({"truck_id":"ALL","positions":)" + elements + "}", R"({"positions":)" + elements + R"(,"truck_id":"ALL"})"}) {
    EXPECT_EQ(verdicts(body), (std::vector<std::string>{"ok", "ok", "ok", "truck_id_invalid"})) << body;
    const auto parsed = parse(body);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->batch->trucks, (std::vector<std::string_view>{"ALL", "OWN"}));
    EXPECT_EQ(parsed->batch->rejected.front().truck_id, "");
  }
  const std::string none = R"({"truck_id":null,"positions":)" + elements + "}";
  EXPECT_EQ(verdicts(none), (std::vector<std::string>{"truck_id_missing", "truck_id_missing", "ok", "truck_id_invalid"}));
}

TEST(BatchParser, WhatIsNoPositionIsNobodys) {
  const auto parsed = parse(R"({"truck_id":"ALL","positions":[5]})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->batch->rejected.front().code, reject_code::position_not_an_object);
  EXPECT_EQ(parsed->batch->rejected.front().truck_id, "");
  EXPECT_FALSE(parsed->covered || parsed->foreign);
}

TEST(BatchParser, ABadTruckIdOfTheBatchRefusesIt) {
  for (const char* bad : {R"("")", R"("a b")", "1", "[]", "{}", "true"}) {
    EXPECT_EQ(verdict(R"({"truck_id":)" + std::string{bad} + R"(,"positions":[{}]})"), "truck_id_invalid /truck_id") << bad;
  }
}

TEST(BatchParser, EachTruckIsNamedOnceInOrderOfItsFirstPositionThatPassed) {
  std::string body = R"({"positions":[)";
  for (int i = 0; i < 900; ++i) {
    body += (i ? "," : "") + std::string{R"({"truck_id":"TRK-)"} + std::to_string(i * 7 % 300) +
            R"(","timestamp":"2026-11-20T12:00:00Z","latitude":1,"longitude":)" + (i == 0 ? "999" : "2") + "}";
  }
  int asked = 0;
  const auto parsed = parse(body + "]}", [&](std::string_view) { return ++asked, true; });
  ASSERT_TRUE(parsed);
  const auto& batch = *parsed->batch;
  EXPECT_EQ(asked, 300);
  ASSERT_EQ(batch.trucks.size(), 300U);
  EXPECT_EQ(batch.trucks.front(), "TRK-7");
  EXPECT_EQ(batch.trucks.back(), "TRK-0");  // its first position was refused, so it came again at the end of the round
  for (const auto& p : batch.positions) {
    ASSERT_EQ(batch.trucks[p.truck], "TRK-" + std::to_string(p.index * 7 % 300));
  }
}

TEST(BatchParser, WhoMayPostIsJudgedPerTruck) {
  const covers mine = [](std::string_view id) { return id.starts_with("MINE"); };
  const auto element = [](const char* id, const char* latitude = "1") {
    return std::string{R"({"truck_id":")"} + id + R"(","timestamp":"2026-11-20T12:00:00Z","longitude":2,"latitude":)" +
           latitude + "}";
  };
  struct row {
    std::string elements;
    bool covered;
    bool foreign;
    std::vector<std::string> codes;
  };
  const std::vector<row> rows{
      {element("MINE-1"), true, false, {"ok"}},
      {element("OTHER"), false, true, {"truck_not_yours"}},
      {element("MINE-1") + "," + element("OTHER") + "," + element("MINE-2"), true, true, {"ok", "truck_not_yours", "ok"}},
      {element("MINE-1", "99"), true, false, {"latitude_out_of_range"}},
      {element("OTHER", "99"), false, true, {"truck_not_yours"}},
      {element("a b"), false, false, {"truck_id_invalid"}},
      {"5", false, false, {"position_not_an_object"}},
      {"{}", false, false, {"truck_id_missing"}},
      {R"({"truck_id":"MINE-1","truck_id":"OTHER"})", false, false, {"duplicate_key"}},
      {R"({"truck_id":"OTHER","latitude":1,"latitude":1})", false, true, {"duplicate_key"}},
  };
  for (const auto& r : rows) {
    const auto parsed = parse(batch_of(r.elements), mine);
    ASSERT_TRUE(parsed) << r.elements;
    EXPECT_EQ(parsed->covered, r.covered) << r.elements;
    EXPECT_EQ(parsed->foreign, r.foreign) << r.elements;
    EXPECT_EQ(verdicts(batch_of(r.elements), mine), r.codes) << r.elements;
    for (const auto id : parsed->batch->trucks) EXPECT_TRUE(mine(id));
  }
}

TEST(BatchParser, ATruckIdThatIsAskedForLateIsJudgedAsWell) {
  const std::string body =
      R"({"positions":[{"timestamp":"2026-11-20T12:00:00Z","latitude":1,"longitude":2}],"truck_id":"OTHER"})";
  const auto parsed = parse(body, [](std::string_view) { return false; });
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->foreign);
  EXPECT_FALSE(parsed->covered);
  EXPECT_EQ(parsed->batch->rejected.front().code, reject_code::truck_not_yours);
  EXPECT_EQ(parsed->batch->rejected.front().truck_id, "OTHER");
}

// ---- whole batches

TEST(BatchParser, ABatchHasOneToAThousandPositions) {
  const auto of = [](std::size_t count) {
    std::string elements;
    for (std::size_t i = 0; i < count; ++i) elements += (i ? "," : "") + with("");
    return batch_of(elements);
  };
  EXPECT_EQ(verdict(of(0)), "batch_empty /positions");
  EXPECT_EQ(verdict(of(1)), "ok");
  EXPECT_EQ(verdict(of(1000)), "ok");
  EXPECT_EQ(verdict(of(1001)), "batch_too_large /positions");
  EXPECT_EQ(verdict(of(3), {.max_positions = 3}), "ok");
  EXPECT_EQ(verdict(of(4), {.max_positions = 3}), "batch_too_large /positions");
  EXPECT_EQ(parse(of(1000))->batch->positions.size(), 1000U);
}

TEST(BatchParser, ABodyIsAnObjectWithPositions) {
  for (const char* body : {"[]", "1", R"("x")", "null", "true", R"([{"positions":[]}])"}) {
    EXPECT_EQ(verdict(body), "not_an_object") << body;
  }
  EXPECT_EQ(verdict("{}"), "positions_missing /positions");
  EXPECT_EQ(verdict(R"({"truck_id":"T"})"), "positions_missing /positions");
  EXPECT_EQ(verdict(R"({"positions":null})"), "positions_missing /positions");
  for (const char* value : {"{}", "1", R"("x")", "true"}) {
    EXPECT_EQ(verdict(R"({"positions":)" + std::string{value} + "}"), "positions_invalid /positions") << value;
  }
}

TEST(BatchParser, NothingElseStandsBesidePositions) {
  EXPECT_EQ(verdict(R"({"positions":[{}],"extra":1})"), "unknown_member /extra");
  EXPECT_EQ(verdict(R"({"Positions":[{}]})"), "unknown_member /Positions");
  EXPECT_EQ(verdict(R"({"":1,"positions":[{}]})"), "unknown_member /");
  EXPECT_EQ(verdict(R"({"a/b~c":1,"positions":[{}]})"), "unknown_member /a~1b~0c");
  EXPECT_EQ(verdict(R"({")" + std::string(100'000, 'x') + R"(":1})"), "unknown_member /" + std::string(64, 'x'));
  EXPECT_EQ(verdict(R"({"positions":[{}],"positions":[{}]})"), "duplicate_key /positions");
  EXPECT_EQ(verdict(R"({"positions":[{}],"p\u006fsitions":[{}]})"), "duplicate_key /positions");
  EXPECT_EQ(verdict(R"({"truck_id":"T","truck_id":"T","positions":[{}]})"), "duplicate_key /truck_id");
  EXPECT_EQ(verdict(R"({"truck_id":"T","truck_id":null})"), "duplicate_key /truck_id");
  EXPECT_EQ(verdict(R"({"\u0070ositions":[{}]})"), "ok");
}

TEST(BatchParser, WhatIsNotJsonAnywhereRefusesTheWholeBatch) {
  const std::string good = batch_of(with(""));
  using namespace std::string_literals;
  for (const std::string& body : {
           ""s,
           " "s,
           "{"s,
           "}"s,
           "{]"s,
           "nul"s,
           "nulll"s,
           "tru"s,
           "{}{}"s,
           "{},"s,
           "{} x"s,
           "[1,]"s,
           "[,1]"s,
           "[1 2]"s,
           "[1;2]"s,
           "{\"a\"}"s,
           "{\"a\":}"s,
           "{\"a\" 1}"s,
           "{\"a\":1,}"s,
           "{,\"a\":1}"s,
           "{a:1}"s,
           "{'a':1}"s,
           "{1:1}"s,
           "{\"a\":1 \"b\":2}"s,
           "// x\n{}"s,
           "01"s,
           "-"s,
           "+1"s,
           ".5"s,
           "1."s,
           "1.e5"s,
           "1e"s,
           "1e+"s,
           "-01"s,
           "0x10"s,
           "1_000"s,
           "NaN"s,
           "Infinity"s,
           "-Infinity"s,
           "12a"s,
           "1 2"s,
           "\""s,
           "\"\\\""s,
           "\"\\x\""s,
           "\"\\u12\""s,
           "\"\\u12g4\""s,
           "\"\\u+123\""s,
           "\"\t\""s,
           "\"\n\""s,
           "\"\0\""s,
           "\"a\"b"s,
           "\"a\"\"b\""s,
           "\xEF\xBB\xBF{}"s,
           "{}\0"s,
           "\0"s,
           "\x0C{}"s,
           "[1\x0C"
           "2]"s,
           "{\"a\"\x1A"
           "1}"s,
           "[\x1B]"s,
           "\\{}"s,
           "{}\\"s,
           "\"\xFF\""s,
           "\"\xC3\""s,
           "\"\xC0\xAF\""s,
           "\"\xED\xA0\x80\""s,
           "\"\xF4\x90\x80\x80\""s,
           "\"\xE2\x82\""s,
           "[\xFF]"s,
           R"("\uD800")"s,
           R"("\uDC00")"s,
           R"("\uD800\uD800")"s,
           R"("\uD800x")"s,
           R"("\uD800\n")"s,
           R"("\uDBFF\uE000")"s,
           "1e309"s,
           "-1e309"s,
           "1e999999999999999999999"s,
           "1"s + std::string(309, '0'),
           "179769313486231580793728971405301e277"s,
       }) {
    EXPECT_EQ(verdict(body), "malformed_json") << body;
    EXPECT_FALSE(oracle::is_json(body)) << body;
    // The same inside a member that nobody reads, inside attributes, as an element, and behind the end.
    EXPECT_EQ(verdict(batch_of(with("\"x\":" + body))), "malformed_json") << body;
    EXPECT_EQ(verdict(batch_of(with("\"attributes\":{\"x\":" + body + "}"))), "malformed_json") << body;
    EXPECT_EQ(verdict(batch_of(with("") + "," + body + "," + with(""))), "malformed_json") << body;
    if (body.find_first_not_of(' ') != std::string::npos) EXPECT_EQ(verdict(good + body), "malformed_json") << body;
  }
}

TEST(BatchParser, MalformedStandsAboveEveryOtherFault) {
  for (const char* start : {R"({"extra":1,)", R"({"positions":[],)", R"({"positions":{},)", R"({"truck_id":1,)", "[1,",
                            R"({"positions":[{}],"positions":[],)"}) {
    EXPECT_EQ(verdict(start), "malformed_json") << start;
    EXPECT_EQ(verdict(std::string{start} + "\"x\":tru}"), "malformed_json") << start;
  }
  EXPECT_EQ(verdict(R"({"positions":[1,2,3,4,tru]})", {.max_positions = 2}), "malformed_json");
}

TEST(BatchParser, SixteenLevelsAreReadAndSeventeenAreNot) {
  // The body is the first level, the array the second, a position the third.
  EXPECT_EQ(judged(with("\"x\":" + nested(13))), "ok");
  EXPECT_EQ(verdict(batch_of(with("\"x\":" + nested(14)))), "malformed_json");
  EXPECT_EQ(judged(with(R"("attributes":{"x":)" + nested(12) + "}")), "attributes_invalid");
  EXPECT_EQ(verdict(batch_of(with(R"("attributes":{"x":)" + nested(13) + "}"))), "malformed_json");
  EXPECT_EQ(judged(nested(14)), "position_not_an_object");
  EXPECT_EQ(verdict(batch_of(nested(15))), "malformed_json");
  EXPECT_EQ(verdict(nested(16)), "not_an_object");
  EXPECT_EQ(verdict(nested(17)), "malformed_json");
  EXPECT_EQ(verdict(R"({"extra":)" + nested(16) + "}"), "malformed_json");
  EXPECT_EQ(verdict(nested(500'000)), "malformed_json");
  EXPECT_EQ(verdict(std::string(1'000'000, '[')), "malformed_json");
  std::string siblings = "[1";
  for (int i = 0; i < 100; ++i) siblings += "," + nested(12);
  EXPECT_EQ(judged(with("\"x\":" + siblings + "]")), "ok");  // depth, not number
}

TEST(BatchParser, TheLargestDoubleIsRead) {
  EXPECT_EQ(judged(with(R"("x":1.7976931348623157e308,"y":-1.7976931348623158e308)")), "ok");
  EXPECT_EQ(judged(with(R"("x":0.)" + std::string(400, '0') + R"(1e410)")), "ok");
  EXPECT_EQ(verdict(batch_of(with(R"("x":0.)" + std::string(400, '0') + "1e710"))), "malformed_json");
  EXPECT_EQ(judged(with(R"("x":)" + std::string(309, '9') + "e-5")), "ok");
}

TEST(BatchParser, TheFaultIsDescribedInOneSentence) {
  EXPECT_EQ(parse("").error().detail, "The body is empty.");
  EXPECT_EQ(parse("[1,]").error().detail, "The body is not valid JSON (at byte 3).");
  EXPECT_EQ(parse("{} {}").error().detail, "The body is not valid JSON: it goes on after its end.");
  EXPECT_EQ(parse(nested(17)).error().detail, "The body is nested deeper than 16 levels (at byte 17).");
  EXPECT_EQ(parse("[1e999]").error().detail, "The body holds a number larger than a double can be (at byte 1).");
  EXPECT_EQ(parse("\"\xFF\"").error().detail, "The body is not valid UTF-8.");
}

TEST(BatchParser, WhatStandsBehindTheBodyIsNeverRead) {
  batch_parser parser;
  for (const std::string_view body : {"1", "1.", "{}", "\"a", "tru", "{\"positions\":[", "12345678901234567890"}) {
    std::string bytes{body};
    std::vector<std::string> said;
    for (const char behind : {'\0', '9', '"', '\\', '}', ' ', 'e', '\xFF'}) {
      bytes.resize(body.size());
      bytes.append(batch_parser::padding(), behind);
      const auto parsed = parser.parse(std::string_view{bytes}.substr(0, body.size()), now, {}, {});
      ASSERT_TRUE(parsed.has_error());
      said.push_back(parsed.error().detail);
    }
    EXPECT_EQ(said, std::vector<std::string>(said.size(), said.front())) << body;
  }
}

TEST(BatchParser, TheBatchOutlivesTheBody) {
  batch_parser parser;
  std::string body = batch_of(with(R"("trip_id":"TRIP","engine_status":"\u0041n","attributes":{"a":"b"})") + ",[\"raw\"]");
  body.append(batch_parser::padding(), ' ');
  auto parsed = parser.parse(body, now, {}, {});
  ASSERT_TRUE(parsed);
  std::ranges::fill(body, '#');
  static_cast<void>(parser.parse(padded{batch_of(with(R"("engine_status":"\u0058\u0058")"))}, now, {}, {}));
  const auto& p = parsed->batch->positions.front().where;
  EXPECT_EQ(parsed->batch->trucks.front(), "T");
  EXPECT_EQ(p.trip_id, "TRIP");
  EXPECT_EQ(p.engine_status, "An");
  EXPECT_EQ(p.attributes, R"({"a":"b"})");
  EXPECT_EQ(parsed->batch->rejected.front().raw, R"(["raw"])");
}

TEST(BatchParser, BodiesLargerThanAnyBeforeAreRead) {
  batch_parser parser;
  for (const std::size_t size : {10U, 65'000U, 66'000U, 1'048'576U, 5'000'000U, 100U}) {
    const auto parsed = parser.parse(padded{batch_of(with("\"x\":\"" + std::string(size, 'x') + '"'))}, now, {}, {});
    ASSERT_TRUE(parsed) << size;
    EXPECT_EQ(parsed->batch->positions.size(), 1U);
  }
}

// ---- a second opinion

/// Bodies that phones could send, then damaged: bytes changed, cut out, doubled, swapped for telling ones.
class damaged_bodies {
 public:
  std::string next() {
    std::string body = seed();
    for (auto times = pick(4); times > 0 && !body.empty(); --times) damage(body);
    return body;
  }

 private:
  std::size_t pick(std::size_t below) { return std::uniform_int_distribution<std::size_t>{0, below - 1}(random_); }

  std::string seed() {
    static const std::vector<std::string> seeds{
        batch_of(with("")),
        batch_of(with(R"("x":[1,2.5e3,{"a":null,"b":"\u00e9\uD83D\uDE9A"}],"attributes":{"reefer_c":-18.5,"t":true})")),
        batch_of("1," + with(R"("speed_kmh":-1)") + ",null"),
        R"({"truck_id":"A","positions":[ {"timestamp":1795176000000,"latitude":-0.5e-2,"longitude":1E2} ]})",
        R"([[[[[[[[[[[[[[[{}]]]]]]]]]]]]]]])",
        "\""
        "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x9A\x9A"
        "\\n\\\\\"",
        "-123.456e-7",
    };
    return seeds[pick(seeds.size())];
  }

  void damage(std::string& body) {
    static const std::vector<std::string> telling{
        "{",    "}",  "[",     "]",    ",",    ":",    "\"", "\\",       "\\u", "0",    "-",       "1e999", "e",
        "null", "tr", "false", "\x7F", "\xC3", "\xA9", " ",  "\t",       "\n",  "1.",   "\\uD800", "\x0C",  "\x01",
        "/",    ".",  "+",     "[[",   "]]",   "\"\"", ",,", "\xF0\x9F", "{}",  "\\\"", "1E+5",    "00"};
    const std::size_t at = pick(body.size());
    switch (pick(5)) {
      case 0: body[at] = static_cast<char>(1 + pick(255)); break;
      case 1: body.erase(at, 1 + pick(5)); break;
      case 2: body.insert(at, telling[pick(telling.size())]); break;
      case 3: body.replace(at, 1, telling[pick(telling.size())]); break;
      default: body.insert(pick(body.size()), body.substr(at, pick(20)));
    }
  }

  std::mt19937_64 random_{11};
};

TEST(BatchParser, ASecondParserAgreesOnWhatIsJson) {
  damaged_bodies bodies;
  int malformed = 0;
  constexpr int rounds = 60'000;
  for (int i = 0; i < rounds; ++i) {
    const std::string body = bodies.next();
    const auto parsed = parse(body);
    const bool json = parsed || parsed.error().code != batch_error::malformed_json;
    malformed += json ? 0 : 1;
    ASSERT_EQ(json, oracle::is_json(body)) << body;
  }
  EXPECT_GT(malformed, rounds / 4);
  EXPECT_LT(malformed, rounds * 9 / 10);
}

}  // namespace
}  // namespace haulcast::wire
