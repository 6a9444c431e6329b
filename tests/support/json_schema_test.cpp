#include "support/json_schema.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace haulcast::support {
namespace {

using nlohmann::json;

json document(const char* text) { return json{{"schemas", json::parse(text)}}; }

class JsonSchema : public testing::Test {
 protected:
  std::string fault(const char* name, const char* value) {
    return schemas_.fault(schemas_.document().at("schemas").at(name), json::parse(value)).value_or("");
  }

  json_schema schemas_{document(R"({
    "id": {"type": "string", "pattern": "^[a-z]{1,3}$"},
    "truck": {"type": "object", "required": ["id"], "additionalProperties": false,
              "properties": {"id": {"$ref": "#/schemas/id"}, "speed": {"type": "number", "minimum": 0, "maximum": 400},
                             "next": {"$ref": "#/schemas/truck"}}},
    "trucks": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"$ref": "#/schemas/truck"}},
    "count": {"type": "integer"},
    "maybe": {"anyOf": [{"$ref": "#/schemas/id"}, {"enum": [-1, null]}]},
    "either": {"oneOf": [{"type": "integer"}, {"type": "number", "maximum": 10}]},
    "both": {"allOf": [{"$ref": "#/schemas/truck"}, {"type": "object", "properties": {"id": {"const": "abc"}}}]},
    "scalars": {"type": "object", "maxProperties": 2, "additionalProperties": {"type": ["string", "number"]}},
    "text": {"type": "string", "minLength": 2, "maxLength": 3},
    "time": {"type": "string", "format": "date-time"}
  })")};
};

TEST_F(JsonSchema, NamesThePlaceAndTheFault) {
  EXPECT_EQ(fault("truck", R"({"id": "a", "speed": 400, "next": {"id": "b"}})"), "");
  EXPECT_EQ(fault("truck", R"({"speed": 1})"), ": \"id\" is missing");
  EXPECT_EQ(fault("truck", R"({"id": "a", "next": {"id": "b", "sped": 1}})"), "/next: \"sped\" is not in the contract");
  EXPECT_EQ(fault("truck", R"({"id": "a", "speed": 401})"), "/speed: 401 is too large");
  EXPECT_EQ(fault("truck", R"({"id": "a", "speed": -0.5})"), "/speed: -0.5 is too small");
  EXPECT_EQ(fault("truck", R"({"id": "A"})"), "/id: \"A\" does not match ^[a-z]{1,3}$");
  EXPECT_EQ(fault("truck", R"({"id": "A"})"), fault("truck", R"({"id": "A"})")) << "not remembered as fitting";
  EXPECT_EQ(fault("trucks", R"([{"id": "a"}, {"id": 7}])"), "/1/id: 7 is no string");
}

TEST_F(JsonSchema, CountsElementsMembersAndCharacters) {
  EXPECT_NE(fault("trucks", "[]"), "");
  EXPECT_NE(fault("trucks", R"([{"id":"a"},{"id":"a"},{"id":"a"}])"), "");
  EXPECT_EQ(fault("scalars", R"({"a": 1, "b": "x"})"), "");
  EXPECT_NE(fault("scalars", R"({"a": 1, "b": 2, "c": 3})"), "");
  EXPECT_NE(fault("scalars", R"({"a": null})"), "");
  EXPECT_EQ(fault("text", R"("öäü")"), "") << "characters, not bytes";
  EXPECT_NE(fault("text", R"("ö")"), "");
  EXPECT_NE(fault("text", R"("öäüß")"), "");
}

TEST_F(JsonSchema, TellsIntegersFromNumbersByTheirValue) {
  EXPECT_EQ(fault("count", "7"), "");
  EXPECT_EQ(fault("count", "7.0"), "");
  EXPECT_NE(fault("count", "7.5"), "");
  EXPECT_NE(fault("count", "true"), "");
  EXPECT_NE(fault("count", "\"7\""), "");
}

TEST_F(JsonSchema, KnowsAllAnyAndOne) {
  EXPECT_EQ(fault("maybe", "\"ab\""), "");
  EXPECT_EQ(fault("maybe", "-1.0"), "");
  EXPECT_EQ(fault("maybe", "null"), "");
  EXPECT_NE(fault("maybe", "-2"), "");
  EXPECT_EQ(fault("either", "11"), "");
  EXPECT_EQ(fault("either", "9.5"), "");
  EXPECT_NE(fault("either", "9"), "") << "both fit";
  EXPECT_NE(fault("either", "10.5"), "") << "none fits";
  EXPECT_EQ(fault("both", R"({"id": "abc"})"), "");
  EXPECT_NE(fault("both", R"({"id": "abd"})"), "");
  EXPECT_NE(fault("both", R"({"id": "abc", "more": 1})"), "");
}

TEST_F(JsonSchema, KnowsATimeByItsForm) {
  EXPECT_EQ(fault("time", "\"2026-11-20T10:30:00.000Z\""), "");
  EXPECT_EQ(fault("time", "\"2026-11-20T10:30:00+01:00\""), "");
  EXPECT_NE(fault("time", "\"2026-11-20\""), "");
  EXPECT_NE(fault("time", "\"yesterday\""), "");
}

TEST(JsonSchemaItself, WhatItWouldNotCheckItRefuses) {
  for (const auto* schema :
       {R"({"type": "string", "minLenght": 3})", R"({"unevaluatedProperties": false})", R"({"not": {}})", R"({"type": "text"})",
        R"({"format": "email"})", R"({"$ref": "#/schemas/x", "type": "string"})", R"({"$ref": "elsewhere.json"})"}) {
    json_schema schemas{json{{"schemas", {{"x", json::parse(schema)}}}}};
    EXPECT_THROW(schemas.fault(schemas.document().at("schemas").at("x"), "text"), std::runtime_error) << schema;
  }
}

}  // namespace
}  // namespace haulcast::support
