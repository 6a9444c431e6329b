// Who is believed, and how that changes while the server runs.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <set>

#include "auth/lies.hpp"
#include "integration/raw_connection.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using auth::signer;
using nlohmann::json;

/// An issuer beside the server: keys in files, tokens signed with them.
class issuer {
 public:
  issuer() {
    write("r.pem", auth::keys::rsa_public);
    write("e.pem", auth::keys::ec_public);
  }

  std::string path(std::string_view name) const { return (directory_ / name).string(); }
  /// At once: the server may read it at any time.
  void write(std::string_view name, std::string_view text) const {
    std::ofstream{directory_ / "draft"} << text;
    std::filesystem::rename(directory_ / "draft", directory_ / name);
  }
  /// What stands in the configuration for both keys.
  std::string both() const {
    return "[{file: " + path("r.pem") + ", alg: RS256, kid: r}, {file: " + path("e.pem") + ", alg: ES256, kid: e}]";
  }

  static const signer& rsa() {
    static const signer made{auth::keys::rsa_private};
    return made;
  }
  static const signer& ec() {
    static const signer made{auth::keys::ec_private};
    return made;
  }
  static std::string payload(std::string_view subject, std::string_view role = "admin") {
    const auto in_an_hour = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() + 1h);
    return json{{"sub", subject}, {"role", role}, {"exp", in_an_hour}}.dump();
  }
  static std::string by_rsa(std::string_view subject = "S") {
    return rsa().token(R"({"alg":"RS256","kid":"r"})", payload(subject));
  }
  static std::string by_ec(std::string_view subject = "S") {
    return ec().token(R"({"alg":"ES256","kid":"e"})", payload(subject));
  }

 private:
  temp_directory directory_;
};

unsigned status_of(const server& s, const std::string& token) { return api{s.base(), token}.get("/v1/trucks").status; }

double metric_of(const server& s, std::string_view name) {
  return metric(api{s.base(), {}}.get("/metrics").raw.body, name).value_or(-1);
}

void hang_up(server& s) { s.process().signal(SIGHUP); }

client::ws_client connected(const server& s, const std::string& token) {
  client::ws_options o;
  o.token = token;
  client::ws_client ws{s.base(), std::move(o)};
  const auto refused = ws.connect();
  EXPECT_FALSE(refused) << refused->what;
  return ws;
}

bool answers(client::ws_client& ws) {
  ws.send(R"({"type":"ping"})");
  return !next_frame(ws, "pong").is_null();
}

/// The body of the answer to a handshake with this token among its subprotocols.
std::string refused_handshake(const server& s, const std::string& token) {
  raw_connection raw{s.base()};
  raw.send("GET /v1/ws HTTP/1.1\r\nHost: " + s.base().authority() +
           "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: haulcast.v1, bearer." +
           token + "\r\n\r\n");
  const auto answer = raw.read_to_end(20s).value_or("");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 401 ")) << answer;
  return answer.substr(std::min(answer.find("\r\n\r\n"), answer.size() - 4) + 4);
}

TEST(Identity, TokensOfEveryConfiguredKeyAreBelieved) {
  const issuer idp;
  server s({.environment = {{"HAULCAST_AUTH__KEYS", idp.both()}}});
  for (const auto& token : {issuer::by_rsa(), issuer::by_ec(), s.token()}) {
    EXPECT_EQ(status_of(s, token), 200U);
    auto ws = connected(s, token);
    EXPECT_TRUE(answers(ws));
  }
}

TEST(Identity, EveryLieGetsTheSameAnswerOverHttpAndWebSocket) {
  const issuer idp;
  server s({.environment = {{"HAULCAST_AUTH__KEYS", idp.both()},
                            {"HAULCAST_LOG__LEVEL", "trace"},
                            {"HAULCAST_LIMITS__FAILED_LOGINS_PER_MINUTE", "0"}}});
  const auto in_an_hour = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() + 1h);
  std::set<std::string> bodies;
  std::size_t told = 0;
  for (const auto& [how, token] : auth::all_lies(server::secret(), std::to_string(in_an_hour))) {
    const bool fits_into_a_header = std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7F && c != ','; });
    if (!fits_into_a_header) continue;
    ++told;
    const auto answer = api{s.base(), token}.get("/v1/trucks");
    EXPECT_EQ(answer.status, 401U) << how;
    EXPECT_EQ(answer.body.value("code", ""), "token_invalid") << how;
    bodies.insert(answer.raw.body);
    if (token.size() <= auth::token_bytes_max) bodies.insert(refused_handshake(s, token));
  }
  EXPECT_GT(told, 120U);
  EXPECT_EQ(bodies.size(), 1U) << json(bodies).dump(2);
  EXPECT_EQ(s.stop().code, 0);
  EXPECT_EQ(s.log().find("eyJ"), std::string::npos) << "a token is in the log";
}

