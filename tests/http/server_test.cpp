#include "haulcast/http/server.hpp"

#include "harness.hpp"
#include "haulcast/wire/gzip.hpp"

namespace haulcast::http::test {
namespace {

TEST(Server, AnswersOneRequestAfterTheOtherOnOneConnection) {
  running_server s;
  peer p{s.port()};
  for (int i = 0; i < 3; ++i) {
    const auto a = p.ask(get("/hello"));
    EXPECT_EQ(a.status, 200);
    EXPECT_EQ(a.body, "hello");
    EXPECT_EQ(a.header("cache-control"), "no-store");
    EXPECT_EQ(a.header("connection"), "");
  }
  const auto m = s.metrics();
  EXPECT_EQ(m.connections_accepted, 1U);
  EXPECT_EQ(m.routes[0].by_class[2], 3U);
}

TEST(Server, TakesARequestByteByByte) {
  running_server s;
  peer p{s.port()};
  for (const char c : post("/echo", "byte by byte")) p.send({&c, 1});
  EXPECT_EQ(p.read().body, "byte by byte");
  for (const char c : std::string{"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"})
    p.send({&c, 1});
  EXPECT_EQ(p.read().body, "abc");
  EXPECT_EQ(p.ask(get("/hello")).body, "hello");
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  running_server s;
  peer p{s.port()};
  std::string all;
  for (int i = 0; i < 100; ++i) all += i % 10 == 3 ? get("/wait?n=" + std::to_string(i)) : post("/echo", std::to_string(i));
  all = all.substr(0);
  p.send(all);
  for (int i = 0; i < 100; ++i) {
    const auto a = p.read();
    EXPECT_EQ(a.status, 200);
    EXPECT_EQ(a.body, i % 10 == 3 ? "waited for " + std::to_string(i) : std::to_string(i));
  }
}

TEST(Server, TakesBodiesOfEverySizeInPlaceAndBeyond) {
  running_server s;
  peer p{s.port()};
  for (const std::size_t size : {0UL, 1UL, 1900UL, 2048UL, 5000UL, 19'000UL, 65'536UL, 70'000UL, 200'000UL, 19'000UL, 3UL}) {
    std::string body(size, 'a');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>('a' + i % 23);
    EXPECT_EQ(p.ask(post("/echo", body) + get("/hello")).body, body) << size;
    EXPECT_EQ(p.read().body, "hello") << size;
  }
  EXPECT_EQ(s.metrics().body_bytes_held, 0U);
}

TEST(Server, TakesChunkedBodiesAndWhatFollowsThem) {
  running_server s;
  peer p{s.port()};
  std::string all = "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string body;
  for (int i = 0; i < 300; ++i) {
    all += "1f4\r\n" + std::string(500, static_cast<char>('a' + i % 26)) + "\r\n";
    body += std::string(500, static_cast<char>('a' + i % 26));
  }
  EXPECT_EQ(p.ask(all + "0\r\n\r\n" + get("/hello")).body, body);
  EXPECT_EQ(p.read().body, "hello");
  const auto empty = p.ask("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  EXPECT_EQ(empty.status, 200);
  EXPECT_EQ(empty.body, "");
  EXPECT_EQ(s.metrics().body_bytes_held, 0U);
}

TEST(Server, RefusesChunksThatCostMoreThanTheyCarry) {
  running_server s;
  const std::string head = "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const auto status_of = [&](const std::string& rest) {
    peer p{s.port()};
    p.send(head + rest);
    const auto a = p.read();
    EXPECT_TRUE(a.header("connection") == "close");
    return a.status;
  };
  EXPECT_EQ(status_of("3;x=y\r\nabc\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(status_of("3;" + std::string(5'000'000, 'x')), 400);
  EXPECT_EQ(status_of("3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n"), 400);
  EXPECT_EQ(status_of("0\r\nTrailer: " + std::string(1'000'000, 'x')), 400);
  std::string crumbs;
  for (int i = 0; i < 150'000; ++i) crumbs += "1\r\nx\r\n";
  EXPECT_EQ(status_of(crumbs), 413);
}

TEST(Server, ClosesBehindWhatIsNoHttp) {
  running_server s;
  for (const auto& bytes :
       {std::string{"\x16\x03\x01\x02\x00\x01"}, std::string{"GET / HTTP/1.1\r\n\r\n"},
        std::string{"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
        "GET /hello HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n" + get("/hello")}) {
    peer p{s.port()};
    p.send(bytes);
    const auto a = p.read();
    EXPECT_EQ(a.status, 400) << bytes;
    EXPECT_EQ(a.header("content-type"), "application/problem+json");
    EXPECT_EQ(a.header("connection"), "close");
    EXPECT_TRUE(p.ended());
  }
  EXPECT_EQ(s.metrics().requests_malformed, 4U);
}

TEST(Server, RefusesWhatIsTooLargeBeforeReadingIt) {
  running_server s;
  {
    peer p{s.port()};
    p.send("GET /" + std::string(5000, 'a'));
    EXPECT_EQ(p.read().status, 414);
    EXPECT_TRUE(p.ended());
  }
  {
    peer p{s.port()};
    p.send("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a'));
    EXPECT_EQ(p.read().status, 431);
  }
  {
    peer p{s.port()};
    p.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 200001\r\n\r\n");
    const auto a = p.read();
    EXPECT_EQ(a.status, 413);
    EXPECT_EQ(a.header("connection"), "close");
    p.send(std::string(200'001, 'x'));
    EXPECT_TRUE(p.ended());
  }
  {
    peer p{s.port()};
    p.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551615\r\n\r\n");
    EXPECT_EQ(p.read().status, 413);
  }
}

TEST(Server, DropsASmallUnwantedBodyAndLivesOn) {
  running_server s;
  peer p{s.port()};
  const auto a = p.ask(post("/small", std::string(17, 'x')) + post("/small", std::string(16, 'y')));
  EXPECT_EQ(a.status, 413);
  EXPECT_EQ(a.header("connection"), "");
  EXPECT_EQ(p.read().body, std::string(16, 'y'));
  p.send("POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 10000\r\n\r\n" + std::string(500, 'x'));
  EXPECT_EQ(p.read().status, 404);
  p.send(std::string(9500, 'x') + get("/hello"));
  EXPECT_EQ(p.read().body, "hello");
}

TEST(Server, SaysContinueBeforeTheBodyIsSent) {
  running_server s;
  peer p{s.port()};
  p.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(p.read().status, 100);
  EXPECT_EQ(p.ask("body").body, "body");
  p.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(p.read().status, 100);
  EXPECT_EQ(p.ask("4\r\nbody\r\n0\r\n\r\n").body, "body");
  EXPECT_EQ(p.ask(post("/echo", "here already", "Expect: 100-continue\r\n")).body, "here already");
  EXPECT_EQ(p.ask(post("/echo", "x", "Expect: a miracle\r\n")).status, 417);
  p.send("POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  const auto a = p.read();
  EXPECT_EQ(a.status, 404);
  EXPECT_EQ(a.header("connection"), "close");
}

TEST(Server, RoutesByPathAndMethod) {
  running_server s;
  peer p{s.port()};
  EXPECT_EQ(p.ask(get("/v1/trucks/TRK-1/position")).body, "TRK-1");
  EXPECT_EQ(p.ask(get("/v1/trucks/a%2Fb%20c/position")).body, "a/b c");
  EXPECT_EQ(p.ask(get("/v1/trucks/TRK-1")).body, "truck TRK-1");
  EXPECT_EQ(p.ask(get("/%68ello")).body, "hello");
  EXPECT_EQ(p.ask(post("/v1/geofences:import", "{}")).body, "import");
  for (const char* nowhere : {"/", "/hello/", "//hello", "/v1/trucks/", "/v1/trucks//position", "/v1/trucks/{truck_id}/x",
                              "/Hello", "/v1/trucks%2FTRK-1", "/hello/../hello"}) {
    const auto a = p.ask(get(nowhere));
    EXPECT_EQ(a.status, 404) << nowhere;
    EXPECT_NE(a.body.find("\"code\":\"not_found\""), std::string::npos);
  }
  const auto wrong = p.ask("DELETE /echo HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.header("allow"), "POST, PUT, OPTIONS");
  EXPECT_EQ(p.ask("BREW /hello HTTP/1.1\r\nHost: h\r\n\r\n").header("allow"), "GET, HEAD, OPTIONS");
  const auto options = p.ask("OPTIONS /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.header("allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(p.ask("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").status, 204);
  EXPECT_EQ(p.ask(post("/hello", "body")).status, 405);
  EXPECT_EQ(p.ask("GET /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody").status, 413);
}

TEST(Server, TakesTheFormsOfATargetThatProxiesAndOptionsUse) {
  running_server s;
  peer p{s.port()};
  const auto ask = [&](std::string_view line) { return p.ask(std::string{line} + " HTTP/1.1\r\nHost: h\r\n\r\n"); };
  EXPECT_EQ(ask("GET http://h/hello").body, "hello");
  EXPECT_EQ(ask("GET https://H/v1/trucks/TRK%201/position?x=y").body, "TRK 1");
  EXPECT_EQ(ask("GET http://h").status, 404);
  EXPECT_EQ(ask("OPTIONS *").header("allow"), "GET, HEAD, POST, PUT, DELETE, OPTIONS");
  EXPECT_EQ(ask("OPTIONS /nowhere").status, 404);
  for (const char* line : {"GET http://elsewhere/hello", "CONNECT h:443", "GET *", "GET hello"}) {
    peer q{s.port()};
    EXPECT_EQ(q.ask(std::string{line} + " HTTP/1.1\r\nHost: h\r\n\r\n").status, 400) << line;
    EXPECT_TRUE(q.ended());
  }
}

TEST(Server, AnswersOptionsWithoutATokenAndTellsNothingButMethods) {
  running_server s;
  peer p{s.port()};
  const auto a = p.ask("OPTIONS /admins HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(a.status, 204);
  EXPECT_EQ(a.header("allow"), "POST, OPTIONS");
  EXPECT_EQ(a.header("content-length"), "");
  EXPECT_EQ(p.ask("HEAD /private HTTP/1.1\r\nHost: h\r\n\r\n", true).status, 401);
  EXPECT_EQ(p.ask("HEAD /admins HTTP/1.1\r\nHost: h\r\n\r\n", true).status, 405);
  EXPECT_EQ(p.ask("TRACE /private HTTP/1.1\r\nHost: h\r\n\r\n").status, 405);
  EXPECT_EQ(p.ask("OPTIONS /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody" + get("/hello")).status, 204);
  EXPECT_EQ(p.read().body, "hello");
}

TEST(Server, OffersWhatItHasToWhoAcceptsIt) {
  running_server s;
  peer p{s.port()};
  const auto status = [&](const std::string& fields) {
    return p.ask(get("/private", "Authorization: Bearer admin\r\n" + fields)).status;
  };
  for (const char* good : {"", "Accept: */*\r\n", "Accept:\r\n", "Accept: application/*\r\n",
                           "Accept: text/html, */*;q=0.1\r\n", "Accept: text/html\r\nAccept: application/json\r\n"}) {
    EXPECT_EQ(status(good), 200) << good;
  }
  for (const char* bad :
       {"Accept: text/html\r\n", "Accept: application/json;q=0, text/plain;q=0\r\n", "Accept: nonsense\r\n"}) {
    EXPECT_EQ(status(bad), 406) << bad;
  }
  EXPECT_EQ(p.ask(post("/echo", "x", "Accept: text/html\r\n")).body, "x") << "what was done is done, whatever is accepted";
  EXPECT_EQ(p.ask(get("/private", "Accept: text/html\r\n")).status, 401);
}

TEST(Server, AnswersHeadAsGetWithoutTheBody) {
  running_server s;
  peer p{s.port()};
  const auto a = p.ask("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n", true);
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.header("content-length"), "5");
  const auto stream = p.ask("HEAD /endless HTTP/1.1\r\nHost: h\r\n\r\n", true);
  EXPECT_EQ(stream.header("transfer-encoding"), "chunked");
  EXPECT_EQ(p.ask("HEAD /nowhere HTTP/1.1\r\nHost: h\r\n\r\n", true).status, 404);
  EXPECT_EQ(p.ask(get("/hello")).body, "hello");
}

TEST(Server, AsksForTokensAndRoles) {
  running_server s;
  peer p{s.port()};
  const auto with = [&](const std::string& authorization) { return p.ask(get("/private", authorization)); };
  EXPECT_EQ(with("Authorization: Bearer admin\r\n").body, "admin");
  EXPECT_EQ(with("authorization: bEaReR   driver\r\n").body, "driver");
  const auto none = with("");
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.header("www-authenticate"), "Bearer");
  EXPECT_NE(none.body.find("token_missing"), std::string::npos);
  EXPECT_NE(with("Authorization: Basic abc\r\n").body.find("token_missing"), std::string::npos);
  EXPECT_NE(with("Authorization: Bearer old\r\n").body.find("token_expired"), std::string::npos);
  EXPECT_NE(with("Authorization: Bearer nonsense\r\n").body.find("token_invalid"), std::string::npos);
  EXPECT_NE(with("Authorization: Bearer\r\n").body.find("token_invalid"), std::string::npos);
  EXPECT_NE(with("Authorization: Bearer admin\r\nAuthorization: Bearer admin\r\n").body.find("token_invalid"),
            std::string::npos);
  EXPECT_EQ(p.ask(post("/admins", "x", "Authorization: Bearer admin\r\n")).body, "x");
  EXPECT_EQ(p.ask(post("/admins", "x", "Authorization: Bearer driver\r\n")).status, 403);
  p.send("POST /admins HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_EQ(p.read().status, 401);  // without the body
  EXPECT_TRUE(p.ended());
}

TEST(Server, TakesAnApiKeyInsteadOfAToken) {
  running_server s;
  peer p{s.port()};
  const auto with = [&](const std::string& fields) { return p.ask(get("/private", fields)); };
  EXPECT_EQ(with("X-API-Key: key\r\n").body, "merchant");
  EXPECT_EQ(with("x-api-key:   key  \r\n").body, "merchant");
  EXPECT_EQ(p.ask(post("/admins", "x", "X-API-Key: key\r\n")).status, 403);
  const auto forged = with("X-API-Key: nonsense\r\n");
  EXPECT_EQ(forged.status, 401);
  EXPECT_EQ(forged.body, with("Authorization: Bearer nonsense\r\n").body) << "nobody learns what it was that was wrong";
  EXPECT_EQ(with("X-API-Key: key\r\nAuthorization: Bearer admin\r\n").body, forged.body);
  EXPECT_EQ(with("X-API-Key: key\r\nX-API-Key: key\r\n").body, forged.body);
}

TEST(Server, TakesJsonAndGzipOnly) {
  running_server s;
  peer p{s.port()};
  EXPECT_EQ(p.ask(post("/echo", "x", "Content-Type: application/json; charset=utf-8\r\n")).status, 200);
  EXPECT_EQ(p.ask(post("/echo", "x", "Content-Type: text/plain\r\n")).status, 415);
  EXPECT_EQ(p.ask(post("/echo", "x", "Content-Encoding: br\r\n")).status, 415);
  EXPECT_EQ(p.ask(post("/echo", "x", "Content-Encoding: identity\r\n")).body, "x");

  const std::string plain(100'000, 'p');
  const auto packed = wire::gzip(plain);
  EXPECT_EQ(p.ask(post("/echo", packed, "Content-Encoding: GZIP\r\n")).body, plain);
  EXPECT_EQ(p.ask(post("/echo", wire::gzip(std::string(200'001, 'p')), "Content-Encoding: gzip\r\n")).status, 413);
  EXPECT_EQ(p.ask(post("/echo", packed.substr(0, packed.size() - 5), "Content-Encoding: gzip\r\n")).status, 400);
  EXPECT_EQ(p.ask(post("/echo", "no gzip", "Content-Encoding: gzip\r\n")).status, 400);
  EXPECT_EQ(p.ask(get("/hello")).status, 200);
}

TEST(Server, CompressesLongTextsForWhoAcceptsIt) {
  running_server s;
  peer p{s.port()};
  const auto a = p.ask(get("/long", "Accept-Encoding: gzip\r\n"));
  EXPECT_EQ(a.header("content-encoding"), "gzip");
  EXPECT_EQ(wire::gunzip(a.body, 10'000).value(), std::string(5000, 'z'));
  const auto plain = p.ask(get("/long", "Accept-Encoding: gzip;q=0\r\n"));
  EXPECT_EQ(plain.header("content-encoding"), "");
  EXPECT_EQ(plain.header("vary"), "Accept-Encoding");
  EXPECT_EQ(plain.body.size(), 5000U);
  EXPECT_EQ(p.ask(get("/hello", "Accept-Encoding: gzip\r\n")).header("content-encoding"), "");
  EXPECT_EQ(p.ask(get("/big", "Accept-Encoding: gzip\r\n")).body.size(), 3'000'000U);
}

TEST(Server, SpeaksHttp10) {
  running_server s;
  {
    peer p{s.port()};
    const auto a = p.ask("GET /hello HTTP/1.0\r\n\r\n");
    EXPECT_EQ(a.body, "hello");
    EXPECT_EQ(a.header("connection"), "close");
    EXPECT_TRUE(p.ended());
  }
  {
    peer p{s.port()};
    EXPECT_EQ(p.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").header("connection"), "keep-alive");
    EXPECT_EQ(p.ask("GET /hello HTTP/1.0\r\n\r\n").body, "hello");
  }
  peer p{s.port()};
  const auto a = p.ask("GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(a.header("transfer-encoding"), "");
  EXPECT_EQ(a.body, "one\ntwo\nthree\n");
}

TEST(Server, HonoursConnectionCloseAndEmptyLinesBetweenRequests) {
  running_server s;
  peer p{s.port()};
  EXPECT_EQ(p.ask("\r\n\r\n" + get("/hello") + "\r\n").body, "hello");
  EXPECT_EQ(p.ask(get("/hello", "Connection: close\r\n") + get("/hello")).header("connection"), "close");
  EXPECT_TRUE(p.ended());
}

TEST(Server, EchoesAValidTraceparent) {
  running_server s;
  peer p{s.port()};
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  EXPECT_EQ(p.ask(get("/hello", "traceparent: " + trace + "\r\n")).header("traceparent"), trace);
  EXPECT_EQ(p.ask(get("/hello", "traceparent: nonsense\r\n")).header("traceparent"), "");
}

TEST(Server, AnswersForAHandlerThatThrows) {
  running_server s;
  peer p{s.port()};
  EXPECT_EQ(p.ask(get("/throw")).status, 500);
  EXPECT_EQ(p.ask(get("/hello")).status, 200);
  EXPECT_EQ(s.metrics().handler_failures, 1U);
}

TEST(Server, KeepsALargeAnswerForASlowReader) {
  running_server s;
  peer p{s.port(), 4096};
  p.send(get("/big") + get("/hello"));
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(p.read().body, std::string(3'000'000, 'b'));
  EXPECT_EQ(p.read().body, "hello");
}

TEST(Stream, ArrivesInChunksAndTheConnectionLivesOn) {
  running_server s;
  peer p{s.port()};
  const auto a = p.ask(get("/pieces") + get("/hello"));
  EXPECT_EQ(a.header("transfer-encoding"), "chunked");
  EXPECT_EQ(a.header("content-type"), "application/x-ndjson");
  EXPECT_EQ(a.body, "one\ntwo\nthree\n");
  EXPECT_TRUE(p.saw_last_chunk());
  EXPECT_EQ(p.read().body, "hello");
  EXPECT_EQ(s.metrics().streams_open, 0U);
}

TEST(Stream, ThatFailsHasNoLastChunk) {
  running_server s;
  peer p{s.port()};
  EXPECT_EQ(p.ask(get("/half")).body, "half");
  EXPECT_FALSE(p.saw_last_chunk());
  EXPECT_TRUE(p.ended());
}

TEST(Stream, AWaitingProducerLearnsThatItsReaderHasGone) {
  running_server s;
  peer p{s.port()};
  p.send(get("/news"));
  EXPECT_EQ(p.read_head().status, 200);
  EXPECT_EQ(p.read_chunk(), "first\n");
  EXPECT_EQ(s.metrics().streams_open, 1U);
  p.close();
  EXPECT_TRUE(s.eventually([&] { return s.core().connections() == 0; }));
  EXPECT_EQ(s.metrics().streams_open, 0U);
}

TEST(Stream, AReaderThatTakesNothingIsLetGo) {
  auto options = running_server::quick();
  options.write_timeout = 200ms;
  running_server s{options};
  peer p{s.port(), 4096};
  p.send(get("/endless"));
  EXPECT_TRUE(s.eventually([&] { return s.core().metrics().timeouts_write == 1; }));
  EXPECT_TRUE(s.eventually([&] { return s.core().connections() == 0; }));
}

TEST(Stream, AnEndlessOneLeavesTheLoopToOthers) {
  running_server s;
  std::thread reader{[&] {
    peer p{s.port()};
    p.send(get("/endless"));
    p.read_head();
    for (int i = 0; i < 2000; ++i) p.read_chunk();
  }};
  peer p{s.port()};
  for (int i = 0; i < 20; ++i) EXPECT_EQ(p.ask(get("/hello")).body, "hello");
  reader.join();
}

TEST(Upgrade, HandsOverTheSocketAndWhatCameBehindTheHead) {
  running_server s;
  peer p{s.port()};
  EXPECT_EQ(p.ask(get("/hello")).status, 200);
  const auto a = p.ask(get("/ws", "Connection: Upgrade\r\nUpgrade: test\r\n") + "early bytes", true);
  EXPECT_EQ(a.status, 101);
  EXPECT_TRUE(s.eventually([&] { return s.core().metrics().connections_open == 0; }));
  EXPECT_EQ(s.metrics().upgraded_open, 1U);
  EXPECT_EQ(s.on_loop([&] { return s.core().connections(); }), 1U);
  p.finish_sending();
  EXPECT_EQ(p.read_to_end(), "/ws|early bytes");
  EXPECT_TRUE(s.eventually([&] { return s.core().connections() == 0; }));
}

TEST(Upgrade, ThatIsRefusedIsAnsweredAndTheConnectionEnds) {
  running_server s;
  peer p{s.port()};
  const auto a = p.ask(get("/ws?refuse=yes", "Connection: Upgrade\r\nUpgrade: test\r\n"));
  EXPECT_EQ(a.status, 503);
  EXPECT_EQ(a.header("connection"), "close");
  EXPECT_EQ(p.read_to_end(), "");
  EXPECT_EQ(s.metrics().upgraded_open, 0U);
  EXPECT_TRUE(s.eventually([&] { return s.core().connections() == 0; }));
}

TEST(Upgrade, IsRequiredWhereNothingElseIsSpoken) {
  running_server s;
  peer p{s.port()};
  const auto a = p.ask(get("/ws"));
  EXPECT_EQ(a.status, 426);
  EXPECT_EQ(a.header("upgrade"), "websocket");
  EXPECT_EQ(a.header("connection"), "upgrade");
}

TEST(Pressure, WhatGivesWayIs503FromTheHeadAloneAndTheRestIsServed) {
  bool pressed = false;
  auto routes = test_routes();
  routes.add({.method = method::post,
              .pattern = "/search",
              .body_limit = 100,
              .handler = sync_handler{[](request&) { return json_response("{}"); }},
              .gives_way = true});
  routes.give_way_when([&pressed] { return pressed; });
  running_server s{running_server::quick(), std::move(routes)};
  peer p{s.port()};
  EXPECT_EQ(p.ask(post("/search", "{}")).status, 200);
  s.on_loop([&pressed] { return pressed = true; });
  const auto refused = p.ask(post("/search", "{}"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("retry-after"), "1");
  EXPECT_NE(refused.body.find("\"overloaded\""), std::string::npos);
  EXPECT_EQ(p.ask(post("/echo", "x")).status, 200) << "on the same connection";
  s.on_loop([&pressed] { return pressed = false; });
  EXPECT_EQ(p.ask(post("/search", "{}")).status, 200);
}

}  // namespace
}  // namespace haulcast::http::test
