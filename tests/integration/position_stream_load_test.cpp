// Two consumers of the stream of positions while trucks post and the server is killed, against the loader's books.
#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "integration/past.hpp"
#include "integration/raw_connection.hpp"
#include "support/ledger_loader.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

struct told_position {
  std::string truck, timestamp;
  double latitude = 0;
  friend bool operator==(const told_position&, const told_position&) = default;
};

/// On a thread of its own: reads, commits every so many lines until that is answered, comes back whenever the server does. What
/// it had read and not committed when it was cut off comes again.
class steady_consumer {
 public:
  steady_consumer(const client::base_url& server, std::string token, std::string name, std::size_t commit_every)
      : server_{server}, token_{std::move(token)}, name_{std::move(name)}, commit_every_{commit_every}, thread_{[this] {
          run();
        }} {}
  ~steady_consumer() { finish(); }
  std::size_t handled() const { return handled_; }
  std::size_t streams() const { return streams_; }
  const std::vector<told_position>& finish() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return done_;
  }

 private:
  void run() {
    while (!stopping_) {
      try {
        read_on();
      } catch (const std::runtime_error&) {  // the server is away
        std::this_thread::sleep_for(20ms);
      }
    }
  }
  void read_on() {
    open_.clear();
    stream_reader stream{server_, token_, "/v1/positions/stream?consumer=" + name_, "application/x-ndjson"};
    if (stream.status() != 200) throw std::runtime_error{"refused"};
    ++streams_;
    while (!stopping_ && !stream.over()) {
      const auto text = stream.line(50ms);
      if (text && !text->empty()) open_.push_back(json::parse(*text));
      if (open_.size() >= commit_every_ || (!text && !open_.empty())) commit();
    }
  }
  void commit() {
    for (unsigned status = 0; status != 200;) {
      try {
        api as{server_, token_};
        status = as.post("/v1/consumers/" + name_ + "/checkpoint", {{"offset", open_.back().at("offset")}}).status;
      } catch (const std::runtime_error&) {  // in doubt: said again
        std::this_thread::sleep_for(20ms);
      }
    }
    for (const auto& line : open_) done_.push_back({line.at("truck_id"), line.at("timestamp"), line.at("latitude")});
    handled_ = done_.size();
    open_.clear();
  }

  const client::base_url server_;
  const std::string token_, name_;
  const std::size_t commit_every_;
  std::vector<json> open_;
  std::vector<told_position> done_;
  std::atomic<std::size_t> handled_ = 0, streams_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

using tracks = std::map<std::string, std::vector<told_position>>;

tracks by_truck(const std::vector<told_position>& all) {
  tracks found;
  for (const auto& p : all) found[p.truck].push_back(p);
  return found;
}

tracks by_truck(const ledger& books) {
  tracks found;
  for (const auto& batch : books.batches) {
    for (const auto& p : batch.positions) {
      const auto& truck = books.trucks[p.truck];
      if (p.must_be_held()) found[truck].push_back({truck, rfc3339(p.timestamp_ms), p.latitude});
    }
  }
  return found;
}

TEST(PositionStream, UnderLoadAndKillsEachConsumerGetsWhatWasAcknowledgedOnceAndInOrder) {
  server s({.environment = {{"HAULCAST_LIMITS__SUBJECT_REQUESTS_PER_S", "0"}}});
  ledger_loader loader{s.base(), {.token = s.token(), .workers = 2, .trucks = 6, .seed = 5, .pause = 2ms}};
  steady_consumer a{s.base(), s.token(), "a", 7}, b{s.base(), s.token(), "b", 100};
  for (int kill = 0; kill < 5; ++kill) {
    const auto from = loader.acknowledged();
    ASSERT_TRUE(eventually([&] { return loader.acknowledged() > from + 500; }, 60s));
    s.kill();
    s.start();
  }
  const auto books = loader.finish(60s);
  EXPECT_TRUE(books.contradictions.empty()) << books.contradictions.front();
  const auto expected = books.acknowledged_positions();
  ASSERT_GT(expected, 1500U);
  EXPECT_TRUE(eventually([&] { return a.handled() >= expected && b.handled() >= expected; }, 60s))
      << a.handled() << " and " << b.handled() << " of " << expected;
  const auto of_a = by_truck(a.finish());
  EXPECT_EQ(of_a, by_truck(b.finish()));
  EXPECT_GE(a.streams(), 2U) << "it was never cut off";
  for (const auto& [truck, positions] : by_truck(books)) EXPECT_EQ(of_a.at(truck), positions) << truck;
  EXPECT_EQ(of_a.size(), by_truck(books).size());
}

}  // namespace
}  // namespace haulcast::support