TEST(Identity, KeysRotateUnderLoadAndNoSocketEnds) {
  issuer idp;
  const auto old_key = "{" + issuer::rsa().jwk_members() + R"(,"alg":"RS256","kid":"r"})";
  const auto new_key = "{" + issuer::ec().jwk_members() + R"(,"alg":"ES256","kid":"e"})";
  const auto publish = [&](const std::string& keys) { idp.write("jwks.json", R"({"keys":[)" + keys + "]}"); };
  publish(old_key);
  server s({.environment = {{"HAULCAST_AUTH__KEYS", "[{jwks: " + idp.path("jwks.json") + "}]"}}});
  const auto keys = [&](double count) { return eventually([&] { return metric_of(s, "haulcast_auth_keys") == count; }); };

  std::vector<client::ws_client> sockets;
  for (int i = 0; i < 10; ++i) {
    sockets.push_back(connected(s, issuer::by_rsa("viewer")));
    subscribe(sockets.back(), {{"trucks", {"TRK-1"}}, {"events", {"stop.*"}}});
  }
  std::atomic<bool> enough = false;
  std::atomic<int> posted = 0;
  std::atomic<int> refused = 0;
  std::thread load{[&] {
    auto driver = s.as();
    const auto begin = now_ms() - 3'600'000;
    for (int step = 0; !enough; ++step) {
      const auto answer = driver.post("/v1/positions", batch({driving("TRK-1", begin, step)}));
      (answer.status == 200 ? posted : refused)++;
    }
  }};
  EXPECT_EQ(status_of(s, issuer::by_ec()), 401U);
  publish(old_key + "," + new_key);
  hang_up(s);
  EXPECT_TRUE(keys(3));  // the secret is one
  EXPECT_EQ(status_of(s, issuer::by_rsa("viewer")), 200U);
  EXPECT_EQ(status_of(s, issuer::by_ec()), 200U);
  publish(new_key);
  hang_up(s);
  EXPECT_TRUE(keys(2));
  EXPECT_EQ(status_of(s, issuer::by_rsa("viewer")), 401U) << "though it was believed, and is remembered";
  EXPECT_EQ(status_of(s, issuer::by_ec()), 200U);
  for (int i = 0; i < 20; ++i) hang_up(s);
  enough = true;
  load.join();
  EXPECT_GT(posted, 0);
  EXPECT_EQ(refused, 0);
  for (auto& ws : sockets) EXPECT_TRUE(answers(ws));
}

TEST(Identity, ARevokedSubjectLosesItsSocketsAndStreamsAndNobodyElseDoes) {
  issuer idp;
  idp.write("revoked", "# nobody yet\n");
  server s({.environment = {{"HAULCAST_AUTH__KEYS", idp.both()}, {"HAULCAST_AUTH__REVOKED", idp.path("revoked")}}});
  std::vector<client::ws_client> theirs;
  std::vector<client::ws_client> others;
  for (int i = 0; i < 20; ++i) {
    theirs.push_back(connected(s, issuer::by_ec("lost-phone")));
    others.push_back(connected(s, issuer::by_ec("phone-" + std::to_string(i))));
  }
  stream_reader their_stream{s.base(), issuer::by_rsa("lost-phone"), "/v1/events/stream", "text/event-stream"};
  stream_reader other_stream{s.base(), issuer::by_rsa("phone"), "/v1/events/stream", "application/x-ndjson"};
  ASSERT_EQ(their_stream.status(), 200U);

  idp.write("revoked", "# on Monday:\nlost-phone\n");
  const auto asked = std::chrono::steady_clock::now();
  hang_up(s);
  for (auto& ws : theirs) {
    EXPECT_FALSE(ws.receive(20s));
    ASSERT_TRUE(ws.ended());
    EXPECT_EQ(ws.ended()->code, 4401);
  }
  EXPECT_FALSE(their_stream.line());
  EXPECT_TRUE(their_stream.over());
  const auto took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - asked);
  RecordProperty("closed_within_ms", static_cast<int>(took.count()));

  for (const auto& token : {issuer::by_ec("lost-phone"), issuer::by_rsa("lost-phone")}) {
    expect_problem(api{s.base(), token}.get("/v1/trucks"), 401, "token_invalid");
  }
  for (auto& ws : others) EXPECT_TRUE(answers(ws));
  auto admin = s.as();
  must_post(admin, {driving("TRK-1", now_ms() - 5000, 1)});
  EXPECT_TRUE(other_stream.line());
  EXPECT_EQ(metric_of(s, "haulcast_auth_revoked_subjects"), 1);
  EXPECT_EQ(metric_of(s, R"(haulcast_live_closed_total{code="4401"})"), 20);
}

