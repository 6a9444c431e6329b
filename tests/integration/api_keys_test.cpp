// X-API-Key: machines come in, each with the role and the scope of its key, and nobody else does.
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>

#include "haulcast/auth/api_key_file.hpp"
#include "integration/key_ring.hpp"
#include "integration/raw_connection.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr const char* roles[] = {"driver", "customer", "merchant", "admin"};

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream all;
  all << std::ifstream{file}.rdbuf();
  return all.str();
}

client::ws_client with_key(const server& s, const std::string& key) {
  client::ws_options o;
  o.token = key;
  return client::ws_client{s.base(), o};
}

TEST(ApiKeys, EachRoleComesInOverHttpAndDoesWhatItMay) {
  const key_ring keys;
  std::map<std::string, std::string> key_of;
  for (const std::string role : roles) key_of[role] = keys.make("of-" + role, role);
  server s{keys.options()};
  const auto begin = now_ms() - 60'000;
  api admin{s.base(), key_of["admin"]};
  must_post(admin, {driving("TRK-1", begin, 1), driving("TRK-2", begin, 1)});
  for (const auto& [role, key] : key_of) {
    SCOPED_TRACE(role);
    api as{s.base(), key};
    const bool posts = role == "admin" || role == "driver";
    const auto own = as.post("/v1/positions", batch({driving("TRK-1", begin, 2)}));
    const auto foreign = as.post("/v1/positions", batch({driving("TRK-2", begin, 2)}));
    if (posts) {
      EXPECT_EQ(own.status, 200u);
    } else {
      expect_problem(own, 403, "role_not_allowed");
    }
    if (role == "driver") expect_problem(foreign, 403, "truck_not_yours");
    EXPECT_EQ(as.get("/v1/trucks").body.at("items").size(), role == "admin" ? 2u : role == "driver" ? 1u : 0u);
    EXPECT_EQ(as.get("/v1/trucks/TRK-1/position").status, posts ? 200u : 404u);
    EXPECT_EQ(as.get("/v1/trucks/TRK-2/position").status, role == "admin" ? 200u : 404u);
  }
}

TEST(ApiKeys, EachRoleComesInOverWebSocketAndSeesWhatItMay) {
  const key_ring keys;
  std::map<std::string, std::string> key_of;
  for (const std::string role : roles) key_of[role] = keys.make("of-" + role, role);
  server s{keys.options()};
  for (const auto& [role, key] : key_of) {
    SCOPED_TRACE(role);
    auto ws = with_key(s, key);
    const auto refused = ws.connect();
    ASSERT_FALSE(refused) << refused->what;
    const auto told = subscribe(ws, {{"trucks", {"TRK-1", "TRK-2"}}});
    const auto granted = role == "admin"    ? json::array({"TRK-1", "TRK-2"})
                         : role == "driver" ? json::array({"TRK-1"})
                                            : json::array();
    EXPECT_EQ(told.at("trucks"), granted);
    ws.send(R"({"type":"subscribe","all":true})");
    if (role == "admin") {
      next_frame(ws, "subscribed");
    } else {
      EXPECT_EQ(next_frame(ws, "error").at("code"), "not_allowed");
    }
  }
}

TEST(ApiKeys, EachRoleComesInToTheEventStreamAndSeesWhatItMay) {
  const key_ring keys;
  std::map<std::string, std::string> key_of;
  for (const std::string role : roles) key_of[role] = keys.make("of-" + role, role);
  server s{keys.options()};
  auto admin = s.as();
  for (const char* truck : {"TRK-2", "TRK-1", "TRK-3"}) must_post(admin, {driving(truck, now_ms() - 5000, 1)});
  for (const auto& [role, key] : key_of) {
    SCOPED_TRACE(role);
    stream_reader stream{s.base(), key, "/v1/events/stream?after=0", "application/x-ndjson"};
    ASSERT_EQ(stream.status(), 200u) << stream.head();
    if (role == "admin" || role == "driver") {
      const auto first = stream.line();
      ASSERT_TRUE(first);
      EXPECT_EQ(json::parse(*first).at("subject"), role == "admin" ? "truck/TRK-2" : "truck/TRK-1");
    } else {
      EXPECT_FALSE(stream.line(100ms));
    }
  }
}

TEST(ApiKeys, WhateverIsWrongWithOneTheAnswerIsThatToABadToken) {
  const key_ring keys;
  const auto good = keys.make("ops", "admin");
  const auto revoked = keys.make("gone", "admin");
  ASSERT_EQ(keys.run({"revoke", "gone"}).exit.code, 0);
  server s{keys.options()};
  ASSERT_EQ(api(s.base(), good).get("/v1/trucks").status, 200u);
  const auto bad_token = api(s.base(), "not.a.token").get("/v1/trucks");
  expect_problem(bad_token, 401, "token_invalid");
  auto near = good;
  near[20] = near[20] == 'A' ? 'B' : 'A';
  const auto stored = json::parse(text_of(keys.file())).at("keys")[0].at("sha256").get<std::string>();
  api nobody{s.base(), ""};
  for (const auto& wrong : {near, revoked, good + "A", good.substr(0, 45), "HK_" + good.substr(3), good.substr(3), stored,
                            "hk_" + stored.substr(0, 43), std::string{"hk_"}, std::string{}, std::string(6000, 'h')}) {
    SCOPED_TRACE(wrong);
    const auto answer = nobody.get("/v1/trucks", {{"X-API-Key", wrong}});
    EXPECT_EQ(answer.status, 401u);
    EXPECT_EQ(answer.raw.body, bad_token.raw.body);
    EXPECT_EQ(answer.raw.header("www-authenticate"), bad_token.raw.header("www-authenticate"));
  }
  EXPECT_EQ(api(s.base(), s.token()).get("/v1/trucks", {{"X-API-Key", good}}).raw.body, bad_token.raw.body)
      << "two credentials, both good: nobody can say which one counts";
  EXPECT_EQ(api(s.base(), good).get("/v1/trucks", {{"X-API-Key", good}}).raw.body, bad_token.raw.body);
  EXPECT_EQ(nobody.get("/v1/trucks", {{"Authorization", "Bearer " + good}}).raw.body, bad_token.raw.body) << "it is no token";
  const auto refused = with_key(s, near).connect();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 401u);
}

