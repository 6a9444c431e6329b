// How long a good client waits while others attack, beside how long it waits otherwise, and how long while they throw the same
// bytes at a program that does nothing but read them: what is more than that is the server's doing. Figures, for a quiet
// machine: runs only with HAULCAST_ATTACK_SECONDS, the length of each measurement (scripts/attack-test).
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>

#include "haulcast/wire/gzip.hpp"
#include "integration/http_attack.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr int rounds = 9;

struct latencies {
  double p50_ms = 0;
  double p99_ms = 0;
};

constexpr int servers_core = 0, clients_core = 1;

bool pin(pid_t task, int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  return ::sched_setaffinity(task, sizeof cores, &cores) == 0;
}

/// The server on one core; whoever asks it on another, the good client before the attackers: what is measured is how long the
/// server takes, not how long two programs wait for each other's processor.
void take_places(server& s) {
  const auto tasks = std::filesystem::path{"/proc"} / std::to_string(s.process().pid()) / "task";
  for (const auto& task : std::filesystem::directory_iterator{tasks}) {
    ASSERT_TRUE(pin(std::stoi(task.path().filename()), servers_core));
  }
  ASSERT_TRUE(pin(0, clients_core));
  const sched_param first{.sched_priority = 1};
  if (::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &first) != 0) {
    std::printf("the good client may not go before the attackers (it needs CAP_SYS_NICE): it waits for their processor too\n");
  }
}

/// Not first, whoever began it.
void be_an_attacker() {
  const sched_param last{};
  ::pthread_setschedparam(::pthread_self(), SCHED_OTHER, &last);
}

/// Posts a position every 5 ms, each on time whatever became of the one before.
latencies post_steadily(server& s, std::chrono::milliseconds how_long) {
  auto api = s.as();
  std::vector<double> took;
  const auto begin = steady_clock::now();
  int step = 0;
  for (auto due = begin; due < begin + how_long; due += 5ms) {
    std::this_thread::sleep_until(due);
    const auto sent = std::max(due, begin);
    EXPECT_EQ(api.post("/v1/positions", batch({driving("TRK-GOOD", now_ms() - 1000, ++step % 2)})).status, 200U);
    took.push_back(std::chrono::duration<double, std::milli>(steady_clock::now() - sent).count());
  }
  std::sort(took.begin(), took.end());
  return {took[took.size() / 2], took[took.size() * 99 / 100]};
}

/// Does something again and again, so many times a second, until it is destroyed.
class attacker {
 public:
  attacker(int per_s, std::function<void()> once)
      : thread_{[this, per_s, once = std::move(once)] {
          be_an_attacker();
          for (auto due = steady_clock::now(); !over_; due = std::max(due + 1'000'000us / per_s, steady_clock::now() - 100ms)) {
            std::this_thread::sleep_until(due);
            once();
            ++done_;
          }
        }} {}
  ~attacker() {
    over_ = true;
    thread_.join();
  }
  int done() const { return done_; }

 private:
  std::atomic<bool> over_{false};
  std::atomic<int> done_{0};
  std::thread thread_;
};

/// On the server's core, and as cheap as can be: reads what comes, and once it has all of it sends its answers, one at a time.
class mere_reader {
 public:
  mere_reader()
      : acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}},
        base_{client::parse_base_url("http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port())).value()} {
    accept();
    thread_ = std::thread{[this] {
      be_an_attacker();
      pin(0, servers_core);
      io_.run();
    }};
  }
  ~mere_reader() {
    io_.stop();
    thread_.join();
  }
  const client::base_url& base() const { return base_; }
  /// Before anybody comes.
  void expect(std::size_t bytes, std::string answer, int answers) {
    expected_ = bytes;
    answer_ = std::move(answer);
    answers_ = answers;
  }

 private:
  struct visit {
    boost::asio::ip::tcp::socket socket;
    std::size_t left;
    int answers;
  };

  void accept() {
    acceptor_.async_accept([this](boost::system::error_code failed, boost::asio::ip::tcp::socket socket) {
      if (!failed) read(std::make_shared<visit>(std::move(socket), expected_.load(), answers_));
      accept();
    });
  }
  void read(std::shared_ptr<visit> v) {
    auto& socket = v->socket;
    socket.async_read_some(boost::asio::buffer(space_),
                           [this, v = std::move(v)](boost::system::error_code failed, std::size_t n) {
                             if (failed) return;
                             v->left -= std::min(n, v->left);
                             if (v->left > 0) return read(v);
                             answer(v);
                           });
  }
  void answer(std::shared_ptr<visit> v) {
    boost::system::error_code failed;
    boost::asio::write(v->socket, boost::asio::buffer(answer_), failed);
    if (!failed && --v->answers > 0) boost::asio::post(io_, [this, v = std::move(v)] { answer(v); });
  }

  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  client::base_url base_;
  std::atomic<std::size_t> expected_{0};
  std::string answer_;
  int answers_ = 1;
  std::array<char, 65'536> space_{};
  std::thread thread_;
};

struct assault {
  std::string name;
  int per_s;
  std::size_t bytes;  // each time, and then waits for an answer; SIZE_MAX: for none
  std::function<void(const client::base_url&)> once;
  std::string answer = "";
  int answers = 1;  // so many of them
};

/// What the server answers that, as bytes.
std::string answer_to(const server& s, const std::string& bytes) {
  raw_connection c{s.base()};
  c.send(bytes);
  const raw_answer answer = read_answer(c);
  return answer.head + answer.body;
}

