#include "past_asker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "haulcast/wire/time.hpp"
#include "story.hpp"

namespace haulcast::support {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr const char* truck = "ASKED-1";
constexpr auto between_questions = 40ms;
constexpr auto between_tries = 10ms;
constexpr std::size_t stretch_max = 400;  // positions; one page
constexpr std::int64_t begun_before_ms = 20LL * 86'400'000;

}  // namespace

past_asker::past_asker(client::base_url server, std::string token, std::uint64_t seed)
    : server_{std::move(server)}, token_{std::move(token)}, dice_{seed}, begin_ms_{now_ms() - begun_before_ms}, thread_{[this] {
        work();
      }} {}

past_asker::~past_asker() {
  stopping_ = true;
  abandoned_ = true;
  if (thread_.joinable()) thread_.join();
}

void past_asker::work() {
  while (!stopping_) {
    if (!post_next()) return;
    try {
      ask();
    } catch (const std::runtime_error&) {  // dead, or dying
    }
    std::this_thread::sleep_for(between_questions);
  }
}

// False: nobody wants to know any more.
bool past_asker::post_next() {
  const json next = driving(truck, begin_ms_, static_cast<int>(posted_.size()));
  for (bool taken = false; !taken;) {
    if (abandoned_) return false;
    try {
      taken = api{server_, token_}.post("/v1/positions", batch({next})).status == 200;
    } catch (const std::runtime_error&) {
    }
    if (!taken) std::this_thread::sleep_for(between_tries);
  }
  const auto when = wire::parse_time(next.at("timestamp").get<std::string>());
  posted_.push_back({.timestamp_ms = to_epoch_ms(*when),
                     .latitude = next.at("latitude"),
                     .longitude = next.at("longitude"),
                     .answered_ms = now_ms()});
  return true;
}

void past_asker::ask() {
  const std::size_t first = dice_() % posted_.size();
  const std::size_t last = std::min(posted_.size(), first + stretch_max) - 1;
  const auto answer =
      api{server_, token_}.get(fmt::format("/v1/trucks/{}/history?limit=1000&from={}&to={}", truck,
                                           rfc3339(posted_[first].timestamp_ms), rfc3339(posted_[last].timestamp_ms)));
  if (answer.status == 503)
    ++report_.refused;
  else if (answer.status == 200)
    judge(answer.body, first, last);
  else if (report_.wrong.empty())
    report_.wrong = fmt::format("{}: {}", answer.status, answer.raw.body);
}

void past_asker::judge(const json& page, std::size_t first, std::size_t last) {
  const bool partial = page.contains("complete_until") && !page.at("complete_until").is_null();
  ++(partial ? report_.partial : report_.whole);
  const auto until = partial ? to_epoch_ms(*wire::parse_time(page.at("complete_until").get<std::string>())) : INT64_MAX;
  auto item = page.at("items").begin();
  for (std::size_t i = first; i <= last; ++i) {
    const bool there = item != page.at("items").end() && item->at("timestamp") == rfc3339(posted_[i].timestamp_ms) &&
                       item->at("latitude") == posted_[i].latitude;
    if (there)
      ++item;
    else if (posted_[i].answered_ms <= until && report_.wrong.empty())
      report_.wrong = fmt::format("position {} of {}, acknowledged at {}, is not in an answer of {} about {} to {}, {}", i,
                                  posted_.size(), rfc3339(posted_[i].answered_ms), page.at("items").size(), first, last,
                                  partial ? "complete until " + page.at("complete_until").get<std::string>() : "complete");
  }
  if (item != page.at("items").end() && report_.wrong.empty()) report_.wrong = "an answer has more than was posted";
}

past_asker::report past_asker::finish(ledger& books) {
  stopping_ = true;
  thread_.join();
  const auto number = static_cast<std::uint32_t>(books.trucks.size());
  books.trucks.emplace_back(truck);
  for (const posted& p : posted_) {
    ledger_batch one;
    one.positions.push_back({p.timestamp_ms, p.latitude, p.longitude, number, told::held});
    one.attempts.push_back({.status = 200, .answer = {}});
    books.batches.push_back(std::move(one));
  }
  return report_;
}

}  // namespace haulcast::support
