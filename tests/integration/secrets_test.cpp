// Secrets planted wherever one can be given, each with a mark of its own: after normal requests, bad ones, and failures, none
// stands in a log line, an answer, a metric or an error.
#include <gtest/gtest.h>

#include <csignal>

#include <fstream>

#include "haulcast/auth/base64url.hpp"
#include "integration/http_attack.hpp"
#include "integration/key_ring.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

/// Long enough for a secret, and found nowhere by chance.
std::string marker(int number) { return "Mark" + std::to_string(100 + number) + "xQ7vZk2Jw9TbR4yHn6Ld8SfP3cGm5AuE1"; }

enum planted {
  secret_in_file,       // HAULCAST_AUTH__HS256_SECRET_FILE
  secret_in_yaml,       // auth.hs256_secret
  secret_in_variable,   // HAULCAST_AUTH__HS256_SECRET
  store_password,       // store.url
  redis_password,       // redis.url
  bearer_of_stranger,   // Authorization: Bearer, not a token of ours
  basic_password,       // Authorization: Basic
  subprotocol_token,    // Sec-WebSocket-Protocol: bearer.
  query_token,          // ?access_token=
  ticket,               // ?ticket=
  api_key,              // X-API-Key
  cookie,               // Cookie
  token_in_frame,       // said inside a WebSocket
  token_of_client,      // HAULCAST_TOKEN of the client commands
  password_in_address,  // --url http://user:password@
  previous_secret,      // auth.hs256_previous_secret
  key_set_secret,       // a JWK of kty oct in a key set
  private_key,          // a private key in PEM where a public one should be
  revoked_file,         // a line of auth.revoked that is no subject
  all_planted
};

/// What was seen, and that nothing of it holds a secret in any spelling.
class witness {
 public:
  explicit witness(std::vector<std::string> more = {}) : secrets_{std::move(more)} {
    for (int i = 0; i < all_planted; ++i) secrets_.push_back(marker(i));
  }
  void sees(const std::string& where, const std::string& text) const {
    for (const auto& secret : secrets_) {
      EXPECT_EQ(text.find(secret), std::string::npos) << where << ":\n" << around(text, secret);
      // Base64 of whatever stands before and behind it has this in its middle, at one of three places.
      for (std::size_t cut = 0; cut < 3; ++cut) {
        const auto inner = auth::to_base64url(std::string_view{secret}.substr(cut, (secret.size() - cut) / 3 * 3));
        EXPECT_EQ(text.find(inner), std::string::npos) << where << " (base64):\n" << around(text, inner);
      }
    }
  }

 private:
  static std::string around(const std::string& text, const std::string& what) {
    const auto at = std::min(text.find(what), text.size());
    return text.substr(at > 200 ? at - 200 : 0, 500);
  }
  std::vector<std::string> secrets_;
};

std::string last_part(const std::string& token) { return token.substr(token.rfind('.') + 1); }

const std::vector<std::string> targets{"/healthz",
                                       "/readyz",
                                       "/version",
                                       "/metrics",
                                       "/openapi.json",
                                       "/asyncapi.json",
                                       "/docs",
                                       "/nowhere",
                                       "/v1/trucks",
                                       "/v1/trucks/TRK-1",
                                       "/v1/trucks/TRK-1/position",
                                       "/v1/trucks?bbox=1,2,x,4"};

/// Every way of saying who one is, all but the last one wrong.
std::vector<std::string> credentials(const std::string& good) {
  const std::string stranger = marker(bearer_of_stranger);
  return {
      "",
      "Authorization: Bearer " + stranger + "\r\n",
      "Authorization: Bearer " + good.substr(0, good.rfind('.') + 1) + stranger + "\r\n",
      "Authorization: Bearer eyJhbGciOiJub25lIn0." + auth::to_base64url("{\"sub\":\"" + stranger + "\"}") + ".\r\n",
      "Authorization: Bearer " + std::string(5000, 'x') + stranger + "\r\n",
      "Authorization: " + stranger + "\r\n",
      "Authorization: Bearer " + stranger + "\r\nAuthorization: Bearer " + good + "\r\n",
      "Authorization: Basic " + auth::to_base64url("user:" + marker(basic_password)) + "\r\n",
      "X-API-Key: " + marker(api_key) + "\r\n",
      "Cookie: session=" + marker(cookie) + "\r\n",
      "Authorization: Bearer " + good + "\r\nCookie: session=" + marker(cookie) + "\r\nX-API-Key: " + marker(api_key) + "\r\n",
      "Authorization: Bearer " + good + "\r\n",
  };
}

