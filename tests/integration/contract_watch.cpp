#include "integration/contract_watch.hpp"

#include <gtest/gtest.h>
#include <algorithm>

#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>

#include "haulcast/client/observer.hpp"
#include "support/contract.hpp"
#include "support/raw_exchange.hpp"

namespace haulcast::support {
namespace {

constexpr std::size_t faults_told_max = 10;           // of one process
constexpr std::size_t whole_bytes = 8U << 20U;        // of each kind that are looked at without gaps
constexpr std::size_t request_bytes_max = 1U << 16U;  // larger requests are the loaders'

/// As it is, without decompressing it.
bool is_legible(const client::http_request& request) {
  return request.body.size() <= request_bytes_max &&
         std::ranges::none_of(request.headers, [](const auto& field) { return field.first == "Content-Encoding"; });
}
constexpr std::size_t then_every = 16;  // and beyond, so that an hour of load does not wait for its judge

/// One for the process. Several threads at once.
class watch final : public client::observer, public testing::Environment {
 public:
  void SetUp() override { client::observe(this); }
  void TearDown() override {
    client::observe(nullptr);
    const std::lock_guard hold{lock_};
    std::printf("contract: %zu answers and %zu frames and events were as the documents say; %zu more were left out\n", answers_,
                frames_, left_out_);
    if (const char* const tally = std::getenv("HAULCAST_CONTRACT_TALLY")) {
      std::string lines;
      for (const auto& [kind, seen] : kinds_) lines += std::to_string(seen.judged) + ' ' + kind + '\n';
      std::ofstream{tally, std::ios::app} << lines;
    }
  }

  void answered(const client::http_request& request, const client::http_response& answer) override {
    exchange seen{.method = request.method,
                  .target = request.target,
                  .request_body = is_legible(request) ? request.body : "",
                  .status = answer.status,
                  .headers = answer.headers,
                  .body = {}};
    if (request.method != "HEAD") seen.body = answer.body;
    judge(seen);
  }
  void shook_hands(const client::ws_options& with, const client::http_response& answer) override {
    judge({.method = "GET",
           .target = with.target,
           .request_body = {},
           .status = answer.status,
           .headers = answer.headers,
           .body = answer.body});
  }
  void received(const client::ws_options&, std::string_view frame) override {
    const auto type = frame.substr(0, frame.find(','));
    judge_text("frame " + std::string{type.substr(0, 40)}, frame, [&] { return documents_.frame_fault(frame); });
  }

  void judge(const exchange& seen) {
    const std::lock_guard hold{lock_};
    const auto path = documents_.path_of(seen.target);
    const auto kind = seen.method + ' ' + (path.empty() ? "elsewhere" : path) + ' ' + std::to_string(seen.status);
    if (!is_due(kind, seen.body.value_or("").size())) return;
    ++answers_;
    if (const auto wrong = documents_.fault(seen))
      complain(seen.method + ' ' + seen.target + " was answered " + std::to_string(seen.status) + ": " + *wrong + "\n" +
               seen.body.value_or("(no body)").substr(0, 500));
  }
  void judge_item(std::string_view target, std::string_view media_type, std::string_view item) {
    judge_text("item of " + std::string{media_type}, item, [&] { return documents_.item_fault(target, media_type, item); });
  }

 private:
  struct kind_seen {
    std::size_t bytes = 0;
    std::size_t count = 0;
    std::size_t judged = 0;
  };

  template <class Fault>
  void judge_text(const std::string& kind, std::string_view text, Fault fault) {
    const std::lock_guard hold{lock_};
    if (!is_due(kind, text.size())) return;
    ++frames_;
    if (const auto wrong = fault()) complain(*wrong + "\n" + std::string{text.substr(0, 500)});
  }

  bool is_due(const std::string& kind, std::size_t bytes) {
    kind_seen& seen = kinds_[kind];
    seen.bytes += bytes;
    const bool due = seen.bytes <= whole_bytes || seen.count % then_every == 0;
    ++seen.count;
    ++(due ? seen.judged : left_out_);
    return due;
  }

  void complain(const std::string& what) {
    if (faults_++ < faults_told_max) ADD_FAILURE() << "not in the contract: " << what;
  }

  std::mutex lock_;
  contract documents_;
  std::map<std::string, kind_seen> kinds_;
  std::size_t answers_ = 0, frames_ = 0, left_out_ = 0, faults_ = 0;
};

watch& the_watch() {
  static watch* const one = new watch;  // gtest deletes it
  return *one;
}

[[maybe_unused]] const auto* const registered = testing::AddGlobalTestEnvironment(&the_watch());

}  // namespace

void watch_bytes(std::string_view sent, std::string_view received) {
  for (const exchange& each : exchanges_in(sent, received)) the_watch().judge(each);
}

void watch_item(std::string_view target, std::string_view media_type, std::string_view item) {
  the_watch().judge_item(target, media_type, item);
}

}  // namespace haulcast::support
