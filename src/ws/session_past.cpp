// What a client missed, read from the journal and sent as fast as it takes it.
#include "session.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "haulcast/pipeline/pipeline.hpp"
#include "haulcast/wire/cloud_event.hpp"

namespace haulcast::ws {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t replies_max = 64ULL << 10;  // above it the client's commands wait
constexpr auto past_turn_max = 250us;             // of reading the journal

}  // namespace

bool session::reachable(engine::event_id since) const {
  if (since.offset > owner_.pipeline_.told()) return false;
  return since == engine::event_id{} || since.offset + 1 >= owner_.pipeline_.first_offset();
}

void session::tell_expired() {
  std::string json;
  wire::append_error(json, "resume_expired", "The journal does not hold the events since that id.");
  reply(json);
}

net::awaitable<void> session::catch_up(std::shared_ptr<session> self, engine::event_id since) {
  auto sending = self->send_past(since);
  co_await std::move(sending);
  self->catching_up = false;
  self->pump();
}

/// Reads what was missed from the journal, in its order, as fast as the client takes it, some in each turn of the loop. The
/// last look at the journal and the switch to live events happen in one turn: no gap, no repeat.
net::awaitable<void> session::send_past(engine::event_id since) {
  pipeline::pipeline& past = owner_.pipeline_;
  engine::offset_t next = std::max(since.offset, past.first_offset());
  while (!closing_ && next <= past.told()) {
    auto reading = past.group_at(next);
    const auto group = co_await std::move(reading);
    if (!group || !*group) co_return tell_expired();
    journal::record_cursor records{**group};
    const engine::offset_t end = std::min((*group)->last(), past.told()) + 1;
    while (!closing_ && next < end) {
      const bool readable = append_past(records, next, since);
      if (!readable || (!records.valid() && next < end)) co_return tell_expired();
      if (next > past.told()) co_return;
      while (replies_.size() > replies_max && !dropped_) {
        auto taken = room();
        co_await std::move(taken);
      }
      pump();
      auto next_turn = net::post(socket_.get_executor(), net::use_awaitable);
      co_await std::move(next_turn);
    }
  }
}

// False: the records cannot be read.
bool session::append_past(journal::record_cursor& records, engine::offset_t& next, engine::event_id since) {
  const auto until = clock::now() + past_turn_max;
  const engine::offset_t told = owner_.pipeline_.told();
  std::vector<engine::event> past_events;
  std::string json;
  std::string frame;
  for (; records.valid() && records.offset() <= told; records.next()) {
    if (records.offset() < next) continue;
    if (replies_.size() > replies_max || clock::now() >= until) return true;
    next = records.offset() + 1;
    const auto record = journal::view_record(records.bytes());
    if (!record) return false;
    if (record->event_count == 0) continue;
    past_events.clear();
    if (!journal::read_events(*record, past_events)) return false;
    for (std::uint32_t i = 0; i < past_events.size(); ++i) {
      const engine::event_id id{records.offset(), i};
      if (id <= since || !owner_.hub_.wants(*this, past_events[i])) continue;
      json.clear();
      frame.clear();
      wire::append_cloud_event(json, past_events[i], id, owner_.hub_.event_source());
      wire::append_event_frame(frame, json);
      reply(frame);
    }
  }
  return true;
}

}  // namespace haulcast::ws