std::vector<assault> assaults(const server& s) {
  const auto throwing = [&s](std::string name, int per_s, std::string bytes) {
    return assault{std::move(name), per_s, bytes.size(),
                   [bytes](const client::base_url& to) {
                     raw_connection c{to};
                     c.send(bytes);
                     read_answer(c);
                   },
                   answer_to(s, bytes)};
  };
  const auto coded = [&](const std::string& body) {
    return post_positions(s, "Content-Encoding: gzip\r\nContent-Length: " + std::to_string(body.size()) + "\r\n", body);
  };
  const std::string large = wire::gzip(std::string(100UL << 20, ' '));
  std::string crumbs;
  for (int i = 0; i < 20'000; ++i) crumbs += "1\r\n \r\n";
  std::string pipelined;
  for (int i = 0; i < 500; ++i) pipelined += get_request("/nowhere");
  pipelined += get_request("/nowhere", "Connection: close\r\n");
  const auto held = std::make_shared<std::vector<std::unique_ptr<raw_connection>>>();
  return {
      throwing("no Host", 300, "GET /healthz HTTP/1.1\r\n\r\n"),
      throwing("Transfer-Encoding: xchunked", 300, post_positions(s, "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")),
      throwing("a head of 16 KiB", 200, "GET /healthz HTTP/1.1\r\nHost: h\r\nX: " + std::string(17'000, 'x')),
      {"hanging up in the middle", 300, SIZE_MAX,
       [part = post_positions(s, "Content-Length: 1000\r\n", "{")](const client::base_url& to) {
         raw_connection{to}.send(part);
       }},
      {"500 pipelined requests", 4, pipelined.size(),
       [pipelined](const client::base_url& to) {
         raw_connection c{to};
         c.send(pipelined);
         c.read_to_end(20s);
       },
       answer_to(s, get_request("/nowhere")), 501},
      throwing("20,000 chunks of a byte", 20, post_positions(s, "Transfer-Encoding: chunked\r\n", crumbs + "0\r\n\r\n")),
      throwing("a gzip bomb of 100 MiB", 20, coded(large)),
      throwing("a mebibyte of nesting", 20, post_positions(s, "Content-Length: 1000000\r\n", std::string(1'000'000, '['))),
      {"slow heads, 1000 at most", 300, SIZE_MAX,
       [held](const client::base_url& to) {
         if (held->size() >= 1000) held->erase(held->begin());
         held->push_back(std::make_unique<raw_connection>(to));
         held->back()->send("GET /healthz HTTP/1.1\r\nHost: h\r\nX: ");
       }},
  };
}

double middle(std::vector<double> of) {
  std::sort(of.begin(), of.end());
  return of[of.size() / 2];
}

/// "1.05 (0.92..1.31)": the median, and between what.
std::string spread(std::vector<double> of) {
  std::sort(of.begin(), of.end());
  return fmt::format("{:.2f} ({:.2f}..{:.2f})", of[of.size() / 2], of.front(), of.back());
}

/// The good client's, while somebody does that; adds how many times a second it was done.
latencies post_under(server& s, std::chrono::milliseconds each, const assault& one, const client::base_url& against,
                     double& done) {
  const auto begin = steady_clock::now();
  attacker attacking{one.per_s, [&] { one.once(against); }};
  const latencies during = post_steadily(s, each);
  done += attacking.done() / std::chrono::duration<double>(steady_clock::now() - begin).count();
  return during;
}

TEST(AttackLatency, OfAGoodClientStaysAsItWas) {
  const char* seconds = std::getenv("HAULCAST_ATTACK_SECONDS");
  if (seconds == nullptr) GTEST_SKIP() << "figures for a quiet machine: scripts/attack-test";
  const std::chrono::milliseconds each{static_cast<int>(1000 * std::atof(seconds))};
  server s{{.environment = {{"HAULCAST_JOURNAL__SYNC", "normal"}}}};  // how long a disk takes is another matter
  mere_reader reader;
  take_places(s);
  post_steadily(s, 1s);
  std::printf(
      "p99 of a good client, ms, and its ratios: while the server is attacked to before; while a mere reader is to before; the "
      "one to the other; after to before\n| attack | a second | p50 | p99 | attacked | reader | attacked/reader | after |\n"
      "|---|---|---|---|---|---|---|---|\n");
  for (const assault& one : assaults(s)) {
    reader.expect(one.bytes, one.answer, one.answers);
    std::vector<double> p50, p99, attacked, read, more, after;
    double done = 0, done_to_reader = 0;
    for (int round = 0; round < rounds; ++round) {
      const auto before = post_steadily(s, each);
      const auto during = post_under(s, each, one, s.base(), done);
      const auto same = post_steadily(s, each);
      const auto beside = post_under(s, each, one, reader.base(), done_to_reader);
      p50.push_back(during.p50_ms), p99.push_back(during.p99_ms);
      attacked.push_back(during.p99_ms / before.p99_ms), read.push_back(beside.p99_ms / before.p99_ms);
      more.push_back(during.p99_ms / beside.p99_ms);
      after.push_back(same.p99_ms / before.p99_ms);
    }
    std::printf("| %s | %.0f, %.0f | %.2f | %.2f | %s | %s | %s | %s |\n", one.name.c_str(), done / rounds,
                done_to_reader / rounds, middle(p50), middle(p99), spread(attacked).c_str(), spread(read).c_str(),
                spread(more).c_str(), spread(after).c_str());
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace haulcast::support
