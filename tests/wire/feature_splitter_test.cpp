#include "haulcast/wire/feature_splitter.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace haulcast::wire {
namespace {

using enum feature_splitter::fault;
using texts = std::vector<std::string>;

struct cut {
  texts features;
  std::string rest;
  feature_splitter::fault wrong = none;
};

/// Fed in pieces of that size.
cut cut_up(std::string_view text, std::size_t piece, std::size_t feature_bytes_max = 1000) {
  cut made;
  feature_splitter splitter{feature_bytes_max};
  while (!text.empty() && made.wrong == none) {
    made.wrong = splitter.feed(text.substr(0, piece), [&](std::string_view f) { return made.features.emplace_back(f), true; });
    text.remove_prefix(std::min(piece, text.size()));
  }
  made.rest = splitter.rest();
  EXPECT_EQ(splitter.count(), made.features.size());
  return made;
}
/// The same, whatever the pieces.
cut cut_up(std::string_view text) {
  const cut whole = cut_up(text, text.size());
  for (const std::size_t piece : {1U, 2U, 3U, 7U}) {
    const cut other = cut_up(text, piece);
    EXPECT_EQ(other.features, whole.features) << text;
    EXPECT_EQ(other.rest, whole.rest) << text;
    EXPECT_EQ(other.wrong, whole.wrong) << text;
  }
  return whole;
}

TEST(FeatureSplitter, CutsACollectionIntoItsFeaturesAndTheRest) {
  const cut made =
      cut_up(R"({"type":"FeatureCollection", "features" : [ {"a":[1,{"b":"]}"}]} ,{"c":"\"}"},{}], "bbox":[1,2]})");
  EXPECT_EQ(made.features, (texts{R"({"a":[1,{"b":"]}"}]})", R"({"c":"\"}"})", "{}"}));
  EXPECT_EQ(made.rest, R"({"type":"FeatureCollection", "features" : [], "bbox":[1,2]})");
  EXPECT_EQ(made.wrong, none);
}

TEST(FeatureSplitter, AnArrayWithoutElementsHasNoFeatures) {
  for (const char* text : {R"({"features":[]})", R"({"features":[ ]})"}) EXPECT_EQ(cut_up(text).features, texts{}) << text;
}

TEST(FeatureSplitter, OnlyTheOutermostMemberOfThatNameHasThem) {
  EXPECT_EQ(cut_up(R"({"x":{"features":[1,2]},"y":["features",[3]],"features":[4]})").features, texts{"4"});
  EXPECT_EQ(cut_up(R"({"x":"features","y":[{}]})").features, texts{});
  EXPECT_EQ(cut_up(R"([{"features":[1]}])").features, texts{});
  EXPECT_EQ(cut_up(R"({"features":{"a":[1]}})").features, texts{});
  EXPECT_EQ(cut_up(R"({"features":7})").rest, R"({"features":7})");
}

TEST(FeatureSplitter, WhatIsNoObjectIsAFeatureTooForItsReaderToRefuse) {
  EXPECT_EQ(cut_up(R"({"features":[1, null,"x, ]",[2,3],-1.5e3]})").features,
            (texts{"1", "null", R"("x, ]")", "[2,3]", "-1.5e3"}));
}

TEST(FeatureSplitter, NothingButCommasAndBlanksStandsBetweenThem) {
  for (const char* text : {R"({"features":[{} {}]})", R"({"features":[,{}]})", R"({"features":[{},]})",
                           R"({"features":[{},,{}]})", R"({"features":[{}:{}]})", R"({"features":[}]})"}) {
    EXPECT_EQ(cut_up(text).wrong, grammar) << text;
  }
}

TEST(FeatureSplitter, HoldsNoMoreThanItsBounds) {
  const std::string feature = "{\"a\":\"" + std::string(100, 'x') + "\"}";
  const std::string text = "{\"features\":[" + feature + "]}";
  EXPECT_EQ(cut_up(text, 1, feature.size()).wrong, none);
  EXPECT_EQ(cut_up(text, 1, feature.size() - 1).wrong, feature_too_long);
  EXPECT_EQ(cut_up(text, text.size(), feature.size() - 1).wrong, feature_too_long);
  const std::string rest = "{\"name\":\"" + std::string(feature_splitter::rest_bytes_max, 'x') + "\"}";
  EXPECT_EQ(cut_up(rest, 1000).wrong, rest_too_long);
}

TEST(FeatureSplitter, WhoeverTakesThemMayStopIt) {
  feature_splitter splitter{1000};
  int taken = 0;
  EXPECT_EQ(splitter.feed(R"({"features":[1,2,3]})", [&](std::string_view) { return ++taken < 2; }), stopped);
  EXPECT_EQ(taken, 2);
}

}  // namespace
}  // namespace haulcast::wire