TEST(ApiKeys, ThatHasExpiredIsToldSo) {
  const key_ring keys;
  const auto key = auth::new_api_key().value();
  const auto now = std::chrono::floor<seconds>(system_now());
  ASSERT_TRUE(
      auth::add_api_key(
          keys.file(),
          {.name = "old", .digest = auth::sha256{}(key), .who = auth::role::admin, .created = now - 2h, .expires = now - 1h})
          .value());
  server s{keys.options()};
  expect_problem(api(s.base(), key).get("/v1/trucks"), 401, "token_expired");
}

TEST(ApiKeys, StandInNoLogNoMetricAndNoFile) {
  const key_ring keys;
  const auto good = keys.make("ops", "admin");
  const auto forged = auth::new_api_key().value();
  server s{keys.options()};
  api ops{s.base(), good};
  must_post(ops, {driving("TRK-1", now_ms() - 5000, 1)});
  api(s.base(), forged).get("/v1/trucks");
  auto ws = with_key(s, good);
  ASSERT_FALSE(ws.connect());
  subscribe(ws, {{"all", true}});
  const std::string page = api(s.base(), "").get("/metrics").raw.body;
  EXPECT_EQ(metric(page, "haulcast_api_keys"), 1);
  EXPECT_EQ(s.stop().code, 0);
  for (const auto& text : {page, s.log(), text_of(keys.file())}) {
    EXPECT_EQ(text.find(good.substr(3)), std::string::npos);
    EXPECT_EQ(text.find(forged.substr(3)), std::string::npos);
  }
  struct stat status{};
  ASSERT_EQ(::stat(keys.file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(ApiKeys, AreReadAgainOnSighupAndADamagedFileChangesNothing) {
  const key_ring keys;
  const auto first = keys.make("first", "admin");
  server s{keys.options()};
  const auto status = [&](const std::string& key) { return api{s.base(), key}.get("/v1/trucks").status; };
  const auto successful = [&] {
    return metric(s.as().get("/metrics").raw.body, "haulcast_config_last_reload_successful").value_or(-1);
  };
  auto follower = with_key(s, first);
  ASSERT_FALSE(follower.connect());

  const auto second = keys.make("second", "admin");
  EXPECT_EQ(keys.run({"revoke", "first"}).exit.code, 0);
  EXPECT_EQ(status(second), 401U);
  const auto ticket = api{s.base(), first}.post_text("/v1/ws-tickets", "").body.at("ticket").get<std::string>();
  s.process().signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return status(second) == 200; }));
  EXPECT_EQ(status(first), 401U);
  client::ws_options bought;
  bought.target = "/v1/ws?ticket=" + ticket;
  const auto refused = client::ws_client{s.base(), bought}.connect();
  ASSERT_TRUE(refused) << "what was bought with it opens nothing any more";
  EXPECT_EQ(refused->status, 401U);
  EXPECT_EQ(successful(), 1);
  EXPECT_FALSE(follower.receive(20s));
  ASSERT_TRUE(follower.ended()) << "what was opened with it is closed";
  EXPECT_EQ(follower.ended()->code, 4401);

  auto other = with_key(s, second);
  ASSERT_FALSE(other.connect());
  std::ofstream{keys.file()} << "damaged";
  s.process().signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return successful() == 0; }));
  EXPECT_EQ(status(second), 200U);
  other.send(R"({"type":"ping"})");
  EXPECT_EQ(other.receive(20s), R"({"type":"pong"})") << "such a reload drops nobody";
}

TEST(ApiKeys, OneIsRevokedByItsSubjectToo) {
  const key_ring keys;
  const auto lost = keys.make("lost", "admin");
  const auto kept = keys.make("kept", "admin");
  const auto revoked = keys.file().parent_path() / "revoked";
  std::ofstream{revoked} << "# nobody\n";
  auto options = keys.options();
  options.environment["HAULCAST_AUTH__REVOKED"] = revoked.string();
  server s{options};
  auto follower = with_key(s, lost);
  ASSERT_FALSE(follower.connect());
  std::ofstream{revoked} << "key:lost\n";
  s.process().signal(SIGHUP);
  EXPECT_FALSE(follower.receive(20s));
  ASSERT_TRUE(follower.ended());
  EXPECT_EQ(follower.ended()->code, 4401);
  EXPECT_EQ(api(s.base(), lost).get("/v1/trucks").status, 401U);
  EXPECT_EQ(api(s.base(), kept).get("/v1/trucks").status, 200U);
}

TEST(ApiKeys, ADamagedFileOfThemStartsNoServer) {
  const key_ring keys;
  std::ofstream{keys.file()} << R"({"version": 1, "keys": [{"name": "x"}]})";
  child_options o;
  o.program = HAULCAST_BINARY;
  o.arguments = {"serve"};
  o.environment = keys.options().environment;
  o.environment["HAULCAST_SERVER__LISTEN"] = "127.0.0.1:0";
  o.directory = keys.file().parent_path();
  const auto refused = run_to_end(o, 60s);
  EXPECT_EQ(refused.exit.code, 3);
  EXPECT_EQ(refused.out, "");
  EXPECT_NE(refused.err.find(keys.file().string() + " key 1"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace haulcast::support