std::string whole_answer(const server& s, const std::string& request) {
  raw_connection c{s.base()};
  c.send(request);
  const auto answer = read_answer(c);
  return answer.head + answer.body;
}

void ask_everything(const server& s, const std::string& good, const witness& w) {
  for (const auto& who : credentials(good)) {
    for (const auto& target : targets) w.sees(target, whole_answer(s, get_request(target, who)));
    for (const std::string body : {R"({"positions":[{}]})", "{", "", R"({"positions":[],"x":1})"}) {
      const auto post =
          "POST /v1/positions HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + who;
      w.sees("POST " + body, whole_answer(s, post + "\r\n" + body));
      w.sees("gzip", whole_answer(s, post + "Content-Encoding: gzip\r\n\r\n" + body));
    }
    // Refused for their form, while the credential is in hand.
    for (const std::string broken :
         {"Host: h\r\nno colon\r\n", "Host: h\r\nHost: h\r\n", "Host: h\r\nTransfer-Encoding: x\r\n"}) {
      w.sees(broken, whole_answer(s, "GET /v1/trucks HTTP/1.1\r\n" + who + broken + "\r\n"));
    }
    w.sees("a bad query", whole_answer(s, get_request("/v1/trucks?access_token=%zz", who)));
    w.sees("a stream that is refused", whole_answer(s, get_request("/v1/events/stream?after=x", who)));
  }
  for (const std::string name : {"access_token", "ticket", "token"}) {
    const auto said = name + "=" + (name == "ticket" ? marker(ticket) : marker(query_token));
    for (const auto& target : {"/v1/trucks?" + said, "/v1/ws?" + said, "/nowhere?" + said, "/v1/trucks?limit=x&" + said,
                               "/v1/trucks?limit=1&limit=2&" + said}) {
      w.sees(target, whole_answer(s, get_request(target)));
      w.sees(target, whole_answer(s, get_request(target, "Authorization: Bearer " + good + "\r\n")));
    }
  }
}

void ask_live(server& s, const std::string& good, const witness& w) {
  const std::string hello =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
      "dGhlIHNhbXBsZSBub25jZQ==\r\n";
  for (const auto& target :
       {std::string{"/v1/ws"}, "/v1/ws?access_token=" + marker(query_token), "/v1/ws?ticket=" + marker(ticket)}) {
    for (const auto& who : credentials(marker(bearer_of_stranger) + ".x.y")) {
      w.sees(target, whole_answer(s, get_request(target, hello + who)));
      w.sees(target, whole_answer(s, get_request(target, hello + who + "Sec-WebSocket-Protocol: haulcast.v1, bearer." +
                                                             marker(subprotocol_token) + "\r\n")));
    }
  }
  raw_connection c{s.base()};
  c.send(get_request("/v1/ws", hello + "Sec-WebSocket-Protocol: haulcast.v1, bearer." + good + "\r\n"));
  const auto switching = read_answer(c);
  EXPECT_EQ(switching.status, 101);
  w.sees("the handshake's answer", switching.head);

  client::ws_options options;
  options.token = good;
  client::ws_client live{s.base(), options};
  ASSERT_FALSE(live.connect());
  const auto said = marker(token_in_frame);
  for (const std::string& frame :
       {json{{"type", "subscribe"}, {"all", true}, {"token", said}}.dump(), json{{"type", "auth"}, {"token", said}}.dump(),
        R"({"type":"subscribe","access_token":")" + said + "\"", json{{"type", "subscribe"}, {"trucks", 5}}.dump(),
        json{{"type", "ping"}}.dump()}) {
    live.send(frame);
    w.sees(frame, live.receive(20s).value_or(""));
  }
  live.close();
}