TEST(Identity, ABrokenFileLeavesWhatWasInForceAndSaysSo) {
  issuer idp;
  server s({.environment = {{"HAULCAST_AUTH__KEYS", idp.both()}}});
  const auto succeeded = "haulcast_config_last_reload_successful";
  const auto when = metric_of(s, "haulcast_config_last_reload_success_timestamp_seconds");
  EXPECT_EQ(metric_of(s, succeeded), 1);
  EXPECT_GT(when, 1.7e9);
  auto ws = connected(s, issuer::by_rsa());
  idp.write("e.pem", auth::keys::ec_private);  // given by mistake
  hang_up(s);
  EXPECT_TRUE(eventually([&] { return metric_of(s, succeeded) == 0; }));
  EXPECT_EQ(metric_of(s, "haulcast_config_last_reload_success_timestamp_seconds"), when);
  EXPECT_TRUE(eventually([&] { return s.log().find("e.pem holds a private key") != std::string::npos; })) << s.log();
  EXPECT_EQ(s.log().find("PRIVATE"), std::string::npos);
  EXPECT_EQ(status_of(s, issuer::by_ec()), 200U);
  EXPECT_TRUE(answers(ws));

  idp.write("e.pem", auth::keys::ec_public);
  hang_up(s);
  EXPECT_TRUE(eventually([&] { return metric_of(s, succeeded) == 1; }));
  EXPECT_GE(metric_of(s, "haulcast_config_last_reload_success_timestamp_seconds"), when);
}

TEST(Identity, AReloadReadsTheConfigurationAndTheSecretsFileAgain) {
  issuer idp;
  const std::string second = "another-secret-that-is-long-enough-too";
  idp.write("secret", server::secret());
  const auto write_config = [&](const std::string& auth) { idp.write("haulcast.yaml", "auth:\n  leeway_s: 0\n" + auth); };
  write_config("");
  server s({.environment = {{"HAULCAST_AUTH__HS256_SECRET", ""}, {"HAULCAST_AUTH__HS256_SECRET_FILE", idp.path("secret")}},
            .arguments = {"--config", idp.path("haulcast.yaml")}});
  const auto first_token = s.token();
  const auto second_token = sign_token({.subject = "S", .role = "admin"}, second);
  EXPECT_EQ(status_of(s, first_token), 200U);
  idp.write("secret", second);
  write_config("  hs256_previous_secret: " + std::string{server::secret()} + "\n  keys:\n    - file: " + idp.path("r.pem") +
               "\n      alg: RS256\n");
  hang_up(s);
  EXPECT_TRUE(eventually([&] { return metric_of(s, "haulcast_auth_keys") == 3; }));
  for (const auto& token : {first_token, second_token, issuer::by_rsa()}) EXPECT_EQ(status_of(s, token), 200U);
  write_config("  issuer: https://idp.example\n");
  hang_up(s);
  EXPECT_TRUE(eventually([&] { return metric_of(s, "haulcast_auth_keys") == 1; }));
  for (const auto& token : {first_token, second_token, issuer::by_rsa()}) EXPECT_EQ(status_of(s, token), 401U);
}

TEST(Identity, AServerDoesNotStartWithAKeyThatIsNone) {
  const issuer idp;
  idp.write("short.pem", auth::keys::rsa_of_1024_bits);
  const child_outcome ended =
      run_to_end({.program = HAULCAST_BINARY,
                  .arguments = {"serve"},
                  .environment = {{"HAULCAST_AUTH__KEYS", "[{file: " + idp.path("short.pem") + ", alg: RS256}]"},
                                  {"HAULCAST_SERVER__LISTEN", "127.0.0.1:0"},
                                  {"HAULCAST_DATA_DIR", idp.path("data")}}});
  EXPECT_EQ(ended.exit.code, 2);
  EXPECT_NE(ended.err.find("HAULCAST_AUTH__KEYS: " + idp.path("short.pem") + " has 1024 bits; RSA keys have at least 2048"),
            std::string::npos)
      << ended.err;
}

}  // namespace
}  // namespace haulcast::support
