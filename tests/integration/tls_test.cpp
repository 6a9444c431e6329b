// The binary under TLS, met by our own clients, by curl and by OpenSSL's. What has nothing particular to TLS is in the other
// files: with HAULCAST_TEST_TLS in the environment their servers speak it too.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "integration/raw_connection.hpp"
#include "integration/story.hpp"
#include "support/needs.hpp"
#include "tls/certificates.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using tls::test::key_kind;

child_outcome run(const std::filesystem::path& program, std::vector<std::string> arguments,
                  std::map<std::string, std::string> environment = {}) {
  child_options o;
  o.program = program;
  o.arguments = std::move(arguments);
  o.environment = std::move(environment);
  return run_to_end(o, 60s);
}
child_outcome haulcast_command(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) {
  environment.emplace("HAULCAST_URL", "");
  environment.emplace("HAULCAST_TOKEN", "");
  environment.emplace("HAULCAST_CA", "");
  return run(HAULCAST_BINARY, std::move(arguments), std::move(environment));
}

class Tls : public ::testing::Test {
 protected:
  std::map<std::string, std::string> showing(const tls::test::files& files) {
    return {{"HAULCAST_SERVER__TLS__CERTIFICATE", files.certificate.string()},
            {"HAULCAST_SERVER__TLS__KEY", files.key.string()}};
  }
  server_options with(const tls::test::files& files) {
    server_options o;
    o.environment = showing(files);
    o.believed.ca_file = files.authority.string();
    return o;
  }
  tls::test::files issue(const std::string& name = "server", const tls::test::wanted& what = {}) {
    return ca.issue(scratch.path(), name, what);
  }

  temp_directory scratch;
  tls::test::authority ca;
};

TEST_F(Tls, IngestAndReadsWorkAsTheyDoInClear) {
  for (const auto kind : {key_kind::p256, key_kind::rsa2048}) {
    server s{with(issue("server", {.kind = kind}))};
    EXPECT_EQ(s.url().substr(0, 18), "https://127.0.0.1:");
    auto admin = s.as();
    must_post(admin, {driving("TRK-1", now_ms() - 5000, 1)});
    const auto read = admin.get("/v1/trucks/TRK-1/position");
    EXPECT_EQ(read.status, 200U);
    EXPECT_EQ(read.raw.header("Strict-Transport-Security"), "max-age=31536000");
    EXPECT_EQ(s.stop().code, 0);
  }
}

