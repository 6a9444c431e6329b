#include "haulcast/http/head.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace haulcast::http {
namespace {

/// A head in memory of exactly its size, so that a sanitizer sees every byte read beyond it.
struct gate {
  explicit gate(std::string_view text, head_limits limits = {})
      : size{text.size()}, memory{std::make_unique_for_overwrite<char[]>(text.size())} {
    std::copy(text.begin(), text.end(), memory.get());
    wrong = parse_head({memory.get(), size}, limits, r, facts);
  }
  int status() const { return wrong ? entry_of(wrong->what).status : 0; }

  std::size_t size;
  std::unique_ptr<char[]> memory;
  request r;
  head_facts facts;
  std::optional<refusal> wrong;
};

int status_of(std::string_view fields, std::string_view line = "POST /x HTTP/1.1") {
  return gate{std::string{line} + "\r\n" + std::string{fields} + "\r\n"}.status();
}

TEST(Head, AnOrdinaryRequestIsTakenApart) {
  gate g{
      "POST /v1/trucks/TRK%201/x?limit=5&from=2026-11-20T10:30:00+01:00&e HTTP/1.1\r\nHost: example.com:8080\r\n"
      "content-length: 12\r\nX-Blank:   padded \t\r\nEmpty:\r\n\r\n"};
  ASSERT_EQ(g.status(), 0) << g.wrong->detail;
  EXPECT_EQ(g.r.method, method::post);
  EXPECT_EQ(g.r.path, "/v1/trucks/TRK 1/x");
  EXPECT_EQ(g.r.query_value("limit").value(), "5");
  EXPECT_EQ(g.r.query_value("from").value(), "2026-11-20T10:30:00+01:00");
  EXPECT_EQ(g.r.query_value("e").value(), "");
  EXPECT_EQ(g.r.query_value("absent").value(), std::nullopt);
  EXPECT_EQ(g.r.header("X-BLANK"), "padded");
  EXPECT_TRUE(g.r.has_header("empty"));
  EXPECT_EQ(g.facts.content_length, 12U);
  EXPECT_TRUE(g.facts.keep_alive);
  EXPECT_FALSE(g.facts.chunked);
}

TEST(Head, TheEndIsFoundWhereverTheBytesWereCut) {
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  for (std::size_t scanned = 0; scanned < head.size(); ++scanned) EXPECT_EQ(head_size(head + "rest", scanned), head.size());
  EXPECT_EQ(head_size(head.substr(0, head.size() - 1), 0), 0U);
}

TEST(Head, WhatCouldBeReadAsTwoMessagesIsRefused) {
  EXPECT_EQ(status_of("Host: h\r\nTransfer-Encoding: chunked\r\n"), 0);
  EXPECT_EQ(status_of("Host: h\r\nTransfer-Encoding: CHUNKED\r\n"), 0);
  for (const char* coding :
       {"xchunked", "chunked, identity", "identity", "gzip, chunked", "chunked, chunked", "", "\"chunked\""}) {
    EXPECT_EQ(status_of("Host: h\r\nTransfer-Encoding: " + std::string{coding} + "\r\n"), 400) << coding;
  }
  EXPECT_EQ(status_of("Host: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400);
  EXPECT_EQ(status_of("Host: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), 400);
  EXPECT_EQ(status_of("Host: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400);
  EXPECT_EQ(status_of("Host: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400);
  EXPECT_EQ(status_of("Host: h\r\nContent-Length: 5\r\nTransfer-Encoding: identity\r\n"), 400);
  EXPECT_EQ(status_of("Host: h\r\nTransfer-Encoding : chunked\r\n"), 400);
  EXPECT_EQ(status_of("Host: h\r\nTransfer-Encoding: chunked\r\n", "POST /x HTTP/1.0"), 400);
}

TEST(Head, ContentLengthIsOneNumberGivenOnce) {
  EXPECT_EQ(status_of("Host: h\r\nContent-Length: 0\r\n"), 0);
  for (const char* length : {"5, 5", "5, 6", "+5", "-5", "0x5", "5.0", "", "five", "99999999999999999999", "5 5"}) {
    EXPECT_EQ(status_of("Host: h\r\nContent-Length: " + std::string{length} + "\r\n"), 400) << length;
  }
  EXPECT_EQ(status_of("Host: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n"), 400);
  EXPECT_EQ(status_of("Host: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n"), 400);
}

TEST(Head, HostIsGivenOnceAndValid) {
  for (const char* host : {"h", "h:80", "127.0.0.1:8080", "[::1]:8080", "[::1]", "a-b.example.com.", "h:"}) {
    EXPECT_EQ(status_of("Host: " + std::string{host} + "\r\n"), 0) << host;
  }
  for (const char* host : {"", "a b", "h:port", "h:123456", "user@h", "h/path", "[::1", "[]", "[::1]x", "a,b:80:90", ":80"}) {
    EXPECT_EQ(status_of("Host: " + std::string{host} + "\r\n"), 400) << host;
  }
  EXPECT_EQ(status_of(""), 400);
  EXPECT_EQ(status_of("Host: h\r\nHost: h\r\n"), 400);
  EXPECT_EQ(status_of("", "GET /x HTTP/1.0"), 0);
}

TEST(Head, FoldedAndMalformedLinesAreRefused) {
  EXPECT_EQ(status_of("Host: h\r\nX: a\r\n b\r\n"), 400);
  EXPECT_EQ(status_of("Host: h\r\nX: a\r\n\tb\r\n"), 400);
  EXPECT_EQ(status_of(" Host: h\r\n"), 400);
  EXPECT_EQ(status_of("Host : h\r\n"), 400);
  EXPECT_EQ(status_of("Host: h\r\nnocolon\r\n"), 400);
  EXPECT_EQ(status_of("Host: h\r\n: novalue\r\n"), 400);
  EXPECT_EQ(status_of("Host: h\r\nX: a\nY: b\r\n"), 400);
  EXPECT_EQ(status_of("Host: h\r\nX: a\rb\r\n"), 400);
  EXPECT_EQ(status_of("Host: h\r\nX: a" + std::string(1, '\0') + "b\r\n"), 400);
  EXPECT_EQ(status_of("Host: h\r\nX\x01: a\r\n"), 400);
}

TEST(Head, OnlyTheVersionsSpokenHerePass) {
  EXPECT_EQ(status_of("Host: h\r\n", "GET / HTTP/1.1"), 0);
  EXPECT_EQ(status_of("", "GET / HTTP/1.0"), 0);
  EXPECT_EQ(status_of("Host: h\r\n", "GET / HTTP/2.0"), 505);
  EXPECT_EQ(status_of("Host: h\r\n", "GET / HTTP/1.2"), 505);
  EXPECT_EQ(status_of("Host: h\r\n", "GET / HTTP/0.9"), 505);
  EXPECT_EQ(status_of("Host: h\r\n", "GET / HTTP/1"), 400);
  EXPECT_EQ(status_of("Host: h\r\n", "GET / http/1.1"), 400);
  EXPECT_EQ(status_of("Host: h\r\n", "GET /"), 400);
  EXPECT_EQ(status_of("Host: h\r\n", "GET  / HTTP/1.1"), 400);
  EXPECT_EQ(status_of("Host: h\r\n", "GET / x HTTP/1.1"), 400);
}

TEST(Head, TheTargetIsAPathStrictlyEncoded) {
  const auto of = [](std::string_view target, std::string_view m = "GET") {
    return status_of("Host: h\r\n", std::string{m} + " " + std::string{target} + " HTTP/1.1");
  };
  for (const char* good : {"/", "/a/b?c=d&e=%20", "//", "/%C3%BC", "/a?", "/a?b=c=d", "/a:b"}) EXPECT_EQ(of(good), 0) << good;
  for (const char* good : {"http://h/x", "HTTP://H/", "https://h", "http://h//", "http://h/x?y=z"})
    EXPECT_EQ(of(good), 0) << good;
  for (const char* bad : {"http://other/x",
                          "http://h:80/x",
                          "http://user@h/x",
                          "http:///x",
                          "http://",
                          "http:/x",
                          "http://h?x",
                          "http://h#x",
                          "http://h/#x",
                          "http://h/%",
                          "ftp://h/x",
                          "://h/x",
                          "h:443",
                          "*",
                          "x",
                          "/a#b",
                          "/%",
                          "/%4",
                          "/%zz",
                          "/%00",
                          "/%0a",
                          "/%7f",
                          "/%ff",
                          "/%c0%af",
                          "/\xc3\xbc",
                          "/?a=%",
                          "/?%00=1",
                          "/?a=%ed%a0%80"}) {
    EXPECT_EQ(of(bad), 400) << bad;
  }
  EXPECT_EQ(of("*", "OPTIONS"), 0);
  EXPECT_EQ(of("h:443", "CONNECT"), 400);
}

TEST(Head, ATargetWithItsHostIsTheSameWithoutIt) {
  const gate g{"GET http://Example.com:8080/a%20b?c=d HTTP/1.1\r\nHost: example.com:8080\r\n\r\n"};
  EXPECT_EQ(g.r.target, "/a%20b?c=d");
  EXPECT_EQ(g.r.path, "/a b");
  EXPECT_EQ(g.r.query_value("c").value(), "d");
  EXPECT_EQ((gate{"GET http://h HTTP/1.1\r\nHost: h\r\n\r\n"}.r.path), "/");
  EXPECT_EQ((gate{"GET http://h/ HTTP/1.0\r\n\r\n"}.status()), 400) << "nothing says that it is meant for us";
}

TEST(Head, SizesHoldAtTheLimitAndNotAbove) {
  const auto with_target = [](std::size_t n) {
    return status_of("Host: h\r\n", "GET /" + std::string(n - 1, 'a') + " HTTP/1.1");
  };
  EXPECT_EQ(with_target(4096), 0);
  EXPECT_EQ(with_target(4097), 414);

  const auto of_size = [](std::size_t n) {
    std::string head = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
    return gate{head + std::string(n - head.size() - 4, 'a') + "\r\n\r\n"}.status();
  };
  EXPECT_EQ(of_size(16 * 1024), 0);
  EXPECT_EQ(of_size(16 * 1024 + 1), 431);

  const auto with_fields = [](int n) {
    std::string fields = "Host: h\r\n";
    for (int i = 1; i < n; ++i) fields += "X: y\r\n";
    return status_of(fields);
  };
  EXPECT_EQ(with_fields(100), 0);
  EXPECT_EQ(with_fields(101), 431);
}

TEST(Head, AnIncompleteHeadIsRefusedAsSoonAsItIsHopeless) {
  const auto of = [](const std::string& bytes) {
    const auto wrong = check_partial_head(bytes, {});
    return wrong ? entry_of(wrong->what).status : 0;
  };
  EXPECT_EQ(of("GET / HT"), 0);
  EXPECT_EQ(of("\x16\x03\x01"), 400);
  EXPECT_EQ(of(std::string(65, 'A')), 400);
  EXPECT_EQ(of("GET /" + std::string(4095, 'a')), 0);
  EXPECT_EQ(of("GET /" + std::string(4096, 'a')), 414);
  EXPECT_EQ(of("GET / HTTP/1.1\r\nX: " + std::string(16 * 1024, 'a')), 431);
}

TEST(Head, ALineThatEndsInABareLineFeedIsNotWaitedFor) {
  const auto of = [](const std::string& bytes) {
    const auto wrong = check_partial_head(bytes, {});
    return wrong ? entry_of(wrong->what).status : 0;
  };
  EXPECT_EQ(of("GET / HTTP/1.1\r\nHost: h\r\n"), 0);
  EXPECT_EQ(of("GET / HTTP/1.1\r\nHost: h\r"), 0);
  EXPECT_EQ(of("GET / HTTP/1.1\n"), 400);
  EXPECT_EQ(of("GET / HTTP/1.1\nHost: h\n\n"), 400);
  EXPECT_EQ(of("GET / HTTP/1.1\r\nHost: h\n"), 400);
  EXPECT_EQ(of("GET / HTTP/1.1\r\nHost: h\r\n\n"), 400);
}

TEST(Head, ConnectionAndExpectAreUnderstood) {
  const auto facts = [](std::string_view fields, std::string_view line = "GET / HTTP/1.1") {
    return gate{std::string{line} + "\r\nHost: h\r\n" + std::string{fields} + "\r\n"}.facts;
  };
  EXPECT_FALSE(facts("Connection: close\r\n").keep_alive);
  EXPECT_FALSE(facts("Connection: foo, CLOSE\r\n").keep_alive);
  EXPECT_FALSE(facts("", "GET / HTTP/1.0").keep_alive);
  EXPECT_TRUE(facts("Connection: Keep-Alive\r\n", "GET / HTTP/1.0").keep_alive);
  EXPECT_TRUE(facts("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n").upgrade);
  EXPECT_FALSE(facts("Upgrade: websocket\r\n").upgrade);
  EXPECT_TRUE(facts("Expect: 100-Continue\r\n").expect_continue);
  EXPECT_TRUE(facts("Expect: 200-ok\r\n").expect_other);
  EXPECT_TRUE(facts("Expect: 100-continue\r\nExpect: 100-continue\r\n").expect_continue);
  for (const char* two : {"Expect: 200-ok\r\nExpect: 100-continue\r\n", "Expect: 100-continue\r\nExpect: 200-ok\r\n"}) {
    EXPECT_TRUE(facts(two).expect_other) << two;
    EXPECT_FALSE(facts(two).expect_continue) << two;
  }
  EXPECT_FALSE(facts("Expect: 100-continue\r\n", "GET / HTTP/1.0").expect_continue);
}

TEST(Head, ATraceparentIsKeptOnlyWhenValid) {
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  EXPECT_TRUE(is_traceparent(good));
  EXPECT_TRUE(is_traceparent("01" + good.substr(2) + "-more"));
  EXPECT_FALSE(is_traceparent(good + "-more"));
  EXPECT_FALSE(is_traceparent("ff" + good.substr(2)));
  EXPECT_FALSE(is_traceparent("00-" + std::string(32, '0') + good.substr(35)));
  EXPECT_FALSE(is_traceparent(good.substr(0, 36) + std::string(16, '0') + "-01"));
  EXPECT_FALSE(is_traceparent("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"));
  EXPECT_FALSE(is_traceparent(good.substr(0, 54)));
  EXPECT_FALSE(is_traceparent(""));
}

TEST(Query, AParameterGivenTwiceIsAProblem) {
  gate g{"GET /?a=1&b=2&a=3 HTTP/1.1\r\nHost: h\r\n\r\n"};
  EXPECT_EQ(g.r.query_value("b").value(), "2");
  ASSERT_FALSE(g.r.query_value("a"));
  EXPECT_EQ(g.r.query_value("a").error().what, code::parameter_duplicate);
}

}  // namespace
}  // namespace haulcast::http
