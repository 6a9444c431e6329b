#include <fmt/format.h>

#include "haulcast/http/routes.hpp"
#include "haulcast/wire/cloud_event.hpp"
#include "haulcast/wire/live.hpp"
#include "journal_stream.hpp"
#include "query_parameters.hpp"

namespace haulcast::http {

namespace {

using engine::event_id;

struct stream_query {
  event_id after;
  wire::event_filter types;
};

event_id from_now(const pipeline::pipeline& spine) { return {spine.told(), event_id::last_index}; }

// A reconnecting EventSource says where it was in a header of its own; that is newer than what its address says.
result<stream_query, problem> read_query(const pipeline::pipeline& spine, const request& r) {
  stream_query q{.after = from_now(spine), .types = {}};
  for (const field& f : r.query()) {
    if (const auto once = r.query_value(f.name); !once) return once.error();
    if (f.name == "after") {
      const auto id = event_id::parse(f.value);
      if (!id) return invalid_parameter("after", "an event's id, or 0");
      q.after = *id;
    } else if (f.name == "type") {
      auto types = read_event_types(f.value);
      if (!types) return types.error();
      q.types = std::move(*types);
    } else {
      return no_such_parameter(f.name);
    }
  }
  if (r.has_header("last-event-id")) {
    const auto id = event_id::parse(r.header("last-event-id"));
    if (!id) return invalid_parameter("Last-Event-ID", "an event's id");
    q.after = *id;
  }
  const engine::offset_t first = spine.first_offset();
  if ((q.after != event_id{} && q.after.offset + 1 < first) || q.after.offset > spine.told()) {
    return problem{.what = code::offset_expired,
                   .detail = fmt::format("The oldest id is {}.", event_id{first, 0}.to_string()),
                   .errors = {}};
  }
  return q;
}

class event_stream final : public journal_stream {
 public:
  event_stream(pipeline::pipeline& spine, std::string source, std::shared_ptr<const auth::principal> who, bool server_sent,
               stream_query query)
      : journal_stream{spine, std::move(who), server_sent}, source_{std::move(source)}, query_{std::move(query)} {}

 private:
  bool append(engine::offset_t at, std::string_view bytes, std::string& text) override {
    const auto record = journal::view_record(bytes);
    std::vector<engine::event> events;
    if (!record || record->event_count == 0 || !journal::read_events(*record, events)) return true;
    for (std::uint32_t i = 0; i < events.size(); ++i) append({at, i}, events[i], text);
    return true;
  }

  void append(event_id id, const engine::event& e, std::string& text) const {
    const std::string_view type = to_string(e.type);
    if (id <= query_.after || !query_.types.admits(type) || !who().may_see_truck(e.truck_id)) return;
    if (server_sent()) fmt::format_to(std::back_inserter(text), "id: {}\nevent: {}\ndata: ", id.to_string(), type);
    wire::append_cloud_event(text, e, id, source_);
    text += server_sent() ? "\n\n" : "\n";
  }

  std::string source_;
  stream_query query_;
};

response stream(pipeline::pipeline& spine, const std::string& source, request& r) {
  const auto server_sent = wants_server_sent(r);
  if (!server_sent) return refuse_stream_format();
  auto query = read_query(spine, r);
  if (!query) return to_response(query.error());
  const engine::offset_t next = std::max(query->after.offset, spine.first_offset());
  return answer_with(std::make_shared<event_stream>(spine, source, r.principal, *server_sent, std::move(*query)), *server_sent,
                     next);
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