TEST_F(Tls, BigBodiesInGzipAndBigAnswersPass) {
  server s{with(issue())};
  std::vector<json> many;
  for (int i = 0; i < 1000; ++i) {
    many.push_back(driving("TRK-" + std::to_string(i), now_ms() - 5000, 1));
    many.back()["attributes"] = {{"note", noise(400, static_cast<unsigned>(i))}};
  }
  client::http_request request;
  request.method = "POST";
  request.target = "/v1/positions";
  request.body = batch(many).dump();
  ASSERT_GT(request.body.size(), 500'000U);
  auto admin = s.as();
  EXPECT_EQ(admin.send(request).body["accepted"], 1000);
  request.gzip = true;
  EXPECT_EQ(admin.send(request).body["duplicates"], 1000);
  const auto all = admin.get("/v1/trucks?bbox=-180,-90,180,90&limit=1000");
  EXPECT_EQ(all.body["items"].size(), 1000U);
}

TEST_F(Tls, ChunksAndPipelinedRequestsComeThrough) {
  server s{with(issue())};
  raw_connection c{s.base()};
  const std::string fields = " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + s.token() + "\r\n";
  const auto body = batch({driving("TRK-1", now_ms() - 5000, 1)}).dump();
  std::ostringstream chunk;
  chunk << std::hex << body.size() << "\r\n" << body << "\r\n0\r\n\r\n";
  std::string all = "POST /v1/positions" + fields + "Transfer-Encoding: chunked\r\n\r\n" + chunk.str();
  for (int i = 0; i < 50; ++i) all += "GET /v1/trucks/TRK-1" + fields + "\r\n";
  for (const char c1 : all.substr(0, 300)) c.send({&c1, 1});  // each in a record of its own
  c.send(std::string_view{all}.substr(300));
  for (int i = 0; i < 51; ++i) {
    const auto head = c.read_until("\r\n\r\n", 20s);
    ASSERT_TRUE(head) << i;
    EXPECT_TRUE(head->starts_with("HTTP/1.1 200")) << *head;
    const auto at = head->find("Content-Length: ");
    ASSERT_NE(at, std::string::npos);
    ASSERT_TRUE(c.read_exactly(std::stoul(head->substr(at + 16)), 20s));
  }
}

TEST_F(Tls, LiveConnectionsAndStreamsLiveAndAreClosedInGoodOrder) {
  server s{with(issue())};
  auto ws = s.ws();
  const auto refused = ws.connect();
  ASSERT_FALSE(refused) << refused->what;
  EXPECT_EQ(ws.subprotocol(), "haulcast.v1");
  subscribe(ws, {{"all", true}});
  stream_reader events{s.base(), s.token(), "/v1/events/stream", "application/x-ndjson"};
  EXPECT_EQ(events.status(), 200U);
  auto admin = s.as();
  must_post(admin, {driving("TRK-1", now_ms() - 5000, 1)});
  EXPECT_EQ(next_positions(ws, 1).at(0)["truck_id"], "TRK-1");
  EXPECT_TRUE(events.line());

  auto leaver = s.ws();
  ASSERT_FALSE(leaver.connect());
  leaver.close(1000);
  EXPECT_EQ(leaver.ended()->code, 1000);

  s.process().signal(SIGTERM);
  while (ws.receive(20s)) {
  }
  ASSERT_TRUE(ws.ended());
  EXPECT_EQ(ws.ended()->code, 1001);
  EXPECT_EQ(s.stop().code, 0);
}

TEST_F(Tls, WhoReadsSlowlyGetsAllOfIt) {
  server s{with(issue())};
  auto admin = s.as();
  std::vector<json> many;
  for (int i = 0; i < 1000; ++i) many.push_back(driving("TRK-" + std::to_string(i), now_ms() - 5000, 1));
  must_post(admin, many);
  client::ws_options slow;
  slow.receive_buffer = 4096;
  auto ws = s.ws("admin", {}, slow);
  ASSERT_FALSE(ws.connect());
  subscribe(ws, {{"all", true}});
  EXPECT_EQ(next_positions(ws, 1000).size(), 1000U);
}

TEST_F(Tls, PlainHttpIsAnsweredAndLeftAtThat) {
  server s{with(issue())};
  auto clear = s.base();
  clear.secure = nullptr;
  client::http_client c{clear};
  const auto told = c.get("/healthz");
  ASSERT_TRUE(told) << told.error().what;
  EXPECT_EQ(told->status, 400U);
  EXPECT_NE(told->body.find("speaks HTTPS"), std::string::npos) << told->body;
}

TEST_F(Tls, ClientsBelieveNobodyTheyDoNotKnow) {
  const auto files = issue();
  server s{with(files)};
  const auto health = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"health", "--url", s.url()});
    return haulcast_command(more);
  };
  const auto stranger = health({});
  EXPECT_EQ(stranger.exit.code, 1);
  EXPECT_NE(stranger.out.find("certificate is not trusted"), std::string::npos) << stranger.out;
  EXPECT_EQ(health({"--ca", files.authority.string()}).out, "ready\n");
  EXPECT_EQ(haulcast_command({"health", "--url", s.url()}, {{"HAULCAST_CA", files.authority.string()}}).out, "ready\n");
  EXPECT_EQ(health({"--ca", "nowhere.pem"}).exit.code, 2);

  const auto another = tls::test::authority{}.issue(scratch.path(), "another");
  EXPECT_EQ(health({"--ca", another.authority.string()}).exit.code, 1);
}

TEST_F(Tls, ACertificateForAnotherNameIsNotBelieved) {
  const auto files = issue("elsewhere", {.names = "DNS:fleet.example.org"});
  server_options o = with(files);
  o.believed.certificate = files.certificate.string();
  server s{o};
  const auto stranger = haulcast_command({"health", "--url", s.url(), "--ca", files.authority.string()});
  EXPECT_EQ(stranger.exit.code, 1);
  EXPECT_NE(stranger.out.find("ostname mismatch"), std::string::npos) << stranger.out;
  EXPECT_EQ(s.as().get("/healthz").status, 200U) << "the very certificate is";
}

