#include "haulcast/app/config.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "haulcast/app/config_keys.hpp"
#include "temporary_directory.hpp"

namespace haulcast::app {
namespace {

using namespace std::chrono_literals;

const std::string good_secret(32, 's');

class Config : public testing::Test {
 protected:
  /// "" when it loads; file names are cut down to what follows the directory.
  std::string refusal(std::string_view yaml, const environment& variables = {}) const {
    const auto loaded = load(yaml, variables);
    if (loaded) return "";
    const auto path = directory_ / "";
    auto what = loaded.error().what;
    for (auto at = what.find(path); at != std::string::npos; at = what.find(path)) what.erase(at, path.size());
    return what;
  }
  result<config> load(std::string_view yaml, const environment& variables = {}) const {
    return load_config(directory_.write("f.yaml", yaml), variables);
  }

  temporary_directory directory_;
};

TEST_F(Config, WithoutFileAndVariablesIsTheDefaults) {
  const auto cfg = load_config(std::nullopt, {}).value();
  EXPECT_EQ(cfg.server.listen, "127.0.0.1:8080");
  EXPECT_EQ(cfg.data_dir, "./haulcast-data");
  EXPECT_EQ(cfg.auth.hs256_secret, std::nullopt);
  EXPECT_TRUE(validate(cfg));
}

TEST_F(Config, IsReadFromAFileAndTheEnvironmentGoesBefore) {
  const auto yaml = "journal:\n  sync: normal\n  retention_hours: 48\nengine:\n  stop_speed_kmh: 2.5\n";
  const auto cfg = load(yaml, {{"HAULCAST_JOURNAL__SYNC", "full"}, {"HAULCAST_DATA_DIR", "/var/lib/x"}}).value();
  EXPECT_EQ(cfg.journal.sync, "full");
  EXPECT_EQ(cfg.journal.retention, 48h);
  EXPECT_EQ(cfg.engine.stop_speed_kmh, 2.5);
  EXPECT_EQ(cfg.data_dir, "/var/lib/x");
}

TEST_F(Config, RefusesUnknownKeysWithTheirPlaceAndTheLikelyOne) {
  EXPECT_EQ(refusal("journal:\n  snyc: full\n"),
            "f.yaml:2: journal.snyc is not a key of the configuration; did you mean journal.sync?");
  EXPECT_EQ(refusal("jurnal:\n  sync: full\n"),
            "f.yaml:2: jurnal.sync is not a key of the configuration; did you mean journal.sync?");
  EXPECT_EQ(refusal("server:\n  data_dir: x\n"),
            "f.yaml:2: server.data_dir is not a key of the configuration; did you mean data_dir?");
  EXPECT_EQ(refusal("colour: green\n"), "f.yaml:1: colour is not a key of the configuration");
  EXPECT_EQ(refusal("<<: {}\n"), "");  // no key in it, nothing said
  EXPECT_LT(refusal(std::string(10'000, 'k') + ": 1\n").size(), 200U);
}

TEST_F(Config, TellsNoValueThatStandsInAKeysPlace) {
  EXPECT_EQ(
      refusal("auth:\n  issuer: x\n  hs256_secret:hidden\n"),
      "f.yaml:3: auth.hs256_secret is followed by something that is no part of a key; between key and value stand a colon "
      "and a blank");
  for (const char* yaml :
       {"auth:\n  hs256_secret=hidden: x\n", "auth:\n  hs256_secret hidden: x\n", "auth: hs256_secret:hidden\n",
        "auth:\n  hs256_secret: *hidden\n", "auth:\n  hs256_secret: &hidden x\n"}) {
    EXPECT_NE(refusal(yaml), "") << yaml;
    EXPECT_EQ(refusal(yaml).find("hidden"), std::string::npos) << refusal(yaml);
  }
}

TEST_F(Config, IsRefusedInOneLine) {
  for (const char* yaml : {"\"jour\\nnal\": 1\n", "data_dir: \"a\\nb\"\n", "ingest:\n  max_batch: \"5\\n\"\n",
                           "log:\n  level: \"\\e[2J\"\n", "data_dir: \"\\\x01\"\n"}) {
    const auto why = refusal(yaml);
    EXPECT_NE(why, "") << yaml;
    EXPECT_TRUE(std::ranges::none_of(why, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) << why;
  }
}

TEST_F(Config, RefusesASectionAsAValue) {
  EXPECT_EQ(refusal("journal: full\n"), "f.yaml:1: journal is a section; its keys stand below it, indented");
  EXPECT_EQ(refusal("journal:\n"), "");
}

TEST_F(Config, RefusesValuesThatAreNotOfTheirKind) {
  EXPECT_EQ(refusal("ingest:\n  max_batch: 08\n"), "f.yaml:2: ingest.max_batch must be a whole number; it is 08");
  EXPECT_EQ(refusal("ingest:\n  max_batch: many\n"), "f.yaml:2: ingest.max_batch must be a whole number; it is many");
  EXPECT_EQ(refusal("ingest:\n  max_batch:\n"), "f.yaml:2: ingest.max_batch has no value");
  EXPECT_EQ(refusal("filters:\n  enabled: yes\n"), "f.yaml:2: filters.enabled must be true or false; it is yes");
  EXPECT_EQ(refusal("engine:\n  stop_speed_kmh: .nan\n"), "f.yaml:2: engine.stop_speed_kmh must be a number; it is .nan");
  EXPECT_EQ(refusal("journal:\n  sync: maybe\n"), "f.yaml:2: journal.sync must be full or normal; it is maybe");
  EXPECT_EQ(refusal("log:\n  level: loud\n"), "f.yaml:2: log.level must be trace, debug, info, warn, error or off; it is loud");
  EXPECT_EQ(refusal("data_dir: \"\"\n"), "f.yaml:1: data_dir must not be empty; it is ");
  EXPECT_EQ(refusal("data_dir: \"a\\u0000b\"\n").substr(0, 51), "f.yaml:1: data_dir must not hold control characters");
  EXPECT_NE(refusal("server:\n  listen: 8080\n"), "");
  EXPECT_NE(refusal("hub:\n  max_pending_bytes: 64 kB\n"), "");
}

TEST_F(Config, RefusesValuesOutOfRangeAndTakesTheEnds) {
  EXPECT_EQ(refusal("ingest:\n  max_batch: 0\n"), "f.yaml:2: ingest.max_batch must be from 1 to 10000; it is 0");
  EXPECT_EQ(refusal("ingest:\n  max_batch: 10001\n"), "f.yaml:2: ingest.max_batch must be from 1 to 10000; it is 10001");
  EXPECT_EQ(refusal("ingest:\n  max_batch: 1\n"), "");
  EXPECT_EQ(refusal("ingest:\n  max_batch: 10000\n"), "");
  EXPECT_EQ(refusal("journal:\n  retention_hours: 0\n"),
            "f.yaml:2: journal.retention_hours must be from 1 to 8760 hours; it is 0");
  EXPECT_EQ(refusal("hub:\n  max_pending_bytes: 1\n"), "f.yaml:2: hub.max_pending_bytes must be from 4 KiB to 64 MiB; it is 1");
  EXPECT_EQ(refusal("filters:\n  max_speed_kmh: 1e300\n"),
            "f.yaml:2: filters.max_speed_kmh must be from 10 to 2000 km/h; it is 1e300");
}

TEST_F(Config, EveryNumberRefusesWhatLiesBeyondItsEnds) {
  for (const auto& key : config_keys()) {
    if (key.max <= key.min) continue;
    config cfg;
    const auto text = [&](double n) { return std::to_string(static_cast<long long>(n)); };
    EXPECT_TRUE(set_key(cfg, key, text(key.max))) << key.name;
    EXPECT_FALSE(set_key(cfg, key, text(key.max + 1))) << key.name;
    if (key.min >= 1) EXPECT_FALSE(set_key(cfg, key, text(key.min - 1))) << key.name;
  }
}

TEST_F(Config, TakesSizesWithUnits) {
  EXPECT_EQ(load("journal:\n  max_bytes: 10 GiB\n")->journal.max_bytes, 10ULL << 30);
  EXPECT_EQ(load("journal:\n  max_bytes: 80%\n")->journal.max_bytes, std::nullopt);
  EXPECT_NE(refusal("journal:\n  max_bytes: 70%\n"), "");
}

TEST_F(Config, UnsetsOptionalValuesByTheirWordOrNull) {
  for (const auto* yaml : {"auth:\n  issuer: none\n", "auth:\n  issuer: ~\n", "auth:\n  issuer:\n"}) {
    EXPECT_EQ(load(yaml)->auth.issuer, std::nullopt) << yaml;
  }
  EXPECT_EQ(load("auth:\n  issuer: me\n")->auth.issuer, "me");
}

TEST_F(Config, TakesLists) {
  using list = std::vector<std::string>;
  EXPECT_EQ(load("")->server.trusted_proxies, (list{"127.0.0.0/8", "::1/128"}));
  EXPECT_EQ(load("server:\n  trusted_proxies: [10.0.0.0/8, 192.0.2.7]\n")->server.trusted_proxies,
            (list{"10.0.0.0/8", "192.0.2.7"}));
  EXPECT_EQ(load("server:\n  trusted_proxies: '10.0.0.0/8  192.0.2.7 '\n")->server.trusted_proxies,
            (list{"10.0.0.0/8", "192.0.2.7"}));
  EXPECT_EQ(load("server:\n  trusted_proxies: none\n")->server.trusted_proxies, list{});
  EXPECT_EQ(load("server:\n  trusted_proxies: []\n")->server.trusted_proxies, list{});
  EXPECT_EQ(load("", {{"HAULCAST_SERVER__CORS_ORIGINS", "https://a.example http://localhost:3000"}})->server.cors_origins,
            (list{"https://a.example", "http://localhost:3000"}));
  EXPECT_EQ(load("server:\n  cors_origins: '*'\n")->server.cors_origins, list{"*"});
  const auto cfg = load("server:\n  cors_origins: ['*', https://a.example]\n  trusted_proxies: []\n").value();
  EXPECT_EQ(load(show(cfg))->server.cors_origins, cfg.server.cors_origins);
  EXPECT_EQ(load(show(cfg))->server.trusted_proxies, list{});
}

TEST_F(Config, RefusesListsWithAnItemThatIsNotOfItsKind) {
  EXPECT_EQ(
      refusal("server:\n  trusted_proxies: 10.0.0.1/8\n"),
      "f.yaml:2: server.trusted_proxies has 10.0.0.1/8, which must be an address or a network without bits beyond its prefix, "
      "such as 10.0.0.0/8, 192.0.2.7 or fd00::/8; it is 10.0.0.1/8");
  EXPECT_NE(refusal("server:\n  trusted_proxies: [10.0.0.0/8, proxy.example]\n"), "");
  EXPECT_NE(refusal("server:\n  trusted_proxies: 10.0.0.0/8 none\n"), "");
  EXPECT_NE(refusal("server:\n  trusted_proxies: ''\n"), "");
  EXPECT_NE(refusal("server:\n  trusted_proxies:\n"), "");
  EXPECT_NE(refusal("server:\n  cors_origins: https://a.example/\n"), "");
  EXPECT_NE(refusal("server:\n  cors_origins: https://a.example:443\n"), "");
  EXPECT_NE(refusal("server:\n  cors_origins: https://*.example\n"), "");
  EXPECT_NE(refusal("server:\n  cors_origins: 'null'\n"), "");
}

TEST_F(Config, RefusesPromisesThatAreNotKept) {
  EXPECT_EQ(refusal("redis:\n  url: redis://:pw@host\n"), "f.yaml:2: redis.url takes only none: Redis is not built yet");
  EXPECT_NE(refusal("auth:\n  keys: /etc/keys\n"), "");
  EXPECT_EQ(refusal("redis:\n  url: none\nstore:\n  url: embedded\nauth:\n  keys: none\n"), "");
}

TEST_F(Config, TakesWhatPostgresTakesAndShowsNothingOfIt) {
  EXPECT_EQ(load("store:\n  url: postgresql://u:pw@host:5432/db?sslmode=require\n")->store.url,
            "postgresql://u:pw@host:5432/db?sslmode=require");
  EXPECT_EQ(load("store:\n  url: host=db.example user=u\n")->store.url, "host=db.example user=u");
  for (const std::string url : {"postgres", "postgresql://u:half/pw@host/db", "mysql://u:half@h"}) {
    const auto why = refusal("store:\n  url: " + url + "\n");
    EXPECT_NE(why.find("store.url must be a PostgreSQL URL"), std::string::npos) << why;
    EXPECT_EQ(why.find("half"), std::string::npos) << why;
  }
}

TEST_F(Config, RefusesVariablesThatNoKeyHas) {
  EXPECT_EQ(refusal("", {{"HAULCAST_JOURNAL__SNYC", "full"}}),
            "HAULCAST_JOURNAL__SNYC: journal.snyc is not a key of the configuration; did you mean journal.sync?");
  EXPECT_NE(refusal("", {{"HAULCAST_JOURNAL__SYNC_FILE", "/x"}}), "");  // no secret
  EXPECT_EQ(refusal("", {{"HAULCAST_JOURNAL__SYNC", "maybe"}}),
            "HAULCAST_JOURNAL__SYNC: journal.sync must be full or normal; it is maybe");
}

TEST_F(Config, LeavesVariablesAloneThatAreNotItsOwn) {
  EXPECT_EQ(refusal("", {{"HAULCAST_TOKEN", "t"},
                         {"HAULCAST_PORT", "tcp://10.0.0.1:8080"},
                         {"HAULCAST_PORT_8080_TCP", "x"},
                         {"OTHER__X", "1"}}),
            "");
  EXPECT_EQ(load("journal:\n  sync: normal\n", {{"HAULCAST_JOURNAL__SYNC", ""}})->journal.sync, "normal");
}

TEST_F(Config, ReadsSecretsFromFiles) {
  const auto file = directory_.write("secret", good_secret + "\n");
  EXPECT_EQ(load("", {{"HAULCAST_AUTH__HS256_SECRET_FILE", file}})->auth.hs256_secret, good_secret);
  EXPECT_EQ(refusal("", {{"HAULCAST_AUTH__HS256_SECRET_FILE", file}, {"HAULCAST_AUTH__HS256_SECRET", "x"}}),
            "HAULCAST_AUTH__HS256_SECRET and HAULCAST_AUTH__HS256_SECRET_FILE are both set; one of them must go");
  EXPECT_EQ(refusal("", {{"HAULCAST_AUTH__HS256_SECRET_FILE", directory_ / "nowhere"}}),
            "HAULCAST_AUTH__HS256_SECRET_FILE: cannot read the file it names: No such file or directory");
  directory_.write("secret", "");
  EXPECT_NE(refusal("", {{"HAULCAST_AUTH__HS256_SECRET_FILE", file}}), "");
}

TEST_F(Config, NeverShowsASecret) {
  const auto cfg = load("auth:\n  hs256_secret: " + good_secret + "\n").value();
  EXPECT_EQ(show(cfg).find(good_secret), std::string::npos);
  EXPECT_NE(show(cfg).find("hs256_secret: \"***\""), std::string::npos);
  EXPECT_NE(show(config{}).find("hs256_secret: generated"), std::string::npos);
  EXPECT_EQ(refusal("auth:\n  hs256_secret: \"hush\\nhush\"\n").find("hush"), std::string::npos);
}

TEST_F(Config, RefusesFilesThatCannotBeRead) {
  EXPECT_NE(load_config(directory_ / "none.yaml", {}).error().what.find("none.yaml: cannot be read"), std::string::npos);
  EXPECT_FALSE(load_config(directory_ / "", {}));  // a directory
  EXPECT_EQ(refusal("#" + std::string(1U << 20, 'x')), "f.yaml: a configuration has at most 1 MiB");
  EXPECT_EQ(refusal("#" + std::string((1U << 20) - 1, 'x')), "");
}

TEST_F(Config, ShowsWhatItReadsBack) {
  const auto cfg =
      load("data_dir: \"/a b: #c\\\\\\\"\"\nauth:\n  issuer: \"- x\"\n  audience: \"null\"\njournal:\n  max_bytes: 3 GiB\n")
          .value();
  const auto again = load(show(cfg));
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(again->data_dir, cfg.data_dir);
  EXPECT_EQ(again->auth.issuer, "- x");
  EXPECT_EQ(again->auth.audience, "null");
  EXPECT_EQ(show(*again), show(cfg));
}

config listening(std::string where, std::optional<std::string> secret) {
  config cfg;
  cfg.server.listen = std::move(where);
  cfg.auth.hs256_secret = std::move(secret);
  return cfg;
}

TEST_F(Config, ReadsTheKeysOfOtherIssuersAsAList) {
  const auto cfg = load(
                       "auth:\n  keys:\n    - {file: /etc/idp.pem, alg: RS256, kid: \"2026-a\"}\n    - jwks: /etc/jwks.json\n  "
                       "    alg: ES256\n")
                       .value();
  ASSERT_EQ(cfg.auth.keys.size(), 2U);
  EXPECT_EQ(cfg.auth.keys[0].file, "/etc/idp.pem");
  EXPECT_EQ(cfg.auth.keys[0].alg, "RS256");
  EXPECT_EQ(cfg.auth.keys[0].kid, "2026-a");
  EXPECT_TRUE(cfg.auth.keys[0].where.ends_with("f.yaml:3"));
  EXPECT_EQ(cfg.auth.keys[1].jwks, "/etc/jwks.json");
  EXPECT_TRUE(cfg.auth.keys[1].where.ends_with("f.yaml:4"));
  EXPECT_TRUE(load("auth:\n  keys: none\n")->auth.keys.empty());
  EXPECT_TRUE(load("auth:\n  keys: []\n")->auth.keys.empty());
  const auto again = load(show(cfg));
  ASSERT_TRUE(again) << again.error().what << show(cfg);
  EXPECT_EQ(show(*again), show(cfg));
}

TEST_F(Config, ReadsAListFromAVariableInOneLine) {
  const auto from = [&](const std::string& value) { return load("", {{"HAULCAST_AUTH__KEYS", value}}); };
  const auto cfg = from("[{file: /etc/idp.pem, alg: RS256}, {jwks: /etc/jwks.json}]").value();
  ASSERT_EQ(cfg.auth.keys.size(), 2U);
  EXPECT_EQ(cfg.auth.keys[1].where, "HAULCAST_AUTH__KEYS");
  EXPECT_TRUE(from("none")->auth.keys.empty());
  const auto refusal_of = [&](const std::string& value) { return refusal("", {{"HAULCAST_AUTH__KEYS", value}}); };
  EXPECT_EQ(refusal_of("[{file: /x, alg: RS256}]\nserver:\n  listen: 0.0.0.0:80"),
            "HAULCAST_AUTH__KEYS: a list stands in one line: [{...}, {...}]");
  EXPECT_EQ(refusal_of("/etc/idp.pem"), "HAULCAST_AUTH__KEYS: auth.keys must be a list; it is /etc/idp.pem");
  EXPECT_TRUE(refusal_of("[{file: /x, alg: RS256}").starts_with("HAULCAST_AUTH__KEYS: "));
  EXPECT_TRUE(refusal_of("[{file: /x").starts_with("HAULCAST_AUTH__KEYS: "));
  EXPECT_EQ(refusal_of("[{file: /x, alg: HS256}]"),
            "HAULCAST_AUTH__KEYS: a key in auth.keys has RS256 or ES256 as alg; HS256 is for auth.hs256_secret");
}

TEST_F(Config, RefusesKeysThatSayTooLittleOrTooMuch) {
  const auto of = [&](std::string_view item) { return refusal("auth:\n  keys:\n    - " + std::string{item} + "\n"); };
  EXPECT_EQ(of("{file: /x}"), "f.yaml:3: a key in auth.keys needs alg: RS256 or ES256");
  EXPECT_EQ(of("{file: /x, jwks: /y, alg: RS256}"), "f.yaml:3: a key in auth.keys names one of file and jwks");
  EXPECT_EQ(of("{alg: RS256}"), "f.yaml:3: a key in auth.keys names one of file and jwks");
  EXPECT_EQ(of("{jwks: /x, kid: a}"), "f.yaml:3: a key in auth.keys takes no kid: those of a key set are in it");
  EXPECT_EQ(of("{fiel: /x}"), "f.yaml:3: fiel is nothing that auth.keys knows; it knows file, jwks, alg, kid");
  EXPECT_EQ(of("{file: \"\", alg: RS256}"), "f.yaml:3: the file of a key in auth.keys is a plain text, not empty");
  EXPECT_EQ(of("{file: /x, alg: RS256, file: /y}"), "f.yaml:3: auth.keys has file twice in one item");
  EXPECT_EQ(of("{file: /x, alg: [RS256]}"), "f.yaml:3: auth.keys has a list in its list");
  EXPECT_EQ(of("{file: {a: b}}"), "f.yaml:3: auth.keys nests too deep: an item has words and values");
  EXPECT_EQ(of("{file: ~}"), "f.yaml:3: auth.keys has no value for file");
  EXPECT_EQ(of("/etc/idp.pem"), "f.yaml:3: auth.keys is a list of items such as {word: value}, not of single values");
  EXPECT_EQ(of("~"), "f.yaml:3: auth.keys has an empty item");
  EXPECT_EQ(refusal("auth:\n  keys: &a [{file: /x, alg: RS256}]\n"),
            "f.yaml:2: anchors (&name) are not taken; write the value out");
  EXPECT_EQ(refusal("auth:\n  keys: {file: /x}\n"), "f.yaml:2: auth.keys takes one value, not keys of its own");
}

TEST(Validate, TakesThePreviousSecretBesideAnother) {
  config cfg;
  cfg.auth.hs256_previous_secret = good_secret;
  EXPECT_EQ(validate(cfg).error().what, "auth.hs256_previous_secret needs auth.hs256_secret, which signs from now on");
  cfg.auth.hs256_secret = good_secret;
  EXPECT_EQ(validate(cfg).error().what, "auth.hs256_previous_secret must be another than auth.hs256_secret");
  cfg.auth.hs256_secret = good_secret + "2";
  EXPECT_TRUE(validate(cfg));
  cfg.server.listen = "0.0.0.0:80";
  EXPECT_TRUE(validate(cfg));
  cfg.auth.hs256_previous_secret = "short";
  EXPECT_FALSE(validate(cfg));
}

TEST(Validate, TakesKeysOfAnotherIssuerInsteadOfASecret) {
  config cfg;
  cfg.server.listen = "0.0.0.0:80";
  EXPECT_FALSE(validate(cfg));
  cfg.auth.keys.push_back({.file = "/etc/idp.pem", .alg = "RS256"});
  EXPECT_TRUE(validate(cfg));
  cfg.auth.hs256_secret = "short";
  EXPECT_FALSE(validate(cfg));
}

TEST(Validate, RefusesToListenBeyondLoopbackWithAPoorSecret) {
  EXPECT_TRUE(validate(listening("127.0.0.1:0", std::nullopt)));
  EXPECT_TRUE(validate(listening("[::1]:0", "short")));
  for (const auto* where : {"0.0.0.0:80", "[::]:80", "10.0.0.1:80"}) {
    EXPECT_FALSE(validate(listening(where, std::nullopt))) << where;
    EXPECT_FALSE(validate(listening(where, std::string(31, 's')))) << where;
    EXPECT_TRUE(validate(listening(where, std::string(32, 's')))) << where;
  }
}

TEST(Validate, RefusesSizesThatDoNotFitIntoOneAnother) {
  config cfg;
  cfg.journal.max_bytes = 4 * cfg.journal.segment_bytes;
  EXPECT_TRUE(validate(cfg));
  --*cfg.journal.max_bytes;
  EXPECT_FALSE(validate(cfg));
  cfg = {};
  cfg.journal.max_pending_bytes = cfg.ingest.max_body_bytes;
  EXPECT_TRUE(validate(cfg));
  --cfg.journal.max_pending_bytes;
  EXPECT_FALSE(validate(cfg));
}

}  // namespace
}  // namespace haulcast::app
