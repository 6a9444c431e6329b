// Events of the journal, read and encoded once for all who come back for them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "haulcast/engine/event.hpp"
#include "haulcast/journal/group.hpp"

namespace haulcast::pipeline {
class pipeline;
}

namespace haulcast::ws {

namespace net = boost::asio;

/// The events of the records [first, next).
struct past_page {
  struct entry {
    engine::event_id id;
    engine::event event;
    std::uint32_t end = 0;  // of its frame, which begins where the one before ends
  };
  engine::offset_t first = 0;
  engine::offset_t next = 0;
  std::string frames;  // WebSocket frames, as they are sent
  std::vector<entry> entries;
};

using shared_page = std::shared_ptr<const past_page>;

/// When a server comes back, everybody comes back, for about the same events: encoding them for each would cost a thousand
/// times what encoding them costs. Keeps the pages used last, `kept_bytes` of them and one more at most, and the last four
/// groups read; a page is about 32 KiB, or what can be encoded in 250 us. Loop only.
class past_events {
 public:
  static constexpr std::size_t kept_bytes = 8ULL << 20;

  /// `source`: as in the events that are told live.
  past_events(net::io_context& loop, pipeline::pipeline& spine, std::string source);

  /// The page that covers a record; null: it is not here, fetch it. Let go of it soon: it counts no more once it is not among
  /// those used last. O(log pages).
  shared_page find(engine::offset_t at);
  /// Calls `then` later, with null when the record cannot be had. One page is read at a time, in the order they were asked for,
  /// each in a turn of its own, once for all who wait for it. `at`: not after what is told.
  using ready = std::function<void(shared_page page)>;
  void fetch(engine::offset_t at, ready then);

 private:
  struct kept {
    shared_page page;
    std::size_t bytes = 0;
    std::list<engine::offset_t>::iterator use;
  };

  net::awaitable<void> load_all();
  net::awaitable<shared_page> load(engine::offset_t at);
  shared_page keep(past_page page);

  net::io_context& loop_;
  pipeline::pipeline& spine_;
  const std::string source_;
  std::map<engine::offset_t, kept> pages_;  // by their first record
  std::list<engine::offset_t> used_;        // the same, the one used last in front
  std::size_t bytes_ = 0;                   // of all pages
  std::deque<journal::shared_group> groups_;
  std::map<engine::offset_t, std::vector<ready>> waiting_;
  std::deque<engine::offset_t> wanted_;  // the same, in the order they were asked for
  bool loading_ = false;
};

}  // namespace haulcast::ws