TEST_F(Tls, OnItsOwnMachineTheConfigurationIsEnoughToReachIt) {
  const auto files = issue("elsewhere", {.names = "DNS:fleet.example.org"});
  server_options o = with(files);
  o.believed.certificate = files.certificate.string();
  server s{o};
  auto same = showing(files);
  same.emplace("HAULCAST_SERVER__LISTEN", "127.0.0.1:" + s.base().port);
  same.emplace("HAULCAST_AUTH__HS256_SECRET", std::string{server::secret()});
  EXPECT_EQ(haulcast_command({"health"}, same).out, "ready\n");
  const auto drive = haulcast_command({"simulate", "--trucks", "3", "--interval", "1s", "--duration", "2s"}, same);
  EXPECT_EQ(drive.exit.code, 0) << drive.err;
  EXPECT_GE(s.as().get("/v1/trucks?limit=10&bbox=-180,-90,180,90").body["items"].size(), 3U);
  const auto seen = haulcast_command({"watch", "--plain", "--count", "3"}, same);
  EXPECT_EQ(seen.exit.code, 0) << seen.err;
}

TEST_F(Tls, WhatIsWrongWithTheFilesIsOneLine) {
  const auto files = issue();
  const auto other = issue("other");
  const auto refused = [&](const std::string& certificate, const std::string& key, std::string_view says) {
    SCOPED_TRACE(says);
    for (const char* command : {"serve", "check-config"}) {
      const auto told = haulcast_command({command}, {{"HAULCAST_SERVER__TLS__CERTIFICATE", certificate},
                                                     {"HAULCAST_SERVER__TLS__KEY", key},
                                                     {"HAULCAST_DATA_DIR", (scratch / "data").string()}});
      EXPECT_EQ(told.exit.code, 2);
      EXPECT_EQ(std::count(told.err.begin(), told.err.end(), '\n'), 1) << told.err;
      EXPECT_NE(told.err.find(says), std::string::npos) << told.err;
      EXPECT_EQ(told.out, "");
    }
  };
  refused(files.certificate, other.key, "is not the key of the certificate");
  refused(files.certificate, "", "server.tls.certificate needs server.tls.key");
  refused("", files.key, "server.tls.key needs server.tls.certificate");
  refused(scratch / "nowhere.pem", files.key, "cannot be read: No such file");
  refused(files.key, files.key, "holds no certificate");
  ::chmod(other.key.c_str(), 0644U);
  refused(other.certificate, other.key, "can be read or changed by others");
  EXPECT_FALSE(std::filesystem::exists(scratch / "data")) << "a mistake leaves nothing behind";
}

TEST_F(Tls, AnExpiredCertificateIsServedWithAWarning) {
  const auto files = issue("old", {.from = std::chrono::hours{-48}, .to = std::chrono::hours{-24}});
  const auto checked = haulcast_command({"check-config"}, showing(files));
  EXPECT_EQ(checked.exit.code, 0);
  EXPECT_NE(checked.err.find("has expired"), std::string::npos) << checked.err;
  EXPECT_NE(checked.out.find("  tls:\n    certificate: "), std::string::npos) << checked.out;
  server s{with(files)};
  EXPECT_TRUE(eventually([&] { return s.log().find("has expired") != std::string::npos; }));
}

TEST_F(Tls, YamlNestsItUnderTheServer) {
  const auto files = issue();
  std::ofstream{scratch / "haulcast.yaml"} << "server:\n  tls:\n    certificate: " << files.certificate.string()
                                           << "\n    key: " << files.key.string() << "\n";
  server_options o;
  o.arguments = {"--config", (scratch / "haulcast.yaml").string()};
  o.believed.ca_file = files.authority.string();
  server s{o};
  EXPECT_EQ(s.as().get("/healthz").status, 200U);
}

