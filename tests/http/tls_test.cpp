// What is particular to TLS; with HAULCAST_TEST_TLS in the environment all the other tests of this room run under it as well.
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "http/harness.hpp"

namespace haulcast::http {
namespace {

using namespace test;
using tls::test::key_kind;
using tls::test::make_client_context;

std::optional<tls::context> shown(key_kind kind = key_kind::p256) { return test_certificate(kind); }

class HttpUnderTls : public ::testing::Test {
 protected:
  std::unique_ptr<running_server> open(server_options options = running_server::quick()) {
    return std::make_unique<running_server>(options, test_routes(), shown());
  }
  static peer raw(const running_server& s) { return peer{s.port(), 0, 1, peer::form::clear}; }
};

TEST_F(HttpUnderTls, AnswersTellBrowsersToComeBackThisWayOnly) {
  const auto s = open();
  auto p = raw(*s);
  ASSERT_TRUE(p.secure());
  const auto a = p.ask(get("/hello"));
  EXPECT_EQ(a.body, "hello");
  EXPECT_EQ(a.header("Strict-Transport-Security"), "max-age=31536000");
  EXPECT_TRUE(s->eventually([&] { return s->core().metrics().handshakes_done == 1; }));
}

TEST_F(HttpUnderTls, PlainAnswersDoNot) {
  running_server s{running_server::quick(), test_routes(), std::nullopt};
  EXPECT_EQ(raw(s).ask(get("/hello")).header("Strict-Transport-Security"), "");
}

TEST_F(HttpUnderTls, PlainHttpIsToldSoInKind) {
  const auto s = open();
  auto p = raw(*s);
  const auto a = p.ask(get("/hello"));
  EXPECT_EQ(a.status, 400);
  EXPECT_NE(a.body.find("This port speaks HTTPS"), std::string::npos) << a.body;
  EXPECT_EQ(a.header("Connection"), "close");
  EXPECT_TRUE(p.ended());
  EXPECT_TRUE(s->eventually([&] { return s->core().metrics().handshakes_failed == 1 && s->core().connections() == 0; }));
}

TEST_F(HttpUnderTls, WhatIsNeitherIsClosed) {
  const auto s = open();
  for (const std::string_view bytes : {std::string_view{"\x00\x01\x02", 3}, std::string_view{"\x16\x03\x01\xff\xff garbage"},
                                       std::string_view{"\x80\x2e\x01\x00\x02", 5}}) {
    auto p = raw(*s);
    p.send(bytes);
    p.read_to_end();
  }
  EXPECT_TRUE(s->eventually([&] { return s->core().metrics().handshakes_failed == 3 && s->core().connections() == 0; }));
  auto good = raw(*s);
  ASSERT_TRUE(good.secure());
  EXPECT_EQ(good.ask(get("/hello")).status, 200);
}

TEST_F(HttpUnderTls, AHelloOnAPlainPortIsTold) {
  running_server s{running_server::quick(), test_routes(), std::nullopt};
  EXPECT_FALSE(raw(s).secure());
  EXPECT_TRUE(s.eventually([&] { return s.core().metrics().requests_malformed == 1; }));
}

TEST_F(HttpUnderTls, OldVersionsAreNotLetIn) {
  const auto s = open();
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION})
    EXPECT_FALSE(raw(*s).secure(make_client_context(TLS1_VERSION, version)));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) EXPECT_TRUE(raw(*s).secure(make_client_context(version, version)));
}

TEST_F(HttpUnderTls, WhoSaysNothingHasTheTimeForAHead) {
  auto options = running_server::quick();
  options.head_timeout = 100ms;
  const auto s = open(options);
  auto silent = raw(*s);
  EXPECT_TRUE(silent.ended());
  auto halfway = raw(*s);
  halfway.send("\x16\x03\x01\x02");
  EXPECT_TRUE(halfway.ended());
  EXPECT_TRUE(s->eventually([&] { return s->core().metrics().timeouts_handshake == 2; }));
  EXPECT_TRUE(s->eventually([&] { return s->core().metrics().handshakes_open == 0 && s->core().connections() == 0; }));
}

TEST_F(HttpUnderTls, WhoGoesAwayDuringTheHandshakeLeavesNothing) {
  const auto s = open();
  for (int i = 0; i < 20; ++i) {
    auto p = raw(*s);
    // A hello of OpenSSL's, cut where chance has it.
    const tls::test::ssl_ctx_ptr ctx = make_client_context();
    const tls::test::ssl_ptr ssl{SSL_new(ctx.get())};
    BIO* to = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), to);
    SSL_set_connect_state(ssl.get());
    SSL_do_handshake(ssl.get());
    char hello[4096];
    const int size = BIO_read(to, hello, sizeof hello);
    ASSERT_GT(size, 100);
    p.send({hello, static_cast<std::size_t>(i == 19 ? size : size * i / 20)});
  }
  EXPECT_TRUE(s->eventually([&] { return s->core().metrics().handshakes_failed == 20 && s->core().connections() == 0; }));
}

