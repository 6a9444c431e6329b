// The grammar of JSON, case by case, in every place of a body where a value can stand.
#include <gtest/gtest.h>

#include "wire/batch_words.hpp"
#include "wire/json_cases.hpp"
#include "wire/json_oracle.hpp"

namespace haulcast::wire {
namespace {

using namespace words;
using json_cases::json_case;

/// What a body comes to whose one position has the text in a member that nobody reads.
std::string in_a_member(const std::string& text) { return judged(with("\"x\":" + text)); }

void expect_json(const json_case& c) {
  SCOPED_TRACE(c.name);
  EXPECT_EQ(in_a_member(c.text), "ok");
  EXPECT_NE(verdict(c.text), "malformed_json");
  for (const std::string& body :
       {batch_of(c.text), batch_of(with("") + "," + c.text + "," + with("")), batch_of(with("\"speed_kmh\":" + c.text)),
        batch_of(with("\"trip_id\":" + c.text)), batch_of(with("\"attributes\":" + c.text)), "{\"x\":" + c.text + "}",
        "{\"truck_id\":" + c.text + ",\"positions\":[]}"}) {
    EXPECT_NE(verdict(body), "malformed_json");
  }
}

void expect_no_json(const json_case& c) {
  SCOPED_TRACE(c.name);
  EXPECT_EQ(verdict(c.text), "malformed_json");
  EXPECT_EQ(in_a_member(c.text), "malformed_json");
  for (const std::string& body : {batch_of(c.text), batch_of(with("") + "," + c.text), batch_of(c.text + "," + with("")),
                                  batch_of(with("\"latitude\":" + c.text)), batch_of(with("\"trip_id\":" + c.text)),
                                  batch_of(with("\"attributes\":{\"x\":" + c.text + "}")),
                                  "{\"truck_id\":" + c.text + ",\"positions\":[" + with("") + "]}",
                                  "{\"positions\":[" + with("") + "],\"x\":" + c.text + "}"}) {
    // An element that is not there makes "[]", and one behind it a comma too many.
    if (body == batch_of(c.text) && c.text.find_first_not_of(" \t\r\n") == std::string::npos) continue;
    EXPECT_EQ(verdict(body), "malformed_json") << body.substr(0, 200);
  }
}

TEST(JsonGrammar, WhatMustBeTakenIsTakenWhereverItStands) {
  for (const auto& c : json_cases::must_accept()) {
    expect_json(c);
    EXPECT_TRUE(oracle::is_json(c.text)) << c.name << ": the second parser";
  }
}

TEST(JsonGrammar, WhatMustBeRefusedIsRefusedWhereverItStands) {
  for (const auto& c : json_cases::must_refuse()) {
    expect_no_json(c);
    EXPECT_FALSE(oracle::is_json(c.text)) << c.name << ": the second parser";
  }
}

TEST(JsonGrammar, WhatIsLeftFreeHasOneVerdictHere) {
  for (const auto& c : json_cases::free_accepted()) expect_json(c);
  for (const auto& c : json_cases::free_refused()) expect_no_json(c);
}

TEST(JsonGrammar, ABodyCutAnywhereIsRefused) {
  const std::string whole = batch_of(
      with(R"("speed_kmh":-1.5e+3,"heading":null,"engine_status":"\u00e9\uD83D\uDE9A","attributes":{"a":true,"b":[]})"));
  ASSERT_NE(verdict(whole), "malformed_json");
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_EQ(verdict(whole.substr(0, size)), "malformed_json") << size;
}

TEST(JsonGrammar, AByteThatIsNotASCIIOutsideATextIsRefusedWhereverItStands) {
  const std::string whole = batch_of(with(R"("heading":180,"x":[1,true,null])"));
  bool in_text = false;
  for (std::size_t at = 0; at <= whole.size(); ++at) {
    if (at > 0 && whole[at - 1] == '"') in_text = !in_text;
    if (in_text) continue;
    for (const char* odd : {"\x80", "\xC2\xA0", "\xEF\xBB\xBF", "\x0B", "\x0C", "\x1F", "\x7F"}) {
      std::string body = whole;
      EXPECT_EQ(verdict(body.insert(at, odd)), "malformed_json") << at;
    }
    std::string body = whole;
    EXPECT_EQ(verdict(body.insert(at, 1, '\0')), "malformed_json") << at;
  }
}

}  // namespace
}  // namespace haulcast::wire
