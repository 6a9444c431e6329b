#include <fmt/format.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "haulcast/http/negotiate.hpp"
#include "haulcast/http/routes.hpp"
#include "haulcast/http/stream.hpp"
#include "haulcast/http/text.hpp"
#include "haulcast/pipeline/pipeline.hpp"
#include "haulcast/wire/cloud_event.hpp"
#include "haulcast/wire/live.hpp"

namespace haulcast::http {

namespace {

using namespace std::chrono_literals;
using engine::event_id;

constexpr auto keep_alive_every = 15s;  // a comment (an empty line) in quiet times, so that proxies keep the connection
constexpr std::size_t types_most = 64;
constexpr std::size_t piece_bytes = 16ULL << 10;  // about what is written at once
constexpr auto piece_time = 250us;                // and at most so long is looked for it, of records without events

struct stream_query {
  event_id after;
  wire::event_filter types;
  bool server_sent = true;  // else NDJSON
};

problem invalid(std::string_view name, std::string_view why) {
  return {.what = code::parameter_invalid, .detail = fmt::format("{}: {}", name, why)};
}

result<wire::event_filter, problem> read_types(std::string_view text) {
  std::vector<std::string> patterns;
  while (!text.empty()) {
    patterns.emplace_back(next_item(text, ','));
    if (patterns.back().empty() || patterns.size() > types_most)
      return invalid("type", "event types or prefixes such as geofence.*, with commas");
  }
  return wire::event_filter{std::move(patterns)};
}

event_id from_now(const pipeline::pipeline& spine) { return {spine.told(), event_id::last_index}; }

// A reconnecting EventSource says where it was in a header of its own; that is newer than what its address says.
result<stream_query, problem> read_query(const pipeline::pipeline& spine, const request& r) {
  stream_query q{.after = from_now(spine), .types = {}};
  for (const field& f : r.query()) {
    if (const auto once = r.query_value(f.name); !once) return once.error();
    if (f.name == "after") {
      const auto id = event_id::parse(f.value);
      if (!id) return invalid("after", "an event's id, or 0");
      q.after = *id;
    } else if (f.name == "type") {
      auto types = read_types(f.value);
      if (!types) return types.error();
      q.types = std::move(*types);
    } else {
      return invalid(f.name, "there is no such parameter");
    }
  }
  if (r.has_header("last-event-id")) {
    const auto id = event_id::parse(r.header("last-event-id"));
    if (!id) return invalid("Last-Event-ID", "an event's id");
    q.after = *id;
  }
  const engine::offset_t first = spine.first_offset();
  if ((q.after != event_id{} && q.after.offset + 1 < first) || q.after.offset > spine.told()) {
    return problem{.what = code::offset_expired, .detail = fmt::format("The oldest id is {}.", event_id{first, 0}.to_string())};
  }
  return q;
}

class event_stream {
 public:
  event_stream(pipeline::pipeline& spine, std::string source, std::shared_ptr<const auth::principal> who, stream_query query)
      : spine_{spine}, source_{std::move(source)}, who_{std::move(who)}, query_{std::move(query)} {}

  net::awaitable<void> run(response_stream& to) {
    net::steady_timer quiet{co_await net::this_coro::executor};
    to.on_end([&quiet] { quiet.cancel(); });
    engine::offset_t next = std::max(query_.after.offset, spine_.first_offset());
    while (!to.ended() && system_now() < who_->expires) {
      if (next > spine_.told()) {
        if (!co_await wait(to, quiet)) break;
        continue;
      }
      const auto group = co_await spine_.group_at(next);
      if (!group || !*group) break;  // dropped meanwhile: the client comes back and is told so
      if (!co_await send(**group, next, to)) break;
    }
    to.on_end({});
  }

 private:
  // What is told of a group, from `next` on, in pieces between which the loop turns. False: nobody listens any more.
  net::awaitable<bool> send(const journal::group& group, engine::offset_t& next, response_stream& to) {
    const engine::offset_t last = std::min(group.last(), spine_.told());
    journal::record_cursor records{group};
    while (next <= last) {
      std::string piece;
      append_piece(records, last, next, piece);
      if (!co_await to.write(piece)) co_return false;
      auto others_turn = net::post(co_await net::this_coro::executor, net::use_awaitable);
      co_await std::move(others_turn);
    }
    co_return !to.ended();
  }

  // Until something is told, or it has been quiet for so long that the line must be kept warm.
  net::awaitable<bool> wait(response_stream& to, net::steady_timer& quiet) {
    quiet.expires_after(keep_alive_every);
    spine_.await_news(quiet);
    auto [cancelled] = co_await quiet.async_wait(net::as_tuple(net::use_awaitable));
    spine_.forget(quiet);
    if (cancelled) co_return !to.ended();
    const std::string_view nothing = query_.server_sent ? ":\n\n" : "\n";
    co_return co_await to.write(nothing);
  }

  void append_piece(journal::record_cursor& records, engine::offset_t last, engine::offset_t& next, std::string& text) const {
    const auto until = std::chrono::steady_clock::now() + piece_time;
    for (; records.valid() && records.offset() <= last; records.next()) {
      if (records.offset() < next) continue;
      if (text.size() >= piece_bytes || std::chrono::steady_clock::now() >= until) return;
      next = records.offset() + 1;
      const auto record = journal::view_record(records.bytes());
      std::vector<engine::event> events;
      if (!record || record->event_count == 0 || !journal::read_events(*record, events)) continue;
      for (std::uint32_t i = 0; i < events.size(); ++i) append({records.offset(), i}, events[i], text);
    }
    next = last + 1;
  }

  void append(event_id id, const engine::event& e, std::string& text) const {
    const std::string_view type = to_string(e.type);
    if (id <= query_.after || !query_.types.admits(type) || !who_->may_see_truck(e.truck_id)) return;
    if (query_.server_sent) fmt::format_to(std::back_inserter(text), "id: {}\nevent: {}\ndata: ", id.to_string(), type);
    wire::append_cloud_event(text, e, id, source_);
    text += query_.server_sent ? "\n\n" : "\n";
  }

  pipeline::pipeline& spine_;
  std::string source_;
  std::shared_ptr<const auth::principal> who_;
  stream_query query_;
};

response stream(pipeline::pipeline& spine, const std::string& source, request& r) {
  static constexpr std::array offered{media::event_stream, media::ndjson};
  const auto chosen = negotiate(r.header("accept"), offered);
  if (!chosen) return refuse(code::not_acceptable, "Offered are text/event-stream and application/x-ndjson.");
  auto query = read_query(spine, r);
  if (!query) return to_response(query.error());
  query->server_sent = *chosen == 0;
  const auto events = std::make_shared<event_stream>(spine, source, r.principal, std::move(*query));
  response answer;
  answer.content_type = offered[*chosen];
  answer.stream = [events](response_stream& to) { return events->run(to); };
  return answer;
}

}  // namespace

void add_event_routes(router& to, pipeline::pipeline& spine, std::string event_source) {
  pipeline::pipeline* const from = &spine;
  to.add({.method = method::get,
          .pattern = "/v1/events/stream",
          .offers = {},
          .handler = sync_handler{[from, source = std::move(event_source)](request& r) { return stream(*from, source, r); }},
          .gives_way = true});
}

}  // namespace haulcast::http