TEST_F(Tls, HandshakesAreCounted) {
  server s{with(issue())};
  auto nobody = api{s.base(), ""};
  EXPECT_EQ(nobody.get("/healthz").status, 200U);
  auto clear = s.base();
  clear.secure = nullptr;
  static_cast<void>(client::http_client{clear}.get("/healthz"));
  const auto page = nobody.get("/metrics").raw.body;
  EXPECT_EQ(metric(page, R"(haulcast_tls_handshakes_total{outcome="done"})"), 1);
  EXPECT_EQ(metric(page, R"(haulcast_tls_handshakes_total{outcome="failed"})"), 1);
  EXPECT_EQ(metric(page, "haulcast_tls_handshakes_open"), 0);
  EXPECT_EQ(metric(page, "haulcast_tls_handshakes_waiting"), 0);
}

/// Connections that all want in at once; the next waits as soon as one is in.
class storm {
 public:
  storm(const client::base_url& to, std::size_t at_once) : thread_{[this, to, at_once] { blow(to, at_once); }} {}
  ~storm() { end(); }
  storm(const storm&) = delete;
  storm& operator=(const storm&) = delete;

  void end() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int let_in() const { return let_in_; }
  int turned_away() const { return turned_away_; }

 private:
  struct one {
    int socket = -1;
    std::unique_ptr<tls::test::secure_peer> tls;
  };

  static one begin(const client::base_url& to, SSL_CTX* with) {
    one made;
    made.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(static_cast<std::uint16_t>(std::stoul(to.port)));
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::connect(made.socket, reinterpret_cast<const sockaddr*>(&where), sizeof where);
    SSL_CTX_up_ref(with);
    made.tls = std::make_unique<tls::test::secure_peer>(made.socket, tls::test::ssl_ctx_ptr{with});
    return made;
  }
  void blow(const client::base_url& to, std::size_t at_once) {
    const auto with = tls::test::make_client_context();
    std::vector<one> all(at_once);
    std::vector<pollfd> waiting(at_once);
    while (!over_) {
      for (std::size_t i = 0; i < at_once; ++i) {
        if (all[i].socket < 0) all[i] = begin(to, with.get());
        const int told = all[i].tls->step();
        const bool goes_on = told == SSL_ERROR_WANT_READ || told == SSL_ERROR_WANT_WRITE || connecting(all[i].socket);
        waiting[i] = {all[i].socket, static_cast<short>(told == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT), 0};
        if (goes_on) continue;
        ++(told == SSL_ERROR_NONE ? let_in_ : turned_away_);
        all[i].tls.reset();
        ::close(std::exchange(all[i].socket, -1));
        waiting[i].fd = -1;
      }
      ::poll(waiting.data(), waiting.size(), 1);
    }
    for (const auto& each : all) {
      if (each.socket >= 0) ::close(each.socket);
    }
  }
  static bool connecting(int socket) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    return ::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0 && errno == ENOTCONN;
  }

  std::atomic<bool> over_ = false;
  std::atomic<int> let_in_ = 0;
  std::atomic<int> turned_away_ = 0;
  std::thread thread_;
};

/// Sorted, in microseconds.
std::vector<long> answers_within(api& good, std::chrono::milliseconds time) {
  std::vector<long> took;
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) {
    const auto began = std::chrono::steady_clock::now();
    must_post(good, {driving("TRK-1", now_ms() - 5000, 1)});
    took.push_back((std::chrono::steady_clock::now() - began) / 1us);
  }
  std::sort(took.begin(), took.end());
  return took;
}

void tell(const char* when, const std::vector<long>& took) {
  const auto at = [&](double part) { return took[static_cast<std::size_t>(part * static_cast<double>(took.size() - 1))]; };
  std::printf("    %s: %zu batches, p50 %ld us, p99 %ld us, longest %ld us\n", when, took.size(), at(0.5), at(0.99), at(1));
}

