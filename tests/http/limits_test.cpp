// Deadlines, stopping, and what happens when connections or descriptors run out.
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <vector>

#include "harness.hpp"
#include "haulcast/wire/gzip.hpp"

namespace haulcast::http::test {
namespace {

server_options with(void (*change)(server_options&)) {
  auto o = running_server::quick();
  change(o);
  return o;
}

TEST(Deadlines, ASlowHeadGets408) {
  running_server s{with([](server_options& o) { o.head_timeout = 150ms; })};
  peer p{s.port()};
  p.send("GET /hello HT");
  const auto a = p.read();
  EXPECT_EQ(a.status, 408);
  EXPECT_EQ(a.header("connection"), "close");
  EXPECT_TRUE(p.ended());
  EXPECT_EQ(s.metrics().timeouts_head, 1U);
}

TEST(Deadlines, ADripOfBytesDoesNotStretchTheHead) {
  running_server s{with([](server_options& o) { o.head_timeout = 200ms; })};
  peer p{s.port()};
  const auto began = std::chrono::steady_clock::now();
  p.send("GET /hello HTTP/1.1\r\nX: ");
  while (p.quiet(20ms)) p.send("a");
  EXPECT_EQ(p.read().status, 408);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
}

TEST(Deadlines, AConnectionThatSendsNothingIsClosedWithoutAWord) {
  running_server s{with([](server_options& o) { o.head_timeout = 100ms; })};
  peer p{s.port()};
  EXPECT_TRUE(p.ended());
}

TEST(Deadlines, ASlowBodyGets408) {
  running_server s{with([](server_options& o) { o.body_timeout = 150ms; })};
  for (const char* framing : {"Content-Length: 10", "Transfer-Encoding: chunked", "Content-Length: 100000"}) {
    peer p{s.port()};
    p.send("POST /echo HTTP/1.1\r\nHost: h\r\n" + std::string{framing} + "\r\n\r\n5\r\n");
    EXPECT_EQ(p.read().status, 408) << framing;
    EXPECT_TRUE(p.ended());
  }
  EXPECT_EQ(s.metrics().timeouts_body, 3U);
  EXPECT_EQ(s.metrics().body_bytes_held, 0U);
}

TEST(Deadlines, ABodyThatKeepsItsPaceMayTakeLonger) {
  running_server s{with([](server_options& o) {
    o.body_timeout = 300ms;
    o.body_bytes_per_s_min = 1;
  })};
  peer p{s.port()};
  p.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n");
  for (int i = 0; i < 12; ++i) {
    std::this_thread::sleep_for(50ms);
    p.send("x");
  }
  EXPECT_EQ(p.read().body, std::string(12, 'x'));
}

TEST(Deadlines, AnIdleConnectionIsClosedAndServedUntilThen) {
  running_server s{with([](server_options& o) {
    o.shed_after = 50ms;
    o.idle_timeout = 400ms;
  })};
  peer p{s.port()};
  EXPECT_EQ(p.ask(get("/hello")).status, 200);
  std::this_thread::sleep_for(200ms);  // beyond shed_after: its buffers are gone
  EXPECT_EQ(p.ask(post("/echo", std::string(10'000, 'x'))).body.size(), 10'000U);
  EXPECT_TRUE(p.ended());
  EXPECT_EQ(s.metrics().timeouts_idle, 1U);
}

TEST(Deadlines, EmptyLinesHoldNoConnectionOpen) {
  running_server s{with([](server_options& o) {
    o.head_timeout = 200ms;
    o.shed_after = 200ms;
    o.idle_timeout = 400ms;
  })};
  peer fresh{s.port()}, used{s.port()};
  EXPECT_EQ(used.ask(get("/hello")).status, 200);
  bool fresh_ends = false, used_ends = false;
  for (int i = 0; i < 1000 && !(fresh_ends && used_ends); ++i) {
    fresh_ends = fresh_ends || !fresh.send("\r\n") || !fresh.quiet(10ms);
    used_ends = used_ends || !used.send("\r\n") || !used.quiet(10ms);
  }
  EXPECT_TRUE(fresh_ends);
  EXPECT_TRUE(used_ends);
  EXPECT_TRUE(s.eventually([&] { return s.core().connections() == 0; }));
}

TEST(Deadlines, ADripOfBytesOrChunksDoesNotStretchTheBody) {
  running_server s{with([](server_options& o) { o.body_timeout = 300ms; })};
  for (const std::string framing : {"Content-Length: 100", "Content-Length: 100000", "Transfer-Encoding: chunked"}) {
    peer p{s.port()};
    p.send("POST /echo HTTP/1.1\r\nHost: h\r\n" + framing + "\r\n\r\n");
    const bool chunked = framing.starts_with("Transfer");
    int pieces = 0;
    for (; pieces < 2000 && p.quiet(10ms); ++pieces) p.send(chunked ? "1\r\nx\r\n" : "x");
    EXPECT_EQ(p.read().status, 408) << framing;
    EXPECT_TRUE(p.ended());
    EXPECT_LT(pieces, 2000);
  }
  EXPECT_EQ(s.metrics().timeouts_body, 3U);
  EXPECT_EQ(s.metrics().body_bytes_held, 0U);
}

TEST(Deadlines, ManySlowOnesCostNobodyAnAnswer) {
  running_server s{with([](server_options& o) {
    o.head_timeout = 1500ms;
    o.body_timeout = 1500ms;
  })};
  std::vector<std::unique_ptr<peer>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<peer>(s.port()));
    slow.back()->send(i % 2 == 0 ? "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nx"
                                 : "GET /hello HTTP/1.1\r\nX: ");
  }
  peer good{s.port()};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(good.ask(get("/hello")).body, "hello");
  for (auto& p : slow) {
    p->send("x");
    EXPECT_EQ(p->read().status, 408);
  }
  slow.clear();
  EXPECT_TRUE(s.eventually([&] { return s.core().connections() == 1; }));
  EXPECT_EQ(s.metrics().body_bytes_held, 0U);
}

TEST(Deadlines, AFloodOfRequestsWhoseAnswersNobodyReadsStops) {
  auto options = running_server::quick();
  options.write_timeout = 500ms;
  running_server s{options};
  peer p{s.port(), 4096};
  std::string flood;
  for (int i = 0; i < 20'000; ++i) flood += get("/long");
  std::thread sender{[&] { p.send(flood); }};
  EXPECT_TRUE(s.eventually([&] { return s.core().metrics().timeouts_write == 1; }));
  sender.join();
  EXPECT_TRUE(s.eventually([&] { return s.core().connections() == 0; }));
}

TEST(Deadlines, ARefusedPeerThatNeverClosesIsClosed) {
  running_server s;
  peer p{s.port()};
  EXPECT_EQ(p.ask("nonsense\r\n\r\n").status, 400);
  EXPECT_TRUE(s.eventually([&] { return s.core().connections() == 0; }));
}

TEST(Stop, ClosesIdleConnectionsAndFinishesTheOthers) {
  running_server s;
  peer fresh{s.port()}, idle{s.port()}, busy{s.port()}, halfway{s.port()};
  EXPECT_EQ(idle.ask(get("/hello")).status, 200);
  busy.send(get("/wait?n=me") + get("/hello"));
  halfway.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbo");
  ASSERT_TRUE(s.eventually([&] { return s.core().connections() == 4; }));
  std::this_thread::sleep_for(50ms);
  s.on_loop([&] { s.core().stop_accepting(); });
  EXPECT_TRUE(idle.ended());
  EXPECT_TRUE(fresh.ended());
  const auto a = busy.read();
  EXPECT_EQ(a.body, "waited for me");
  EXPECT_EQ(a.header("connection"), "close");
  EXPECT_TRUE(busy.ended());
  const auto b = halfway.ask("dy");
  EXPECT_EQ(b.body, "body");
  EXPECT_EQ(b.header("connection"), "close");
  EXPECT_TRUE(s.eventually([&] { return s.core().connections() == 0; }));
  EXPECT_FALSE(peer{s.port()}.connected());
}

TEST(Stop, EndsStreamsWithTheirLastChunk) {
  running_server s;
  peer waiting{s.port()}, endless{s.port()};
  waiting.send(get("/news"));
  waiting.read_head();
  EXPECT_EQ(waiting.read_chunk(), "first\n");
  endless.send(get("/endless"));
  endless.read_head();
  s.on_loop([&] { s.core().stop_accepting(); });
  EXPECT_EQ(waiting.read_chunk(), std::nullopt);
  EXPECT_TRUE(waiting.saw_last_chunk());
  EXPECT_TRUE(waiting.ended());
  while (endless.read_chunk()) {
  }
  EXPECT_TRUE(endless.saw_last_chunk());
}

TEST(Stop, DrainedTellsWhenTheLastIsGoneOrTimeIsUp) {
  running_server s;
  auto drain = [&s](std::chrono::milliseconds longest) {
    std::promise<bool> done;
    auto seen = done.get_future();
    net::post(s.io(), [&] {
      net::co_spawn(s.io(), s.core().drained(longest), [&done](const std::exception_ptr&, bool all) { done.set_value(all); });
    });
    return seen.get();
  };
  peer p{s.port()};
  p.send(get("/news"));
  p.read_head();
  EXPECT_FALSE(drain(100ms));
  s.on_loop([&] { s.core().stop_accepting(); });
  EXPECT_TRUE(drain(5s));
}

TEST(Stop, CloseAllCutsWhatWillNotEnd) {
  running_server s;
  peer p{s.port(), 4096};
  p.send(get("/endless"));
  p.read_head();
  std::this_thread::sleep_for(50ms);
  s.on_loop([&] { s.core().close_all(); });
  EXPECT_TRUE(s.eventually([&] { return s.core().connections() == 0; }));
}

TEST(Limits, LargeGzipBodiesTakeTurnsAndWhoHangsUpHoldsUpNobody) {
  running_server s;
  const std::string plain(150'000, 'p');
  const auto request = post("/echo", wire::gzip(plain), "Content-Encoding: gzip\r\n");
  const auto broken = post("/echo", wire::gzip(plain).substr(0, 170), "Content-Encoding: gzip\r\n");
  std::vector<std::unique_ptr<peer>> peers;
  for (int i = 0; i < 40; ++i) {
    peers.push_back(std::make_unique<peer>(s.port()));
    ASSERT_TRUE(peers.back()->send(i % 4 == 1 ? broken : request));
  }
  for (std::size_t i = 2; i < peers.size(); i += 4) peers[i]->close();
  for (std::size_t i = 0; i < peers.size(); ++i) {
    if (i % 4 == 2) continue;
    const auto a = peers[i]->read();
    EXPECT_EQ(a.status, i % 4 == 1 ? 400 : 200);
    if (i % 4 != 1) EXPECT_EQ(a.body, plain);
    EXPECT_EQ(peers[i]->ask(get("/hello")).status, 200) << "the connection lives on";
  }
  EXPECT_TRUE(s.eventually([&] { return s.core().metrics().body_bytes_held == 0; }));
}

TEST(Limits, AServerGoesWhileGzipBodiesWaitForTheirTurn) {
  std::vector<std::unique_ptr<peer>> peers;
  const auto request = post("/echo", wire::gzip(std::string(190'000, 'p')), "Content-Encoding: gzip\r\n");
  running_server s;
  for (int i = 0; i < 40; ++i) {
    peers.push_back(std::make_unique<peer>(s.port()));
    ASSERT_TRUE(peers.back()->send(request));
  }
}

TEST(Limits, AboveTheCapConnectionsAreToldSoAndClosed) {
  if (over_tls()) GTEST_SKIP() << "there they are closed without a word, as tls_test.cpp shows";
  running_server s{with([](server_options& o) { o.connections_max = 2; })};
  peer a{s.port()}, b{s.port()};
  EXPECT_EQ(a.ask(get("/hello")).status, 200);
  EXPECT_EQ(b.ask(get("/hello")).status, 200);
  {
    peer c{s.port()};
    c.send(get("/hello"));
    const auto refused = c.read();
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.header("retry-after"), "1");
    EXPECT_TRUE(c.ended());
  }
  a.close();
  ASSERT_TRUE(s.eventually([&] { return s.core().connections() == 1; }));
  peer d{s.port()};
  EXPECT_EQ(d.ask(get("/hello")).status, 200);
  EXPECT_EQ(s.metrics().connections_refused, 1U);
}

TEST(Limits, AboveTheCapOfOneAddressItsConnectionsAreToldSoAndOthersAreServed) {
  if (over_tls()) GTEST_SKIP() << "there they are closed without a word, as tls_test.cpp shows";
  running_server s{with([](server_options& o) { o.connections_per_address_max = 2; })};
  peer a{s.port()}, b{s.port()};
  EXPECT_EQ(a.ask(get("/hello")).status, 200);
  EXPECT_EQ(b.ask(get("/ws", "Connection: Upgrade\r\nUpgrade: test\r\n"), true).status, 101);
  {
    peer c{s.port()};
    c.send(get("/hello"));
    const auto refused = c.read();
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.header("retry-after"), "1");
    EXPECT_NE(refused.body.find("from your address"), std::string::npos);
    EXPECT_TRUE(c.ended());
  }
  peer other{s.port(), 0, 2};
  EXPECT_EQ(other.ask(get("/hello")).status, 200);
  EXPECT_EQ(s.metrics().connections_refused_by_address, 1U);
  EXPECT_EQ(s.metrics().connections_refused, 0U);
  b.close();  // an upgraded one counts until whoever took it lets go
  ASSERT_TRUE(s.eventually([&] { return s.core().connections() == 2; }));
  peer d{s.port()};
  EXPECT_EQ(d.ask(get("/hello")).status, 200);
}

TEST(Limits, ATrustedProxyBringsAsManyConnectionsAsItLikes) {
  if (over_tls()) GTEST_SKIP() << "there they are closed without a word, as tls_test.cpp shows";
  running_server s{with([](server_options& o) {
    o.connections_per_address_max = 1;
    o.trusted_proxies = network_list{{network::parse("127.0.0.1").value()}};
  })};
  peer a{s.port()}, b{s.port()}, c{s.port()}, stranger{s.port(), 0, 2}, again{s.port(), 0, 2};
  for (peer* one : {&a, &b, &c, &stranger}) EXPECT_EQ(one->ask(get("/hello")).status, 200);
  again.send(get("/hello"));
  EXPECT_EQ(again.read().status, 503);
}

TEST(Limits, ConnectionsThatHaveEndedCountNoMore) {
  running_server s{with([](server_options& o) { o.connections_per_address_max = 1; })};
  for (int i = 0; i < 50; ++i) {
    peer p{s.port()};
    EXPECT_EQ(p.ask(get("/hello", "Connection: close\r\n")).status, 200);
    EXPECT_TRUE(p.ended());
    p.close();
    ASSERT_TRUE(s.eventually([&] { return s.core().connections() == 0; }));
  }
  EXPECT_EQ(s.metrics().connections_refused_by_address, 0U);
}

TEST(Limits, MemoryForBodiesIsBoundedOverAllConnections) {
  running_server s{with([](server_options& o) { o.bodies_bytes_max = 100'000; })};
  peer a{s.port()}, b{s.port()};
  a.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 64000\r\n\r\nx");
  ASSERT_TRUE(s.eventually([&] { return s.core().metrics().body_bytes_held >= 64'000; }));
  b.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 64000\r\n\r\nx");
  EXPECT_EQ(b.read().status, 503);
  EXPECT_EQ(a.ask(std::string(63'999, 'x')).status, 200);
}

class descriptors_used_up {
 public:
  /// Leaves `free` descriptors below a lowered limit.
  explicit descriptors_used_up(std::size_t free) {
    // UBSan looks through a pipe at each class it has not met, and takes the missing descriptor for a broken object.
    const boost::system::error_code met{EMFILE, boost::system::system_category()};
    EXPECT_NE(met.message(), "");
    spdlog::warn("{} uses up all {} descriptors", std::string{"this test"}, std::size_t{200});
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit lower = before_;
    lower.rlim_cur = 200;
    ::setrlimit(RLIMIT_NOFILE, &lower);
    for (int fd; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.push_back(fd);
    for (; free > 0; --free) give_one_back();
  }
  ~descriptors_used_up() {
    while (!taken_.empty()) give_one_back();
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  void give_one_back() {
    ::close(taken_.back());
    taken_.pop_back();
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST(Limits, WithoutDescriptorsConnectionsAreTurnedAwayAndTheLoopDoesNotSpin) {
  if (over_tls()) GTEST_SKIP() << "there they are closed without a word, as tls_test.cpp shows";
#if __has_feature(undefined_behavior_sanitizer)
  GTEST_SKIP() << "the sanitizer looks at objects through a pipe, for which there is no descriptor left here";
#endif
  running_server s;
  peer early{s.port()};
  EXPECT_EQ(early.ask(get("/hello")).status, 200);
  {
    descriptors_used_up all{1};
    peer p{s.port()};  // takes the last one
    ASSERT_TRUE(p.connected());
    EXPECT_EQ(p.read().status, 503);
    const auto errors = s.metrics().accept_errors;
    std::this_thread::sleep_for(500ms);
    EXPECT_GE(errors, 1U);
    EXPECT_LE(s.metrics().accept_errors - errors, 20U);
    EXPECT_EQ(early.ask(get("/hello")).status, 200);
  }
  peer later{s.port()};  // waits in the backlog until the listener has rested
  EXPECT_EQ(later.ask(get("/hello")).status, 200);
}

}  // namespace
}  // namespace haulcast::http::test
