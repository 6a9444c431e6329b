// Requests that two servers could read differently: where one message ends, whom it is for, what its target is. Each is refused
// before its body, the connection ends, and what was hidden in it never happens.
#include <gtest/gtest.h>

#include "integration/http_attack.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::string_literals;

/// What the attacker would like to have done as somebody else's request.
std::string hidden(const server& s) {
  const auto body = good_body("SMUGGLED");
  return post_positions(s, "Content-Length: " + std::to_string(body.size()) + "\r\n", body);
}

/// A POST with these fields, and behind it what they are meant to hide.
attack hiding(const server& s, const std::string& name, const std::string& fields, const std::string& before = "0\r\n\r\n") {
  return {.name = name, .bytes = post_positions(s, fields, before + hidden(s))};
}

void expect_nothing_hidden_happened(const server& s) { EXPECT_EQ(s.as().get("/v1/trucks/SMUGGLED").status, 404); }

TEST(HttpSmuggling, ATransferCodingOtherThanChunkedIsRefused) {
  server s;
  std::vector<attack> all;
  for (const std::string coding :
       {"xchunked", "chunked, identity", "identity, chunked", "identity", "gzip, chunked", "gzip", "chunked, chunked",
        "chunked;q=1", "\"chunked\"", "chunked,", ", chunked", "", "x, chunked", "chunked x",
        "\x0b"
        "chunked",
        "chunked\x0c", "chunke", "deflate"}) {
    all.push_back(hiding(s, "Transfer-Encoding: " + coding, "Transfer-Encoding: " + coding + "\r\n"));
  }
  all.push_back(hiding(s, "given twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"));
  all.push_back(hiding(s, "given twice, differently", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"));
  all.push_back(hiding(s, "the other way round", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"));
  all.push_back(hiding(s, "a blank before the colon", "Transfer-Encoding : chunked\r\n"));
  all.push_back(hiding(s, "a tab before the colon", "Transfer-Encoding\t: chunked\r\n"));
  all.push_back(hiding(s, "folded", "Transfer-Encoding:\r\n chunked\r\n"));
  all.push_back(hiding(s, "a NUL in the name", "Transfer-Encoding\0: chunked\r\n"s));
  all.push_back(hiding(s, "a NUL in the value", "Transfer-Encoding: chunked\0\r\n"s));
  all.push_back(hiding(s, "behind a bare line feed", "X: y\nTransfer-Encoding: chunked\r\n"));
  all.push_back(hiding(s, "behind a bare carriage return", "X: y\rTransfer-Encoding: chunked\r\n"));
  all.push_back({.name = "in HTTP/1.0",
                 .bytes = "POST /v1/positions HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden(s)});
  expect_answers(s, all);
  expect_nothing_hidden_happened(s);
}

TEST(HttpSmuggling, ALengthIsOneNumberAndGoesWithNoTransferCoding) {
  server s;
  std::vector<attack> all;
  for (const std::string length :
       {"+5", "-5", "-0", "5 5", "5, 5", "5,6", "0x5", "5.0", "5e0", "five", "", " ", "\"5\"", "5;", "5\x0b", "\xEF\xBC\x95",
        "18446744073709551616", "99999999999999999999999999", "340282366920938463463374607431768211461"}) {
    all.push_back(hiding(s, "Content-Length: " + length, "Content-Length: " + length + "\r\n", "12345"));
  }
  all.push_back(hiding(s, "twice the same", "Content-Length: 5\r\nContent-Length: 5\r\n", "12345"));
  all.push_back(hiding(s, "twice", "Content-Length: 5\r\nContent-Length: 6\r\n", "12345"));
  all.push_back(hiding(s, "twice in other letters", "Content-Length: 5\r\ncontent-length: 0\r\n", "12345"));
  all.push_back(hiding(s, "a NUL behind the number", "Content-Length: 5\0\r\n"s, "12345"));
  all.push_back(hiding(s, "a blank before the colon", "Content-Length : 5\r\n", "12345"));
  all.push_back(hiding(s, "folded", "Content-Length:\r\n 5\r\n", "12345"));
  all.push_back(hiding(s, "and chunked behind it", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"));
  all.push_back(hiding(s, "and chunked before it", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"));
  all.push_back(hiding(s, "and xchunked", "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n"));
  all.push_back(hiding(s, "and an empty coding", "Transfer-Encoding: \r\nContent-Length: 5\r\n"));
  expect_answers(s, all);
  expect_nothing_hidden_happened(s);
}

TEST(HttpSmuggling, HostIsGivenOnceAndIsAHost) {
  server s;
  const auto get = [](const std::string& fields) { return "GET /healthz HTTP/1.1\r\n" + fields + "\r\n"; };
  std::vector<attack> all{
      {.name = "none", .bytes = get("X: y\r\n")},
      {.name = "two", .bytes = get("Host: h\r\nHost: other\r\n")},
      {.name = "two that agree", .bytes = get("Host: h\r\nhost: h\r\n")},
      {.name = "folded", .bytes = get("Host: h\r\n other\r\n")},
      {.name = "folded in front", .bytes = get(" Host: h\r\n")},
      {.name = "a blank before the colon", .bytes = get("Host : h\r\n")},
  };
  for (const std::string host : {"",     "a b", "h:port", "h:999999",  "h:80:80", "user@h", "user:password@h", "h/path",
                                 "h?q",  "h#f", "h\\x",   "[::1",      "::1]",    "[]",     "[::g]",           "[::1]x",
                                 "a, b", "<h>", "h\x7f",  "h\xC3\xA9", ":80",     "@h",     "http://h"}) {
    all.push_back({.name = "Host: " + host, .bytes = get("Host: " + host + "\r\n")});
  }
  expect_answers(s, all);
  for (const std::string host : {"h", "h:80", "h:", "127.0.0.1:1", "[::1]:8080", "xn--bcher-kva.example", "%41", "a_b"}) {
    expect_answers(s, {{.name = "Host: " + host, .bytes = get("Host: " + host + "\r\n"), .status = 200, .closes = false}});
  }
}

TEST(HttpSmuggling, LinesAreWhole) {
  server s;
  const auto with = [](const std::string& fields) { return "GET /healthz HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n"; };
  expect_answers(
      s, {
             {.name = "bare line feeds", .bytes = "GET /healthz HTTP/1.1\nHost: h\n\n"},
             {.name = "a bare line feed behind the request line", .bytes = "GET /healthz HTTP/1.1\nHost: h\r\n\r\n"},
             {.name = "a bare line feed between fields", .bytes = with("A: b\nC: d\r\n")},
             {.name = "a bare line feed at the end", .bytes = "GET /healthz HTTP/1.1\r\nHost: h\r\n\n"},
             {.name = "bare carriage returns", .bytes = "GET /healthz HTTP/1.1\rHost: h\r\r" + get_request("/healthz")},
             {.name = "a bare carriage return in a value", .bytes = with("A: b\rc\r\n")},
             {.name = "a NUL in a value", .bytes = with("A: b\0c\r\n"s)},
             {.name = "a NUL in a name", .bytes = with("A\0: b\r\n"s)},
             {.name = "a NUL in the request line", .bytes = "GET /healthz\0 HTTP/1.1\r\nHost: h\r\n\r\n"s},
             {.name = "a NUL in the method", .bytes = "G\0T /healthz HTTP/1.1\r\nHost: h\r\n\r\n"s},
             {.name = "a bell in a value", .bytes = with("A: \x07\r\n")},
             {.name = "a DEL in a value", .bytes = with("A: \x7f\r\n")},
             {.name = "a folded line", .bytes = with("A: b\r\n c\r\n")},
             {.name = "a line folded with a tab", .bytes = with("A: b\r\n\tc\r\n")},
             {.name = "a line of blanks", .bytes = with("A: b\r\n   \r\n")},
             {.name = "no colon", .bytes = with("nothing\r\n")},
             {.name = "no name", .bytes = with(": value\r\n")},
             {.name = "a blank in a name", .bytes = with("A B: c\r\n")},
             {.name = "a bracket in a name", .bytes = with("A[]: c\r\n")},
             {.name = "a name beyond ASCII", .bytes = with("\xC3\xA9: c\r\n")},
             {.name = "two blanks behind the method", .bytes = "GET  /healthz HTTP/1.1\r\nHost: h\r\n\r\n"},
             {.name = "two blanks before the version", .bytes = "GET /healthz  HTTP/1.1\r\nHost: h\r\n\r\n"},
             {.name = "a tab for a blank", .bytes = "GET\t/healthz HTTP/1.1\r\nHost: h\r\n\r\n"},
             {.name = "a blank in front", .bytes = " GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"},
             {.name = "a blank behind the version", .bytes = "GET /healthz HTTP/1.1 \r\nHost: h\r\n\r\n"},
             {.name = "no version", .bytes = "GET /healthz\r\nHost: h\r\n\r\n"},
             {.name = "a version in small letters", .bytes = "GET /healthz http/1.1\r\nHost: h\r\n\r\n"},
             {.name = "a version that is none", .bytes = "GET /healthz HTTP/1.x\r\nHost: h\r\n\r\n"},
             {.name = "another version",
              .bytes = "GET /healthz HTTP/2.0\r\nHost: h\r\n\r\n",
              .status = 505,
              .code = "version_not_supported"},
             {.name = "HTTP/2's preface",
              .bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
              .status = 505,
              .code = "version_not_supported"},
             {.name = "HTTP/0.9", .bytes = "GET /healthz\r\n\r\n"},
             {.name = "a TLS hello", .bytes = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s},
             {.name = "an SSH hello", .bytes = "SSH-2.0-OpenSSH_9.2\r\n\r\n"},
             {.name = "a PROXY line", .bytes = "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"},
         });
}

TEST(HttpSmuggling, TheTargetIsAPathOfThisServer) {
  server s;
  std::vector<attack> all;
  for (const std::string target : {"http://other/healthz",
                                   "http://h@h/healthz",
                                   "ftp://h/healthz",
                                   "other:80",
                                   "//other/healthz@h#x",
                                   "healthz",
                                   "*",
                                   "?q",
                                   "/healthz#fragment",
                                   "/%",
                                   "/%4",
                                   "/%zz",
                                   "/%00",
                                   "/healthz%00",
                                   "/%0d%0aX:y",
                                   "/%7f",
                                   "/%ff",
                                   "/%c0%af",
                                   "/%ed%a0%80",
                                   "/\xC3\xA9",
                                   "/\x7f",
                                   "/?a=%",
                                   "/?%00=1",
                                   "/?a=%0a",
                                   "/?a=%ff"}) {
    all.push_back({.name = target, .bytes = "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"});
  }
  all.push_back({.name = "CONNECT", .bytes = "CONNECT other:443 HTTP/1.1\r\nHost: other\r\n\r\n"});
  expect_answers(s, all);
  std::vector<attack> nowhere;
  for (const std::string target :
       {"/../healthz", "/./healthz", "/healthz/", "//healthz", "/healthz/..", "/HEALTHZ", "/healthz%2F", "/%2Fhealthz",
        "/v1/..%2f..%2fetc%2fpasswd", "/healthz;x=y", "/healthz%20", "/%252e"}) {
    nowhere.push_back({.name = target, .bytes = get_request(target), .status = 404, .code = "not_found", .closes = false});
  }
  expect_answers(s, nowhere);
}

}  // namespace
}  // namespace haulcast::support
