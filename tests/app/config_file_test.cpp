#include "haulcast/app/config_file.hpp"

#include <gtest/gtest.h>

namespace haulcast::app {
namespace {

std::string refusal(const std::string& yaml) {
  const auto read = read_settings(yaml, "f.yaml");
  return read ? "" : read.error().what;
}

TEST(ConfigFile, GivesEachSettingItsPlace) {
  const auto read =
      read_settings("# a comment\ndata_dir: /var/x\n\njournal:\n  sync: \"normal\"\n  max_bytes: ~\n", "f.yaml").value();
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read[0].name, "data_dir");
  EXPECT_EQ(read[0].value, "/var/x");
  EXPECT_EQ(read[0].where, "f.yaml:2");
  EXPECT_EQ(read[1].name, "journal.sync");
  EXPECT_EQ(read[1].value, "normal");
  EXPECT_EQ(read[1].where, "f.yaml:5");
  EXPECT_EQ(read[2].value, std::nullopt);
}

TEST(ConfigFile, WithoutKeysIsEmpty) {
  for (const auto* yaml : {"", "\n\n", "# nothing\n", "---\n", "{}", "---\n...\n"}) {
    const auto read = read_settings(yaml, "f.yaml");
    ASSERT_TRUE(read) << yaml << read.error().what;
    EXPECT_TRUE(read->empty()) << yaml;
  }
}

TEST(ConfigFile, TakesASectionWithoutKeys) {
  const auto read = read_settings("journal:\n#  sync: full\nhub:\n", "f.yaml").value();
  EXPECT_EQ(read.size(), 2U);
}

TEST(ConfigFile, RefusesAKeyGivenTwice) {
  EXPECT_EQ(refusal("journal:\n  sync: full\n  sync: normal\n"),
            "f.yaml:3: journal.sync is given twice; the first is in line 2");
  EXPECT_EQ(refusal("hub:\n  a: 1\njournal:\n  a: 2\nhub:\n  b: 1\n"), "f.yaml:5: hub is given twice; the first is in line 1");
  EXPECT_EQ(refusal("{data_dir: a, data_dir: a}"), "f.yaml:1: data_dir is given twice; the first is in line 1");
}

TEST(ConfigFile, RefusesAnchorsAndAliasesCyclicOnesToo) {
  EXPECT_EQ(refusal("hub: &h\n  a: 1\n"), "f.yaml:1: anchors (&name) are not taken; write the value out");
  EXPECT_NE(refusal("a: &x [*x]\n"), "");
  EXPECT_NE(refusal("&x a: *x\n"), "");
  EXPECT_NE(refusal("hub:\n  a: *x\n"), "");
}

TEST(ConfigFile, NestsWhatMayNest) {
  const auto may = [](std::string_view name) { return name == "server.tls"; };
  const auto found =
      read_settings("server:\n  tls:\n    key: k\n    certificate: c\n  listen: l\nlog:\n  level: x\n", "f.yaml", may).value();
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].name, "server.tls.key");
  EXPECT_EQ(found[1].name, "server.tls.certificate");
  EXPECT_EQ(found[2].name, "server.listen");
  EXPECT_EQ(found[3].name, "log.level");
  EXPECT_FALSE(read_settings("server:\n  tls:\n    key: {a: b}\n", "f.yaml", may));
  EXPECT_FALSE(read_settings("server:\n  tls:\n    key: a\n    key: b\n", "f.yaml", may));
}

TEST(ConfigFile, RefusesWhatIsNoMapping) {
  EXPECT_EQ(refusal("just text"), "f.yaml:1: a configuration is a mapping of keys to values, not a single value");
  EXPECT_EQ(refusal("- a\n- b\n"), "f.yaml:1: a configuration is a mapping of keys to values, not a list");
}

TEST(ConfigFile, RefusesListsAndKeysBelowValues) {
  EXPECT_EQ(refusal("auth:\n  audience:\n    - a\n"), "f.yaml:3: auth.audience takes one value, not a list");
  EXPECT_EQ(refusal("auth:\n  issuer:\n    name: a\n"), "f.yaml:3: auth.issuer takes one value, not keys of its own");
  EXPECT_EQ(refusal("server:\n  tls:\n    key: a\n"), "f.yaml:3: server.tls takes one value, not keys of its own");
  EXPECT_NE(refusal("data_dir: [a]"), "");
  EXPECT_NE(refusal("? [a]\n: b\n"), "");
  EXPECT_NE(refusal("? {a: b}\n: c\n"), "");
  EXPECT_NE(refusal("hub:\n  ? {a: b}\n  : c\n"), "");
  EXPECT_NE(refusal(": a\n"), "");
}