// What it takes is printed, not judged: how busy the machine is besides, a test cannot know.
TEST_F(Tls, AStormOfHandshakesIsLetInAndWhoIsInsideIsServed) {
  for (const auto kind : {key_kind::p256, key_kind::rsa2048}) {
    server s{with(issue("server", {.kind = kind}))};
    auto good = s.as();
    tell("quiet", answers_within(good, 1s));
    storm crowd{s.base(), 250};
    ASSERT_TRUE(eventually([&] { return crowd.let_in() >= 50; }));
    const int before = crowd.let_in();
    const auto began = std::chrono::steady_clock::now();
    const auto took = answers_within(good, 3s);
    const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    tell("storm", took);
    std::printf("    %.0f handshakes a second, %s\n", (crowd.let_in() - before) / seconds,
                kind == key_kind::p256 ? "P-256" : "RSA");
    const auto page = good.get("/metrics").raw.body;
    for (const char* bound : {"0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "+Inf"}) {
      const auto below = metric(page, std::string{"haulcast_loop_lag_seconds_bucket{le=\""} + bound + "\"}");
      if (below) std::printf("    loop lag <= %s s: %.0f\n", bound, *below);
    }
    crowd.end();
    EXPECT_EQ(crowd.turned_away(), 0);
    EXPECT_TRUE(eventually([&] { return metric(good.get("/metrics").raw.body, "haulcast_tls_handshakes_open") == 0; }));
  }
}

TEST_F(Tls, CurlSpeaksToIt) {
  const auto files = issue();
  server s{with(files)};
  std::ofstream{scratch / "batch.json"} << batch({driving("TRK-1", now_ms() - 5000, 1)}).dump();
  const auto curl = [&](std::vector<std::string> more) {
    more.insert(more.begin(),
                {"-sS", "--noproxy", "*", "--cacert", files.authority.string(), "-H", "Authorization: Bearer " + s.token()});
    return run("/usr/bin/curl", std::move(more));
  };
  const auto posted = curl({s.url() + "/v1/positions", "--data-binary", "@" + (scratch / "batch.json").string(), "-H",
                            "Content-Type: application/json", "-H", "Expect: 100-continue"});
  EXPECT_EQ(posted.err, "");
  EXPECT_EQ(posted.out, R"({"accepted":1,"duplicates":0,"late":0,"rejected":[]})");
  const auto twice = curl({"--http2", "-w", "%{http_version} %{num_connects}\n", "-o", "/dev/null", "-o", "/dev/null",
                           s.url() + "/healthz", s.url() + "/healthz"});
  EXPECT_EQ(twice.out, "1.1 1\n1.1 0\n") << "one connection, and no HTTP/2";
  EXPECT_EQ(curl({"--tls-max", "1.2", s.url() + "/version", "-o", "/dev/null", "-w", "%{http_code}"}).out, "200");
  EXPECT_NE(curl({"--tlsv1.0", "--tls-max", "1.1", "--ciphers", "ALL:@SECLEVEL=0", s.url() + "/version"}).exit.code, 0);
  EXPECT_NE(run("/usr/bin/curl", {"-sS", "--noproxy", "*", s.url() + "/healthz"}).exit.code, 0) << "it knows no such authority";
}

TEST_F(Tls, OpenSslsOwnClientSpeaksToIt) {
  HAULCAST_NEEDS(std::filesystem::exists("/usr/bin/openssl"), "openssl");
  const auto files = issue();
  server s{with(files)};
  const auto client = [&](const std::string& options) {
    return run("/bin/sh", {"-c",
                           "printf 'GET /healthz HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n' | "
                           "openssl s_client -connect 127.0.0.1:" +
                               s.base().port + " -CAfile " + files.authority.string() + " -verify_return_error -ign_eof " +
                               options + " 2>&1"});
  };
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    const auto spoken = client(version);
    EXPECT_EQ(spoken.exit.code, 0) << spoken.out;
    EXPECT_NE(spoken.out.find("HTTP/1.1 200 OK"), std::string::npos) << spoken.out;
    EXPECT_NE(spoken.out.find("closed"), std::string::npos) << spoken.out;
  }
  for (const char* old : {"-tls1 -cipher ALL:@SECLEVEL=0", "-tls1_1 -cipher ALL:@SECLEVEL=0"}) {
    EXPECT_NE(client(old).exit.code, 0) << old;
  }
  EXPECT_NE(client("-tls1_2 -cipher AES128-SHA:AES256-SHA").exit.code, 0) << "no forward secrecy";
}

}  // namespace
}  // namespace haulcast::support
