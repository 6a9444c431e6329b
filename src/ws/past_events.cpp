#include "past_events.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "haulcast/journal/record.hpp"
#include "haulcast/pipeline/pipeline.hpp"
#include "haulcast/wire/cloud_event.hpp"
#include "haulcast/wire/live.hpp"
#include "haulcast/wire/ws_frame.hpp"

namespace haulcast::ws {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t page_bytes = 32ULL << 10;
constexpr auto page_time = 250us;
constexpr std::size_t groups_kept = 4;

// False: the record cannot be read.
bool append(past_page& page, engine::offset_t at, std::string_view bytes, std::string_view source) {
  const auto record = journal::view_record(bytes);
  if (!record) return false;
  if (record->event_count == 0) return true;
  std::vector<engine::event> events;
  if (!journal::read_events(*record, events)) return false;
  std::string json;
  std::string payload;
  for (std::uint32_t i = 0; i < events.size(); ++i) {
    const engine::event_id id{at, i};
    json.clear();
    payload.clear();
    wire::append_cloud_event(json, events[i], id, source);
    wire::append_event_frame(payload, json);
    page.frames += wire::make_ws_header(wire::ws_opcode::text, payload.size()).view();
    page.frames += payload;
    page.entries.push_back({id, std::move(events[i]), static_cast<std::uint32_t>(page.frames.size())});
  }
  return true;
}

// As much as a page takes of a group, from `at` on and not beyond `told`.
std::optional<past_page> encode(const journal::group& group, engine::offset_t at, engine::offset_t told,
                                std::string_view source) {
  const auto until = std::chrono::steady_clock::now() + page_time;
  past_page page{.first = at, .next = at, .frames = {}, .entries = {}};
  for (journal::record_cursor records{group}; records.valid() && records.offset() <= told; records.next()) {
    if (records.offset() < at) continue;
    if (!append(page, records.offset(), records.bytes(), source)) return std::nullopt;
    page.next = records.offset() + 1;
    if (page.frames.size() >= page_bytes || std::chrono::steady_clock::now() >= until) break;
  }
  if (page.next == at) return std::nullopt;
  return page;
}

}  // namespace

past_events::past_events(net::io_context& loop, pipeline::pipeline& spine, std::string source)
    : loop_{loop}, spine_{spine}, source_{std::move(source)} {}

shared_page past_events::find(engine::offset_t at) {
  auto found = pages_.upper_bound(at);
  if (found == pages_.begin()) return nullptr;
  const kept& before = (--found)->second;
  if (at >= before.page->next) return nullptr;
  used_.splice(used_.begin(), used_, before.use);
  return before.page;
}

void past_events::fetch(engine::offset_t at, ready then) {
  auto& waiting = waiting_[at];
  waiting.push_back(std::move(then));
  if (waiting.size() == 1) wanted_.push_back(at);
  if (!std::exchange(loading_, true)) net::co_spawn(loop_, load_all(), net::detached);
}

net::awaitable<void> past_events::load_all() {
  while (!wanted_.empty()) {
    auto others_turn = net::post(loop_, net::use_awaitable);
    co_await std::move(others_turn);
    const engine::offset_t at = wanted_.front();
    wanted_.pop_front();
    shared_page page;
    try {
      auto loading = load(at);
      page = co_await std::move(loading);
    } catch (const std::exception& surprise) {
      spdlog::error("past events could not be encoded: {}", surprise.what());
    }
    const auto waited = waiting_.extract(at);
    for (const ready& then : waited.mapped()) then(page);
  }
  loading_ = false;
}

// Another may have had it read meanwhile, in a page that begins earlier.
net::awaitable<shared_page> past_events::load(engine::offset_t at) {
  if (auto page = find(at)) co_return page;
  journal::shared_group group;
  for (const auto& held : groups_) {
    if (held->first <= at && at <= held->last()) group = held;
  }
  if (!group) {
    auto reading = spine_.group_at(at);
    const auto read = co_await std::move(reading);
    if (!read || !*read) co_return nullptr;
    group = *read;
    groups_.push_front(group);
    if (groups_.size() > groups_kept) groups_.pop_back();
  }
  auto page = encode(*group, at, spine_.told(), source_);
  co_return page ? keep(std::move(*page)) : nullptr;
}

shared_page past_events::keep(past_page page) {
  const std::size_t bytes = sizeof(kept) + page.frames.capacity() + page.entries.capacity() * sizeof(past_page::entry);
  const engine::offset_t first = page.first;
  auto shared = std::make_shared<const past_page>(std::move(page));
  if (const auto old = pages_.find(first); old != pages_.end()) {  // it ended where telling had come to
    bytes_ -= old->second.bytes;
    used_.erase(old->second.use);
    pages_.erase(old);
  }
  used_.push_front(first);
  pages_.emplace(first, kept{shared, bytes, used_.begin()});
  bytes_ += bytes;
  while (bytes_ > kept_bytes && used_.size() > 1) {
    const auto oldest = pages_.find(used_.back());
    bytes_ -= oldest->second.bytes;
    pages_.erase(oldest);
    used_.pop_back();
  }
  return shared;
}

}  // namespace haulcast::ws
