// Bodies that are taken piece by piece, and never held.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <atomic>
#include <vector>

#include "harness.hpp"

namespace haulcast::http {
namespace {

using namespace test;

constexpr std::size_t limit = 1 << 20;
constexpr auth::access_rule rules[] = {
    {"POST", "/upload", auth::token_rule::none, auth::role_set::all(), auth::ownership::none},
    {"GET", "/hello", auth::token_rule::none, auth::role_set::all(), auth::ownership::none}};

/// What the uploads of a test share.
struct book {
  std::atomic<std::size_t> largest_piece = 0;
  std::atomic<int> open = 0;
  std::atomic<bool> full = false;
  std::atomic<bool> fails = false;
  std::atomic<int> pause_ms = 0;
};

class counting final : public upload {
 public:
  explicit counting(std::shared_ptr<book> of) : book_{std::move(of)} { ++book_->open; }
  ~counting() override { --book_->open; }

  net::awaitable<void> take(std::string piece) override {
    if (book_->fails) throw std::runtime_error{"on purpose"};
    book_->largest_piece = std::max<std::size_t>(book_->largest_piece, piece.size());
    bytes_ += piece.size();
    for (const char c : piece) sum_ = sum_ * 31 + static_cast<unsigned char>(c);
    net::steady_timer timer{co_await net::this_coro::executor, std::chrono::milliseconds{book_->pause_ms}};
    co_await timer.async_wait(net::use_awaitable);
  }
  net::awaitable<response> finish() override {
    response r;
    r.body = fmt::format("{} {}", bytes_, sum_);
    co_return r;
  }

 private:
  std::shared_ptr<book> book_;
  std::size_t bytes_ = 0;
  std::uint64_t sum_ = 0;
};

std::string told(std::string_view body) {
  std::uint64_t sum = 0;
  for (const char c : body) sum = sum * 31 + static_cast<unsigned char>(c);
  return fmt::format("{} {}", body.size(), sum);
}
std::string text(std::size_t size) {
  std::string all(size, '\0');
  for (std::size_t i = 0; i < size; ++i) all[i] = static_cast<char>('a' + (i * 7 + i / 1000) % 26);
  return all;
}
std::string in_chunks(std::string_view body, std::size_t size) {
  std::string raw = "POST /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (; !body.empty(); body.remove_prefix(std::min(size, body.size())))
    raw += fmt::format("{:x}\r\n{}\r\n", std::min(size, body.size()), body.substr(0, size));
  return raw + "0\r\n\r\n";
}

class Uploads : public ::testing::Test {
 protected:
  router routes() {
    router to{entrance{}, rules};
    to.add({.method = method::post,
            .pattern = "/upload",
            .body_limit = limit,
            .handler = upload_handler{[of = book_](request&, response& refused) -> std::unique_ptr<upload> {
              if (!of->full) return std::make_unique<counting>(of);
              refused = refuse(code::import_under_way);
              return nullptr;
            }}});
    to.add({.method = method::get, .pattern = "/hello", .handler = sync_handler{[](request&) {
                                                          response r;
                                                          r.body = "hello";
                                                          return r;
                                                        }}});
    return to;
  }
  server_options options_ = running_server::quick();
  std::shared_ptr<book> book_ = std::make_shared<book>();
};

TEST_F(Uploads, ComeWholeInPiecesWhateverTheirForm) {
  running_server s{options_, routes()};
  peer p{s.port()};
  for (const std::size_t size : {0U, 1U, 1000U, 64U << 10, (64U << 10) + 1, 300'000U, 1U << 20}) {
    const std::string body = text(size);
    EXPECT_EQ(p.ask(post("/upload", body)).body, told(body)) << size;
    for (const std::size_t chunk : {1000U, 100'000U}) EXPECT_EQ(p.ask(in_chunks(body, chunk)).body, told(body)) << size;
    EXPECT_EQ(p.ask(get("/hello")).body, "hello") << "the connection goes on behind " << size;
  }
  EXPECT_LE(book_->largest_piece, std::size_t{192} << 10) << "some pieces, never the whole";
  EXPECT_EQ(s.metrics().body_bytes_held, 0U);
  EXPECT_EQ(book_->open, 0);
}

TEST_F(Uploads, RequestsThatComeTogetherAreTakenOneAfterTheOther) {
  running_server s{options_, routes()};
  peer p{s.port()};
  const std::string body = text(3'000);
  p.send(post("/upload", body) + in_chunks(body, 700) + get("/hello") + post("/upload", body));
  EXPECT_EQ(p.read().body, told(body));
  EXPECT_EQ(p.read().body, told(body));
  EXPECT_EQ(p.read().body, "hello");
  EXPECT_EQ(p.read().body, told(body));
}

TEST_F(Uploads, AreHeldToTheLimitOfTheirRoute) {
  running_server s{options_, routes()};
  EXPECT_EQ(peer{s.port()}.ask("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n").status, 413);
  EXPECT_EQ(peer{s.port()}.ask(in_chunks(text(limit + 1), 10'000)).status, 413);
  EXPECT_EQ(peer{s.port()}.ask(in_chunks(text(limit), 10'000)).status, 200);
  std::string tiny = "POST /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 400'000; ++i) tiny += "1\r\nx\r\n";
  EXPECT_EQ(peer{s.port()}.ask(tiny).status, 413) << "more of chunks than of what they carry";
}

TEST_F(Uploads, OneThatIsNotWantedIsRefusedUnread) {
  running_server s{options_, routes()};
  book_->full = true;
  peer p{s.port()};
  const auto refused = p.ask(post("/upload", text(1000)));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("retry-after"), "1");
  EXPECT_EQ(p.ask(get("/hello")).body, "hello");
  EXPECT_EQ(
      peer{s.port()}.ask("POST /upload HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n").status,
      503);
  book_->full = false;
  peer waits{s.port()};
  waits.send("POST /upload HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(waits.read().status, 100);
  EXPECT_EQ(waits.ask("hello").body, told("hello"));
}

TEST_F(Uploads, EndWithTheirPeer) {
  running_server s{options_, routes()};
  for (const std::string& begun :
       {std::string{"POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nabc"},
        std::string{"POST /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}}) {
    peer p{s.port()};
    p.send(begun);
    ASSERT_TRUE(s.eventually([&] { return book_->open == 1; }));
    p.close();
    EXPECT_TRUE(s.eventually([&] { return book_->open == 0; }));
  }
}

TEST_F(Uploads, OneThatFailsIsAnsweredAndTheConnectionEnds) {
  running_server s{options_, routes()};
  book_->fails = true;
  peer p{s.port()};
  EXPECT_EQ(p.ask(post("/upload", text(200'000))).status, 500);
  EXPECT_TRUE(p.ended());
}

TEST_F(Uploads, ASlowOneGets408ButNotForOurOwnSlowness) {
  options_.body_timeout = 300ms;
  running_server s{options_, routes()};
  peer slow{s.port()};
  slow.send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nabc");
  EXPECT_EQ(slow.read().status, 408);
  book_->pause_ms = 150;
  peer p{s.port()};
  const std::string body = text(600'000);
  EXPECT_EQ(p.ask(post("/upload", body)).body, told(body)) << "ten pieces that take 1.5 s";
}

}  // namespace
}  // namespace haulcast::http