TEST_F(HttpUnderTls, AServerThatStopsWaitsForNoHandshake) {
  const auto s = open();
  auto silent = raw(*s);
  ASSERT_TRUE(s->eventually([&] { return s->core().metrics().handshakes_open == 1; }));
  s->on_loop([&] { s->core().stop_accepting(); });
  EXPECT_TRUE(silent.ended());
}

TEST_F(HttpUnderTls, AServerMayGoWhileHandshakesAreUnderWay) {
  std::vector<std::unique_ptr<peer>> peers;
  auto s = open();
  const tls::test::ssl_ctx_ptr ctx = make_client_context();
  for (int i = 0; i < 50; ++i) {
    peers.push_back(std::make_unique<peer>(s->port(), 0, 1, peer::form::clear));
    const tls::test::ssl_ptr ssl{SSL_new(ctx.get())};
    BIO* to = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), to);
    SSL_set_connect_state(ssl.get());
    SSL_do_handshake(ssl.get());
    char hello[4096];
    const int size = BIO_read(to, hello, sizeof hello);
    peers.back()->send({hello, static_cast<std::size_t>(size)});
  }
  s.reset();
}

TEST_F(HttpUnderTls, ManyComeInAtOnceAndAllAreServed) {
  const auto s = std::make_unique<running_server>(running_server::quick(), test_routes(), shown(key_kind::rsa2048));
  std::vector<std::thread> threads;
  std::atomic<int> served = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        auto p = raw(*s);
        if (p.secure() && p.ask(get("/hello")).body == "hello") ++served;
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(served, 80);
  EXPECT_TRUE(s->eventually([&] { return s->core().handshakes_waiting() == 0 && s->core().metrics().handshakes_open == 0; }));
}

TEST_F(HttpUnderTls, TheEndIsSaid) {
  const auto s = open();
  auto p = raw(*s);
  ASSERT_TRUE(p.secure());
  EXPECT_EQ(p.ask(get("/hello", "Connection: close\r\n")).status, 200);
  EXPECT_TRUE(p.ended());
  EXPECT_TRUE(p.secured()->was_told_the_end());
}

TEST_F(HttpUnderTls, AReplacedCertificateIsForThoseWhoComeLater) {
  const auto s = open();
  const auto kind_of = [](const peer& p) {
    const tls::test::x509_ptr own{SSL_get1_peer_certificate(const_cast<tls::test::secure_peer*>(p.secured())->native())};
    return EVP_PKEY_get_base_id(X509_get0_pubkey(own.get()));
  };
  auto early = raw(*s);
  ASSERT_TRUE(early.secure());
  s->on_loop([&] { s->core().use_certificate(test_certificate(key_kind::rsa2048)); });
  auto late = raw(*s);
  ASSERT_TRUE(late.secure());
  EXPECT_EQ(kind_of(early), EVP_PKEY_EC);
  EXPECT_EQ(kind_of(late), EVP_PKEY_RSA);
  EXPECT_EQ(early.ask(get("/hello")).body, "hello") << "goes on as it was";
  EXPECT_EQ(late.ask(get("/hello")).body, "hello");
}

TEST_F(HttpUnderTls, WhoIsTooManyIsClosedWithoutAHandshake) {
  auto options = running_server::quick();
  options.connections_max = 1;
  const auto s = open(options);
  auto first = raw(*s);
  ASSERT_TRUE(first.secure());
  EXPECT_FALSE(raw(*s).secure());
  EXPECT_EQ(first.ask(get("/hello")).status, 200);
  EXPECT_TRUE(s->eventually([&] { return s->core().metrics().connections_refused == 1; }));
}

TEST_F(HttpUnderTls, AStreamEndsWhenItsReaderSaysSo) {
  const auto s = open();
  auto p = raw(*s);
  ASSERT_TRUE(p.secure());
  p.send(get("/news"));
  EXPECT_EQ(p.read_head().status, 200);
  EXPECT_EQ(p.read_chunk(), "first\n");
  p.finish_sending();
  EXPECT_TRUE(s->eventually([&] { return s->core().metrics().streams_open == 0; }));
}

TEST_F(HttpUnderTls, ARequestInRecordsOfOneByteIsUnderstood) {
  const auto s = open();
  auto p = raw(*s);
  ASSERT_TRUE(p.secure());
  for (const char c : post("/echo", "byte by byte")) ASSERT_TRUE(p.send({&c, 1}));
  EXPECT_EQ(p.read().body, "byte by byte");
}

}  // namespace
}  // namespace haulcast::http