TEST(ConfigFile, TakesAListWhereTheKeyIsOne) {
  const auto value = [](const std::string& items) {
    return read_settings("server:\n  listen: a\n  trusted_proxies: " + items + "\n", "f.yaml").value().at(1).value;
  };
  EXPECT_EQ(value("[10.0.0.0/8, \"::1\"]"), "10.0.0.0/8 ::1");
  EXPECT_EQ(value("\n    - 10.0.0.0/8\n    - '::1'"), "10.0.0.0/8 ::1");
  EXPECT_EQ(value("[]"), "none");
  EXPECT_EQ(value("10.0.0.0/8 ::1"), "10.0.0.0/8 ::1");
  EXPECT_EQ(refusal("server:\n  cors_origins: [a, [b]]\n"), "f.yaml:2: the items of server.cors_origins are texts");
  EXPECT_EQ(refusal("server:\n  cors_origins:\n    - a: b\n"), "f.yaml:3: the items of server.cors_origins are texts");
  EXPECT_EQ(refusal("server:\n  cors_origins:\n    - a\n    - ~\n"), "f.yaml:4: an item of server.cors_origins has no value");
  EXPECT_EQ(refusal("server:\n  cors_origins: [a b]\n"), "f.yaml:2: an item of server.cors_origins is one word");
  EXPECT_EQ(refusal("server:\n  cors_origins: ['']\n"), "f.yaml:2: an item of server.cors_origins is one word");
  EXPECT_NE(refusal("server:\n  cors_origins: &x [a]\n"), "");
  EXPECT_NE(refusal("server:\n  cors_origins: [*x]\n"), "");
  EXPECT_NE(refusal("server:\n  cors_origins: !!set [a]\n"), "");
  EXPECT_NE(refusal("server:\n  cors_origins: [a]\n  cors_origins: [a]\n"), "");
}

TEST(ConfigFile, RefusesTagsAndSecondDocuments) {
  EXPECT_EQ(refusal("data_dir: !!binary aGk=\n"), "f.yaml:1: tags (!name) are not taken");
  EXPECT_NE(refusal("!x {data_dir: a}"), "");
  EXPECT_NE(refusal("data_dir: a\n---\ndata_dir: b\n"), "");
}

TEST(ConfigFile, SaysInWhichLineItIsNotYaml) {
  EXPECT_TRUE(refusal("data_dir: a\nhub:\n  a: \"open\n").starts_with("f.yaml:"))
      << refusal("data_dir: a\nhub:\n  a: \"open\n");
  EXPECT_TRUE(refusal("data_dir: a\nhub:\n\ta: 1\n").starts_with("f.yaml:3: this is not YAML"));
  EXPECT_NE(refusal("a: b: c"), "");
  EXPECT_NE(refusal("}"), "");
}

TEST(ConfigFile, RefusesAQuoteThatIsNotClosedInItsLine) {  // else it swallows the keys behind it, and nobody is told
  const std::string why = "a value stands in one line, and a quote that is opened is closed in it";
  EXPECT_EQ(refusal("data_dir: a\nhub:\n  a: \"open\n"), "f.yaml:3: " + why);
  EXPECT_EQ(refusal("a: 'open\nb: 1\n"), "f.yaml:1: " + why);
  EXPECT_EQ(refusal("a: 'open\nb: it''s\n"), "f.yaml:1: " + why);
  EXPECT_EQ(refusal("a: \"x\\\"\nb: \"\n"), "f.yaml:1: " + why);
  EXPECT_EQ(refusal("a: |\n  text\n"), "f.yaml:1: " + why);
}

TEST(ConfigFile, ReadsQuotedValues) {
  const auto read =
      read_settings("\xEF\xBB\xBF\"a\": 'it''s' # it's\nb: {\"\xC3\xBC\": \"\\\"x\\\" \\\\\"}\r\nc: 'z'\r\n", "f.yaml").value();
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read[0].value, "it's");
  EXPECT_EQ(read[1].name, "b.\xC3\xBC");
  EXPECT_EQ(read[1].value, "\"x\" \\");
  EXPECT_EQ(read[2].value, "z");
}

TEST(ConfigFile, StandsDeepNesting) {
  EXPECT_NE(refusal(std::string(100'000, '[')), "");
  EXPECT_NE(refusal(std::string(100'000, '{')), "");
  std::string deep;
  for (int i = 0; i < 2000; ++i) deep += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_NE(refusal(deep), "");
}

}  // namespace
}  // namespace haulcast::app
