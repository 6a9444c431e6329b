#include "haulcast/http/entity_tags.hpp"

#include <gtest/gtest.h>

namespace haulcast::http {
namespace {

/// "-": no such field; "!": refused; else the tags as they were told apart.
std::string read(std::initializer_list<std::string_view> values) {
  request r;
  for (const auto value : values) request_access::fields(r).push_back({"if-match", value});
  request_access::fields(r).push_back({"If-None-Match", "\"another field\""});
  const auto got = read_entity_tags(r, "If-Match");
  if (!got) {
    EXPECT_EQ(got.error().what, code::precondition_failed);
    return "!";
  }
  if (!*got) return "-";
  std::string all = (*got)->any ? "any" : "";
  for (const entity_tag& tag : (*got)->tags) all += std::string{tag.weak ? "~" : "="} + std::string{tag.opaque} + ";";
  return all;
}

TEST(EntityTags, AreReadFromListsAndFromSeveralFields) {
  EXPECT_EQ(read({}), "-");
  EXPECT_EQ(read({"*"}), "any");
  EXPECT_EQ(read({R"("12.o")"}), "=12.o;");
  EXPECT_EQ(read({R"(W/"12.o")"}), "~12.o;");
  EXPECT_EQ(read({R"("a", W/"b","c" ,, "")"}), "=a;~b;=c;=;");
  EXPECT_EQ(read({R"("a")", R"("b")"}), "=a;=b;");
  EXPECT_EQ(read({"\"a,b\""}), "=a,b;") << "a comma may stand in a tag";
  EXPECT_EQ(read({"\"\xC3\xBC\""}), "=\xC3\xBC;");
}

TEST(EntityTags, WhatIsNoListIsRefused) {
  for (const auto* bad : {"", ",", "12", "\"a", "a\"", "\"a\" \"b\"", "\"a\"b", "w/\"a\"", "W/ \"a\"", "W/*", "*, \"a\"",
                          "\"a b\"", "\"a\x7F\"", "**"}) {
    EXPECT_EQ(read({bad}), "!") << bad;
  }
  EXPECT_EQ(read({"*", "\"a\""}), "!");
  EXPECT_EQ(read({"\"a\"", "b"}), "!");
}

}  // namespace
}  // namespace haulcast::http
