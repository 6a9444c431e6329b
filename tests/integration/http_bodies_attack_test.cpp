// Bodies that lie about their size, never end, or cost more than they carry.
#include <gtest/gtest.h>

#include "haulcast/wire/gzip.hpp"
#include "integration/http_attack.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::string_literals;
using namespace std::chrono_literals;

std::string chunked(const server& s, const std::string& raw) {
  return post_positions(s, "Transfer-Encoding: chunked\r\n", raw);
}

std::string hex(std::size_t n) {
  std::ostringstream out;
  out << std::hex << n;
  return out.str();
}

std::string as_chunk(const std::string& data) { return hex(data.size()) + "\r\n" + data + "\r\n"; }

TEST(HttpBodies, ChunksAreReadStrictly) {
  server s;
  std::vector<attack> all;
  for (const std::string raw : {"5;name=value\r\nhello\r\n0\r\n\r\n",
                                "5;\r\nhello\r\n0\r\n\r\n",
                                "5 \r\nhello\r\n0\r\n\r\n",
                                "5\t;x\r\nhello\r\n0\r\n\r\n",
                                "5\r\nhello\r\n0;x\r\n\r\n",
                                "5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
                                "5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n",
                                "-1\r\n",
                                "-5\r\nhello\r\n",
                                "+5\r\nhello\r\n",
                                "0x5\r\nhello\r\n",
                                "5h\r\nhello\r\n",
                                "g\r\n",
                                "\r\n",
                                " 5\r\nhello\r\n",
                                "5\nhello\n0\n\n",
                                "5\rhello\r0\r\r",
                                "5\r\nhello0\r\n\r\n",
                                "5\r\nhello\n0\r\n\r\n",
                                "5\r\nhelloX\r\n0\r\n\r\n",
                                "4\r\nhello\r\n0\r\n\r\n",
                                "00000000000000005\r\nhello\r\n",
                                "10000000000000005\r\nhello\r\n",
                                "ffffffffffffffffff\r\n",
                                "5\r\nhello\r\n0\r\nx",
                                "5\r\nhello\r\n\r\n",
                                "{\"positions\":[]}"}) {
    all.push_back({.name = raw, .bytes = chunked(s, raw)});
  }
  all.push_back({.name = "a NUL in the size", .bytes = chunked(s, "5\0\r\nhello\r\n"s)});
  all.push_back({.name = "an extension of 5 MB", .bytes = chunked(s, "5;" + std::string(5'000'000, 'x') + "\r\nhello\r\n")});
  all.push_back(
      {.name = "a trailer of 10 MB", .bytes = chunked(s, "0\r\nTrailer: " + std::string(10'000'000, 'x') + "\r\n\r\n")});
  all.push_back({.name = "100,000 trailers",
                 .bytes = chunked(
                     s, "0\r\n" + [] {
                       std::string lines;
                       for (int i = 0; i < 100'000; ++i) lines += "X: y\r\n";
                       return lines;
                     }())});
  for (const std::string size : {"ffffffffffffffff", "7fffffffffffffff", "8000000000000000", "100001", "80000000"}) {
    all.push_back({.name = "a chunk of " + size, .bytes = chunked(s, size + "\r\nx"), .status = 413, .code = "body_too_large"});
  }
  expect_answers(s, all);
}

TEST(HttpBodies, AChunkedBodyOfOrdinaryMakeIsTakenHoweverItIsCut) {
  server s;
  const std::string body = good_body("TRK-CHUNKS");
  for (const std::string& raw : {as_chunk(body) + "0\r\n\r\n", "000" + as_chunk(body) + "0000\r\n\r\n", [&] {
                                   std::string single;
                                   for (const char c : body) single += as_chunk({c});
                                   return single + "0\r\n\r\n";
                                 }()}) {
    expect_answers(s, {{.name = raw.substr(0, 20), .bytes = chunked(s, raw), .status = 200, .closes = false}});
  }
  EXPECT_EQ(s.as().get("/v1/trucks/TRK-CHUNKS").status, 200);
}

TEST(HttpBodies, CrumbsWithoutEndAreStopped) {
  server s;
  raw_connection connection{s.base()};
  connection.send(chunked(s, ""));
  std::string crumbs;
  for (int i = 0; i < 10'000; ++i) crumbs += "1\r\n \r\n";
  for (int i = 0; i < 100 && !connection.at_end(); ++i) connection.send(crumbs);  // 6 MB that carry 1 MB
  const auto answer = read_answer(connection);
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.code(), "body_too_large");
  EXPECT_TRUE(connection.read_to_end(20s));
}

TEST(HttpBodies, WhatIsTooLargeIsRefusedBeforeItIsRead) {
  server s;
  const auto head = [](const std::string& line, const std::string& fields) { return line + "\r\nHost: h\r\n" + fields; };
  std::vector<attack> all{
      {.name = "a target of 4097 bytes",
       .bytes = head("GET /" + std::string(4096, 'a') + " HTTP/1.1", "\r\n"),
       .status = 414,
       .code = "uri_too_long"},
      {.name = "a query of a megabyte",
       .bytes = "GET /v1/trucks?bbox=" + std::string(1'000'000, '1'),
       .status = 414,
       .code = "uri_too_long"},
      {.name = "a head of 16 KiB and one byte",
       .bytes = head("GET /healthz HTTP/1.1", "X: " + std::string(16 * 1024, 'x') + "\r\n\r\n"),
       .status = 431,
       .code = "head_too_large"},
      {.name = "a field that does not end",
       .bytes = head("GET /healthz HTTP/1.1", "X: " + std::string(2'000'000, 'x')),
       .status = 431,
       .code = "head_too_large"},
      {.name = "a name that does not end",
       .bytes = head("GET /healthz HTTP/1.1", std::string(2'000'000, 'x')),
       .status = 431,
       .code = "head_too_large"},
      {.name = "a method that does not end", .bytes = std::string(2'000'000, 'G')},
      {.name = "101 fields",
       .bytes = head("GET /healthz HTTP/1.1",
                     [] {
                       std::string fields;
                       for (int i = 0; i < 100; ++i) fields += "X: y\r\n";
                       return fields + "\r\n";
                     }()),
       .status = 431,
       .code = "head_too_large"},
      {.name = "fields that do not end",
       .bytes = head("GET /healthz HTTP/1.1",
                     [] {
                       std::string fields;
                       for (int i = 0; i < 100'000; ++i) fields += "X: y\r\n";
                       return fields;
                     }()),
       .status = 431,
       .code = "head_too_large"},
      {.name = "a body of a byte too many",
       .bytes = post_positions(s, "Content-Length: 1048577\r\n", ""),
       .status = 413,
       .code = "body_too_large"},
      {.name = "a body of 16 exbibytes",
       .bytes = post_positions(s, "Content-Length: 18446744073709551615\r\n", ""),
       .status = 413,
       .code = "body_too_large"},
      {.name = "a large body for who takes none",
       .bytes = "GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x'),
       .status = 413,
       .code = "body_too_large"},
      {.name = "chunks for who takes no body",
       .bytes = "GET /healthz HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       .status = 413,
       .code = "body_too_large"},
      {.name = "chunks beyond the limit",
       .bytes = chunked(s, as_chunk(std::string(600'000, ' ')) + as_chunk(std::string(600'000, ' '))),
       .status = 413,
       .code = "body_too_large"},
  };
  const std::string packed = wire::gzip(std::string((1U << 20) + 1, ' '));
  all.push_back({.name = "gzip beyond the limit",
                 .bytes = post_positions(
                     s, "Content-Encoding: gzip\r\nContent-Length: " + std::to_string(packed.size()) + "\r\n", packed),
                 .status = 413,
                 .code = "body_too_large",
                 .closes = false});
  all.push_back(
      {.name = "chunked gzip beyond the limit",
       .bytes = post_positions(s, "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", as_chunk(packed) + "0\r\n\r\n"),
       .status = 413,
       .code = "body_too_large",
       .closes = false});
  all.push_back({.name = "a small body for who takes none",
                 .bytes = "GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
                 .status = 413,
                 .code = "body_too_large",
                 .closes = false});
  expect_answers(s, all);
}

TEST(HttpBodies, ExpectIsAnsweredBeforeTheBodyIsRead) {
  server s;
  const std::string body = good_body("TRK-EXPECT");
  const auto length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  {
    raw_connection c{s.base()};
    c.send(post_positions(s, length + "Expect: 100-continue\r\n", ""));
    EXPECT_EQ(read_answer(c).status, 100);
    c.send(body);
    EXPECT_EQ(read_answer(c).status, 200);
  }
  {
    raw_connection c{s.base()};  // in HTTP/1.0 nobody waits for it
    c.send("POST /v1/positions HTTP/1.0\r\nAuthorization: Bearer " + s.token() + "\r\n" + length +
           "Expect: 100-continue\r\n\r\n" + body);
    EXPECT_EQ(read_answer(c).status, 200);
  }
  expect_answers(s, {
                        {.name = "an expectation nobody can meet",
                         .bytes = post_positions(s, length + "Expect: a miracle\r\n", body),
                         .status = 417,
                         .code = "expectation_failed",
                         .closes = false},
                        {.name = "two, the second unknown",
                         .bytes = post_positions(s, length + "Expect: 100-continue\r\nExpect: x\r\n", ""),
                         .status = 417,
                         .code = "expectation_failed"},
                        {.name = "two, the first unknown",
                         .bytes = post_positions(s, length + "Expect: x\r\nExpect: 100-continue\r\n", ""),
                         .status = 417,
                         .code = "expectation_failed"},
                        {.name = "a body that is too large, not sent",
                         .bytes = post_positions(s, "Content-Length: 99999999\r\nExpect: 100-continue\r\n", ""),
                         .status = 413,
                         .code = "body_too_large"},
                        {.name = "no token, and the body not sent",
                         .bytes = "POST /v1/positions HTTP/1.1\r\nHost: h\r\n" + length + "Expect: 100-continue\r\n\r\n",
                         .status = 401,
                         .code = "token_missing"},
                        {.name = "nowhere, and the body not sent",
                         .bytes = "POST /nowhere HTTP/1.1\r\nHost: h\r\n" + length + "Expect: 100-continue\r\n\r\n",
                         .status = 404,
                         .code = "not_found"},
                    });
}

TEST(HttpBodies, CodingsThatAreNotSpokenAreRefused) {
  server s;
  const auto coded = [&](const std::string& coding, const std::string& body) {
    return post_positions(s, "Content-Encoding: " + coding + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n",
                          body);
  };
  const std::string good = good_body("TRK-CODED");
  const std::string packed = wire::gzip(good);
  std::vector<attack> all;
  for (const std::string coding :
       {"br", "deflate", "zstd", "compress", "gzip, gzip", "gzip;q=1", "gzip,identity", "chunked", "*"}) {
    all.push_back(
        {.name = coding, .bytes = coded(coding, packed), .status = 415, .code = "unsupported_media_type", .closes = false});
  }
  const auto broken = [&](const std::string& name, const std::string& body) {
    all.push_back({.name = name, .bytes = coded("gzip", body), .code = "body_not_decodable", .closes = false});
  };
  broken("plain JSON", good);
  broken("cut short", packed.substr(0, packed.size() - 1));
  broken("cut in the middle", packed.substr(0, packed.size() / 2));
  broken("the head alone", packed.substr(0, 10));
  broken("junk behind the end", packed + "junk");
  broken("a NUL behind the end", packed + "\0"s);
  broken("a second member", packed + packed);
  broken("a wrong checksum", packed.substr(0, packed.size() - 8) + "\0\0\0\0"s + packed.substr(packed.size() - 4));
  broken("zlib's own format", "\x78\x9C\x03\x00\x00\x00\x00\x01"s);
  broken("a dictionary of one's own", "\x78\xBB\x00\x00\x00\x01\x03\x00\x00\x00\x00\x01"s);
  broken("a reserved block", "\x1F\x8B\x08\0\0\0\0\0\0\x03\x07"s);
  all.push_back(
      {.name = "packed twice", .bytes = coded("gzip", wire::gzip(packed)), .code = "malformed_json", .closes = false});
  expect_answers(s, all);
  expect_answers(s, {{.name = "x-gzip", .bytes = coded("X-GZIP", packed), .status = 200, .closes = false}});
}

}  // namespace
}  // namespace haulcast::support