/// All that is done to one server, with a good token for it.
void tell_everything(server& s, const std::string& good, const witness& w) {
  ask_everything(s, good, w);
  ask_live(s, good, w);
  api as_admin{s.base(), good};
  EXPECT_EQ(as_admin.post("/v1/positions", batch({driving("TRK-1", now_ms() - 60'000, 1)})).status, 200U);
  w.sees("metrics", as_admin.get("/metrics").raw.body);
  for (const std::string command : {"health", "watch", "simulate"}) {
    child_options client;
    client.program = HAULCAST_BINARY;
    client.arguments = {command, "--url", s.url()};
    if (command == "simulate") client.arguments.insert(client.arguments.end(), {"--trucks", "1", "--duration", "1s"});
    client.environment = {{"HAULCAST_TOKEN", marker(token_of_client)}};
    const auto outcome = run_to_end(client, 60s);
    w.sees(command, outcome.out + outcome.err);
  }
  EXPECT_EQ(s.stop().code, 0);
  w.sees("the log", s.log());
  EXPECT_NE(s.log().find("stopped"), std::string::npos);
}

std::string admin_token(const std::string& secret) { return sign_token({}, secret); }

TEST(Secrets, OfAFileIsSeenNowhere) {
  const temp_directory scratch;
  const auto secret = marker(secret_in_file);
  std::ofstream{scratch / "secret"} << secret << '\n';
  server s{{.environment = {{"HAULCAST_AUTH__HS256_SECRET", ""},
                            {"HAULCAST_AUTH__HS256_SECRET_FILE", (scratch / "secret").string()},
                            {"HAULCAST_LIMITS__FAILED_LOGINS_PER_MINUTE", "0"},
                            {"HAULCAST_LOG__LEVEL", "trace"},
                            {"HAULCAST_LOG__FORMAT", "json"}}}};
  const auto good = admin_token(secret);
  tell_everything(s, good, witness{{last_part(good)}});
}

TEST(Secrets, OfAConfigurationIsSeenNowhere) {
  const temp_directory scratch;
  const auto secret = marker(secret_in_yaml);
  std::ofstream{scratch / "haulcast.yaml"} << "auth:\n  hs256_secret: " << secret
                                           << "\n  query_token: true\nlog:\n  level: trace\n";
  server s{{.environment = {{"HAULCAST_AUTH__HS256_SECRET", ""}, {"HAULCAST_LIMITS__FAILED_LOGINS_PER_MINUTE", "0"}},
            .arguments = {"--config", (scratch / "haulcast.yaml").string()}}};
  const auto good = admin_token(secret);
  tell_everything(s, good, witness{{last_part(good)}});
}

TEST(Secrets, ThatTheServerMadeIsSeenNowhere) {
  server s{{.environment = {{"HAULCAST_AUTH__HS256_SECRET", ""},
                            {"HAULCAST_LIMITS__FAILED_LOGINS_PER_MINUTE", "0"},
                            {"HAULCAST_LOG__LEVEL", "debug"}}}};
  std::string secret;
  std::ifstream{s.data_dir() / "secret"} >> secret;
  ASSERT_GE(secret.size(), 32U);
  const auto good = admin_token(secret);
  tell_everything(s, good, witness{{secret, last_part(good)}});
}

// Twice: what is read well, and then files of secrets where public keys and subjects should be.
TEST(Secrets, ThatAreReadAgainAreSeenNowhere) {
  const temp_directory scratch;
  const key_ring keys;
  const auto key = keys.make("machine", "admin");
  const auto write = [&](const char* name, const std::string& text) { std::ofstream{scratch / name} << text; };
  const auto configured = [&](const std::string& auth) {
    write("haulcast.yaml", "auth:\n  hs256_secret: " + marker(secret_in_yaml) + "\n  api_keys: " + keys.file().string() + "\n" +
                               auth + "limits:\n  failed_logins_per_minute: 0\nlog:\n  level: trace\n");
  };
  configured("");
  server s{
      {.environment = {{"HAULCAST_AUTH__HS256_SECRET", ""}}, .arguments = {"--config", (scratch / "haulcast.yaml").string()}}};
  const auto good = admin_token(marker(secret_in_yaml));
  const auto previous = admin_token(marker(previous_secret));
  api machine{s.base(), key};
  const auto ticket = machine.post_text("/v1/ws-tickets", "").body.at("ticket").get<std::string>();
  const witness w{{last_part(good), last_part(previous), key.substr(3), ticket}};
  const auto reload = [&](const std::string& auth, bool good_one) {
    const auto attempts = [&] {
      const auto page = machine.get("/metrics").raw.body;
      return metric(page, R"(haulcast_config_reloads_total{outcome="succeeded"})").value() +
             metric(page, R"(haulcast_config_reloads_total{outcome="failed"})").value();
    };
    const auto before = attempts();
    configured(auth);
    s.process().signal(SIGHUP);
    ASSERT_TRUE(eventually([&] { return attempts() > before; }));
    const auto page = machine.get("/metrics").raw.body;
    EXPECT_EQ(metric(page, "haulcast_config_last_reload_successful"), good_one ? 1 : 0) << auth;
    w.sees("metrics", page);
  };
  reload("  hs256_previous_secret: " + marker(previous_secret) + "\n", true);
  EXPECT_EQ(api(s.base(), previous).get("/v1/trucks").status, 200U);
  const auto oct = marker(key_set_secret);
  write("set.json", R"({"keys":[{"kty":"oct","alg":"HS256","k":")" + oct + R"("}]})");
  write("key.pem", "-----BEGIN PRIVATE KEY-----\n" + marker(private_key) + "\n-----END PRIVATE KEY-----\n");
  write("revoked", marker(revoked_file) + "\x01\n");
  reload("  keys: [{jwks: " + (scratch / "set.json").string() + "}]\n", false);
  reload("  keys: [{file: " + (scratch / "key.pem").string() + ", alg: RS256}]\n", false);
  reload("  revoked: " + (scratch / "revoked").string() + "\n", false);
  reload("  hs256_previous_secret: " + marker(secret_in_yaml) + "\n", false);
  tell_everything(s, good, w);
}

// ---- configurations that are wrong

struct mistake {
  std::string yaml;
  std::map<std::string, std::string> environment;
  bool refused = true;
};

std::vector<mistake> mistakes() {
  const auto secret = marker(secret_in_yaml);
  const auto variable = marker(secret_in_variable);
  const auto store = "postgresql://haulcast:" + marker(store_password) + "@127.0.0.1/haulcast";
  const auto redis = "redis://:" + marker(redis_password) + "@127.0.0.1:6379";
  std::vector<mistake> all;
  const auto file = [&all](const std::string& yaml) { all.push_back({yaml, {}}); };
  file("auth:\n  hs256_secret: \"" + secret + "\\t\"\n");  // a control character
  file("auth:\n  hs256_secret: " + secret + "\n  hs256_secret: " + secret + "\n");
  file("auth:\n  hs256_secret: [" + secret + "]\n");
  file("auth:\n  hs256_secret: {" + secret + ": 1}\n");
  file("auth:\n  hs256_secret:\n    key: " + secret + "\n");
  file("auth:\n  hs256_secret: &" + secret + " x\n");
  file("auth:\n  hs256_secret: *" + secret + "\n");
  file("auth:\n  hs256_secret: !" + secret + " x\n");
  file("auth:\n  hs256_secret: !<" + secret + "> x\n");
  file("auth:\n  hs256_secret: \"" + secret + "\n");
  file("auth:\n  hs256_secret: '" + secret + "\n");
  file("auth:\n  hs256_secret: |\n    " + secret + "\n");
  file("auth:\n  hs256_secret: >-\n    " + secret + "\n    " + secret + "\n");
  file("auth:\n  hs256_secret: @" + secret + "\n");
  file("auth:\n  hs256_secret: `" + secret + "\n");
  file("auth:\n  hs256_secret: %" + secret + "\n");
  file("auth:\n  hs256_secret: \"\\q" + secret + "\"\n");
  file("auth:\n  hs256_secret: " + secret + ": " + secret + "\n");
  file("auth:\n  hs256_secret: " + secret + "\n tabs\n");
  file("auth:\n  hs256_secrt: " + secret + "\n");
  file("auth:\n  hs256_secret:" + secret + "\n");
  file("auth:\n  issuer: x\n  hs256_secret:" + secret + "\n");
  file("auth: " + secret + "\n");
  file("hs256_secret: " + secret + "\n");
  file(secret + "\n");
  file("- " + secret + "\n");
  file("%" + secret + " 1\n---\nauth:\n  hs256_secrt: x\n");
  file("auth:\n  hs256_secret: " + secret + "\n---\nauth:\n  hs256_secret: " + secret + "\n");
  all.push_back({"store:\n  url: " + store + "\n", {}, false});
  file("store:\n  url: postgresql://haulcast:/" + marker(store_password) + "@127.0.0.1/haulcast\n");
  file("store:\n  url: postgresql://haulcast:" + marker(store_password) + "/@127.0.0.1/haulcast\n");
  file("redis:\n  url: " + redis + "\n");
  file("store:\n  url: [" + store + "]\n");
  file("store:\n  ulr: " + store + "\n");
  file("auth:\n  hs256_secret: " + secret + "\nserver:\n  listen: nowhere\n");
  file("auth:\n  hs256_secret: " + secret + "\njournal:\n  sync: perhaps\n");
  all.push_back({"auth:\n  hs256_secret: short" + secret.substr(0, 20) + "\nserver:\n  listen: 0.0.0.0:0\n", {}});
  const auto from = [&all](const std::string& name, const std::string& value) { all.push_back({"", {{name, value}}}); };
  from("HAULCAST_AUTH__HS256_SECRET", variable + "\t");
  from("HAULCAST_AUTH__HS256_SECERT", variable);
  from("HAULCAST_AUTH__HS256_SECRET_FILE", variable);
  from("HAULCAST_AUTH__HS256_SECRET_FILE", "/etc/" + variable + "/x");
  from("HAULCAST_AUTH__HS256_SECRET_FILES", variable);
  all.push_back({"", {{"HAULCAST_STORE__URL", store}}, false});
  from("HAULCAST_REDIS__URL", redis);
  from("HAULCAST_STORE__PASSWORD", variable);
  all.push_back({"", {{"HAULCAST_AUTH__HS256_SECRET", variable}, {"HAULCAST_AUTH__HS256_SECRET_FILE", variable}}});
  all.push_back({"", {{"HAULCAST_AUTH__HS256_SECRET", variable}, {"HAULCAST_SERVER__LISTEN", "nowhere"}}});
  all.push_back({"", {{"HAULCAST_AUTH__HS256_SECRET", variable}}, false});
  all.push_back({"auth:\n  hs256_secret: " + secret + "\n", {}, false});
  return all;
}

TEST(Secrets, NoMistakeInAConfigurationShowsOne) {
  const temp_directory scratch;
  const witness w;
  for (const mistake& one : mistakes()) {
    SCOPED_TRACE(one.yaml + (one.environment.empty() ? "" : one.environment.begin()->first));
    std::ofstream{scratch / "haulcast.yaml", std::ios::trunc} << one.yaml;
    for (const std::string command : {"check-config", "serve"}) {
      if (!one.refused && command == "serve") continue;  // it would run
      child_options how;
      how.program = HAULCAST_BINARY;
      how.arguments = {command, "--config", "haulcast.yaml"};
      how.environment = one.environment;
      how.directory = scratch.path();
      const auto outcome = run_to_end(how, 60s);
      EXPECT_EQ(outcome.exit.code, one.refused ? 2 : 0) << outcome.err;
      w.sees(command, outcome.out + outcome.err);
      if (!one.refused) EXPECT_NE(outcome.out.find("***"), std::string::npos);
    }
  }
}

TEST(Secrets, AnUnusableDataDirectoryOrPortShowsNone) {
  const temp_directory scratch;
  const witness w;
  std::ofstream{scratch / "file"} << "no directory";
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"HAULCAST_DATA_DIR", "file"}, {"HAULCAST_SERVER__LISTEN", "127.0.0.1:1"}}) {
    child_options how;
    how.program = HAULCAST_BINARY;
    how.arguments = {"serve"};
    how.environment = {{"HAULCAST_AUTH__HS256_SECRET", marker(secret_in_variable)},
                       {"HAULCAST_LOG__LEVEL", "trace"},
                       {"HAULCAST_SERVER__LISTEN", "127.0.0.1:0"}};
    how.environment[name] = value;
    how.directory = scratch.path();
    if (name == "HAULCAST_SERVER__LISTEN" && ::geteuid() == 0) continue;  // who may take every port
    const auto outcome = run_to_end(how, 60s);
    EXPECT_NE(outcome.exit.code, 0);
    w.sees(name, outcome.out + outcome.err);
  }
}

TEST(Secrets, AClientThatFailsShowsNone) {
  const witness w;
  const auto address = "http://user:" + marker(password_in_address) + "@127.0.0.1:1";
  for (const std::string command : {"health", "watch", "simulate"}) {
    for (const std::string& url : {address, address + " x", std::string{"http://127.0.0.1:1"}}) {
      child_options client;
      client.program = HAULCAST_BINARY;
      client.arguments = {command, "--url", url};
      client.environment = {{"HAULCAST_TOKEN", marker(token_of_client)}};
      if (command == "watch" && !url.starts_with(address)) continue;  // it tries again for ever
      if (command == "simulate") client.arguments.insert(client.arguments.end(), {"--trucks", "1", "--duration", "1s"});
      const auto outcome = run_to_end(client, 60s);
      w.sees(command + " " + url.substr(0, 12), outcome.out + outcome.err);
    }
  }
}

}  // namespace
}  // namespace haulcast::support
