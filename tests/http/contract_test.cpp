// The published documents against the tables that the server works by.
#include "haulcast/http/contract.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "haulcast/engine/batch.hpp"
#include "haulcast/engine/event.hpp"
#include "haulcast/engine/truck.hpp"
#include "haulcast/http/problem.hpp"
#include "haulcast/wire/live.hpp"

namespace haulcast::http {
namespace {

using nlohmann::json;

const json& openapi() {
  static const json document = json::parse(contract::openapi);
  return document;
}
const json& asyncapi() {
  static const json document = json::parse(contract::asyncapi);
  return document;
}
const json& schema(const json& document, const char* name) { return document.at("components").at("schemas").at(name); }
std::vector<std::string> values(const json& document, const char* name) { return schema(document, name).at("enum"); }

/// Calls `take` with every response of the document, those of operations and those that are named once.
template <class F>
void for_each_response(F take) {
  for (const auto& [path, item] : openapi().at("paths").items()) {
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters") continue;
      for (const auto& [status, response] : operation.at("responses").items()) {
        const bool named = response.contains("$ref");
        const auto& what =
            named ? openapi().at(json::json_pointer{response.at("$ref").get<std::string>().substr(1)}) : response;
        take(method + ' ' + path, status, what);
      }
    }
  }
  for (const auto& [name, response] : openapi().at("components").at("responses").items()) take(name, std::string{}, response);
}

TEST(Contract, ListsEveryProblemCodeInTheOrderOfTheTable) {
  std::vector<std::string> names;
  for (const auto& p : problems) names.emplace_back(p.name);
  EXPECT_EQ(values(openapi(), "problem_code"), names);
}

TEST(Contract, NamesEachCodeWithItsStatus) {
  std::size_t seen = 0;
  for_each_response([&](const std::string& where, const std::string& status, const json& response) {
    if (!response.contains("content") || !response.at("content").contains("application/problem+json")) return;
    const auto& media = response.at("content").at("application/problem+json");
    const auto& special = media.at("schema").at("allOf").at(1).at("properties");
    const int told = special.at("status").at("const");
    EXPECT_TRUE(status.empty() || std::to_string(told) == status) << where << ' ' << status;
    for (const std::string name : special.at("code").at("enum")) {
      const auto found = std::find_if(problems.begin(), problems.end(), [&](const auto& p) { return p.name == name; });
      ASSERT_NE(found, problems.end()) << where << " names " << name;
      EXPECT_EQ(found->status, told) << where << " names " << name;
      ++seen;
    }
    const auto& example = media.at("example");
    const std::string code = example.at("code");
    const auto& entry = *std::find_if(problems.begin(), problems.end(), [&](const auto& p) { return p.name == code; });
    EXPECT_EQ(example.at("title"), std::string{entry.title}) << where;
    EXPECT_EQ(example.at("type"), "/docs/errors/" + std::string{entry.name}) << where;
  });
  EXPECT_GT(seen, 100U);
}

TEST(Contract, ListsEveryRejectCodeAndEveryEventTypeAndStatus) {
  std::vector<std::string> codes, types, states;
  for (std::size_t i = 0; i < engine::reject_codes; ++i) codes.emplace_back(to_string(static_cast<engine::reject_code>(i)));
  for (std::size_t i = 0; i < engine::event_types; ++i) types.emplace_back(to_string(static_cast<engine::event_type>(i)));
  using engine::truck_status;
  for (const auto s : {truck_status::moving, truck_status::stopped, truck_status::offline}) states.emplace_back(to_string(s));
  EXPECT_EQ(values(openapi(), "reject_code"), codes);
  EXPECT_EQ(values(openapi(), "event_type"), types);
  EXPECT_EQ(values(openapi(), "truck_status"), states);
}

TEST(Contract, ListsEveryCodeOfAnErrorFrame) {
  EXPECT_EQ(values(asyncapi(), "error_code"),
            std::vector<std::string>(wire::live_error_codes.begin(), wire::live_error_codes.end()));
}

TEST(Contract, SchemasThatBothDocumentsHaveAreTheSame) {
  std::size_t shared = 0;
  for (const auto& [name, one] : asyncapi().at("components").at("schemas").items()) {
    const auto& others = openapi().at("components").at("schemas");
    if (!others.contains(name)) continue;
    EXPECT_EQ(one, others.at(name)) << name;
    ++shared;
  }
  EXPECT_GE(shared, 16U);
}

TEST(Contract, IsOfTheVersionThatRuns) {
  EXPECT_EQ(openapi().at("info").at("version"), HAULCAST_VERSION);
  EXPECT_EQ(asyncapi().at("info").at("version"), HAULCAST_VERSION);
}

TEST(Contract, WhatGoesOutIsClosed) {
  for (const auto& [name, one] : openapi().at("components").at("schemas").items()) {
    if (name == "reported_position" || !one.contains("properties")) continue;  // of a position in, unknown members are ignored
    EXPECT_EQ(one.value("additionalProperties", true), false) << name;
  }
  for (const auto& [name, one] : asyncapi().at("components").at("schemas").items()) {
    if (one.contains("properties")) EXPECT_EQ(one.value("additionalProperties", true), false) << name;
  }
}

TEST(Contract, EveryOperationHasAnExampleOfWhatItTakesAndGives) {
  for (const auto& [path, item] : openapi().at("paths").items()) {
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters") continue;
      const auto has_example = [](const json& media) { return media.contains("example") || media.contains("examples"); };
      if (operation.contains("requestBody"))
        EXPECT_TRUE(has_example(operation.at("requestBody").at("content").at("application/json"))) << method << ' ' << path;
      const auto& responses = operation.at("responses");
      if (!responses.contains("200")) continue;
      EXPECT_TRUE(has_example(responses.at("200").at("content").begin().value())) << method << ' ' << path;
    }
  }
}

}  // namespace
}  // namespace haulcast::http
