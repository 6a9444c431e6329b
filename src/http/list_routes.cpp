#include "list_routes.hpp"

#include <algorithm>

#include "haulcast/auth/principal.hpp"
#include "haulcast/base/id.hpp"
#include "haulcast/http/error_texts.hpp"
#include "haulcast/queries/lists.hpp"
#include "haulcast/wire/time.hpp"
#include "past.hpp"
#include "query_parameters.hpp"

namespace haulcast::http {

namespace {

constexpr std::string_view id_form = "1 to 128 of A-Z a-z 0-9 . _ : -";

std::optional<problem> take_id(const field& f, std::string& to) {
  if (!is_id(f.value)) return invalid_parameter(f.name, id_form);
  to = f.value;
  return std::nullopt;
}

// Those of this server that the filter admits; none: it admits nothing that there is.
std::vector<engine::event_type> types_of(const wire::event_filter& filter) {
  std::vector<engine::event_type> types;
  for (std::size_t i = 0; i < engine::event_types; ++i) {
    const auto type = static_cast<engine::event_type>(i);
    if (filter.admits(to_string(type))) types.push_back(type);
  }
  return types;
}

template <class Query>
void apply(const list_parameters& list, Query& q) {
  q.from = list.from.value_or(wire::earliest_time);
  q.to = list.to.value_or(wire::latest_time);
  q.limit = list.limit;
}

result<std::optional<queries::list_cursor>, problem> read_cursor(const list_parameters& list) {
  if (list.cursor.empty()) return std::optional<queries::list_cursor>{};
  const auto cursor = queries::list_cursor_of(list.cursor);
  if (!cursor) return invalid_parameter("cursor", "a next_cursor of an earlier answer");
  return cursor;
}

struct event_request {
  store::event_query asked;
  std::string delivery_id;
  bool none = false;  // no event can be meant
};

std::optional<problem> take_event_parameter(const field& f, event_request& q) {
  if (f.name == "truck_id") return take_id(f, q.asked.truck_id);
  if (f.name == "delivery_id") return take_id(f, q.delivery_id);
  if (f.name != "type") return no_such_parameter(f.name);
  const auto filter = read_event_types(f.value);
  if (!filter) return filter.error();
  q.asked.types = types_of(*filter);
  q.none = q.asked.types.empty();
  if (q.asked.types.size() == engine::event_types) q.asked.types.clear();
  return std::nullopt;
}

result<event_request, problem> read_events(const request& r) {
  event_request q;
  const auto list = read_list_parameters(r, [&](const field& f) { return take_event_parameter(f, q); });
  if (!list) return list.error();
  const auto cursor = read_cursor(*list);
  if (!cursor) return cursor.error();
  apply(*list, q.asked);
  if (*cursor) q.asked.before = {(*cursor)->time, (*cursor)->id};
  if (!q.delivery_id.empty()) q.asked.subject = "delivery/" + q.delivery_id;
  return q;
}

response nothing() { return json_response(R"({"items":[],"next_cursor":null})"); }

// What a caller may not see is left out: a driver gets the events of the trucks in the token. Customers and merchants see
// trucks by their deliveries alone.
net::awaitable<response> events(std::shared_ptr<past> from, request& r) {
  auto q = read_events(r);
  if (!q) co_return to_response(q.error());
  std::optional<std::vector<std::string>> trucks;
  const auth::principal& who = *r.principal;
  if (who.who != auth::role::admin) {
    trucks.emplace();
    if (q->asked.truck_id.empty())
      *trucks = who.trucks;
    else if (who.may_see_truck(q->asked.truck_id))
      trucks->push_back(q->asked.truck_id);
  }
  if (q->none || (trucks && trucks->empty())) co_return nothing();
  auto answering = from->ask(
      r, std::make_shared<queries::event_list>(std::move(q->asked), std::move(trucks), from->tail_now(), from->event_source()),
      media::json);
  co_return co_await std::move(answering);
}

std::optional<problem> take_code(const field& f, std::optional<engine::reject_code>& to) {
  for (std::size_t i = 0; i < engine::reject_codes; ++i) {
    if (to_string(static_cast<engine::reject_code>(i)) == f.value) to = static_cast<engine::reject_code>(i);
  }
  return to ? std::nullopt : std::optional{invalid_parameter("code", "the code of a refused position")};
}

result<store::quarantine_query, problem> read_quarantine(const request& r) {
  store::quarantine_query q;
  const auto list = read_list_parameters(r, [&](const field& f) -> std::optional<problem> {
    if (f.name == "truck_id") return take_id(f, q.truck_id);
    return f.name == "code" ? take_code(f, q.code) : no_such_parameter(f.name);
  });
  if (!list) return list.error();
  const auto cursor = read_cursor(*list);
  if (!cursor) return cursor.error();
  apply(*list, q);
  if (*cursor) q.before = {(*cursor)->time, {(*cursor)->id.offset, (*cursor)->id.index}};
  return q;
}

std::string_view in_words(engine::reject_code what) {
  const error_text* const text = text_of(to_string(what));
  if (text == nullptr) return {};
  return text->title.empty() ? problem_named(text->name)->title : text->title;
}

net::awaitable<response> quarantine(std::shared_ptr<past> from, request& r) {
  auto q = read_quarantine(r);
  if (!q) co_return to_response(q.error());
  auto answering =
      from->ask(r, std::make_shared<queries::quarantine_list>(*std::move(q), from->tail_now(), in_words), media::json);
  co_return co_await std::move(answering);
}

}  // namespace

void add_list_routes(router& to, std::shared_ptr<past> from) {
  to.add({.method = method::get,
          .pattern = "/v1/events",
          .handler = async_handler{[from](request& r) { return events(from, r); }},
          .gives_way = true});
  to.add({.method = method::get,
          .pattern = "/v1/quarantine",
          .handler = async_handler{[from](request& r) { return quarantine(from, r); }},
          .gives_way = true});
}

}  // namespace haulcast::http
