#include <fmt/format.h>

#include <array>
#include <charconv>
#include <memory>

#include "haulcast/auth/principal.hpp"
#include "haulcast/base/id.hpp"
#include "haulcast/http/negotiate.hpp"
#include "haulcast/queries/history.hpp"
#include "haulcast/queries/stats.hpp"
#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/time.hpp"
#include "list_routes.hpp"
#include "past.hpp"
#include "query_parameters.hpp"

namespace haulcast::http {

namespace {

constexpr std::array offered{media::json, media::geo_json, media::csv, media::gpx};
constexpr double simplify_m_most = 100'000;

response no_such_truck() { return refuse(code::not_found, "There is no such truck."); }

std::string text_of(utc_time t) {
  std::string text;
  wire::append_time(text, t);
  return text;
}

struct history_request {
  queries::history_asked asked;
  list_parameters list;
};

std::optional<problem> take_simplify(const field& f, double& metres) {
  if (f.name != "simplify_m") return no_such_parameter(f.name);
  const char* const last = f.value.data() + f.value.size();
  const auto [end, error] = std::from_chars(f.value.data(), last, metres);
  if (error == std::errc{} && end == last && metres > 0 && metres <= simplify_m_most) return std::nullopt;
  return invalid_parameter("simplify_m", "metres, more than 0 and at most 100000");
}

result<history_request, problem> read_history(const request& r) {
  history_request q;
  auto list = read_list_parameters(r, [&](const field& f) { return take_simplify(f, q.asked.simplify_m); });
  if (!list) return list.error();
  q.list = *list;
  q.asked.truck_id = r.parameter("truck_id");
  q.asked.from = list->from.value_or(wire::earliest_time);
  q.asked.to = list->to.value_or(wire::latest_time);
  q.asked.limit = list->limit;
  q.asked.format = static_cast<wire::track_format>(negotiate(r.header("accept"), offered).value_or(0));
  if (!list->cursor.empty()) {
    q.asked.after = queries::time_of_cursor(list->cursor);
    if (!q.asked.after) return invalid_parameter("cursor", "a next_cursor of an earlier answer");
  }
  return q;
}

// The same question with the cursor in it, for formats that have no place for one.
std::string link_to_next(const history_request& q, const std::string& cursor) {
  std::string link = fmt::format("</v1/trucks/{}/history?limit={}", q.asked.truck_id, q.asked.limit);
  if (q.list.from) link += "&from=" + text_of(*q.list.from);
  if (q.list.to) link += "&to=" + text_of(*q.list.to);
  if (q.asked.simplify_m > 0) {
    link += "&simplify_m=";
    wire::append_number(link, q.asked.simplify_m);
  }
  return link + "&cursor=" + cursor + ">; rel=\"next\"";
}

net::awaitable<response> history(std::shared_ptr<past> from, request& r) {
  if (!from->is_visible(r, r.parameter("truck_id"))) co_return no_such_truck();
  auto q = read_history(r);
  if (!q) co_return to_response(q.error());
  const auto asked = std::make_shared<queries::history>(q->asked, from->tail_now());
  auto answering = from->ask(r, asked, offered[static_cast<std::size_t>(q->asked.format)]);
  response answer = co_await std::move(answering);
  const bool has_place = q->asked.format == wire::track_format::json || q->asked.format == wire::track_format::geo_json;
  if (answer.status != 200 || has_place) co_return answer;
  if (!asked->next_cursor.empty()) answer.headers.push_back({"Link", link_to_next(*q, asked->next_cursor)});
  if (asked->complete_until) answer.headers.push_back({"Complete-Until", text_of(*asked->complete_until)});
  co_return answer;
}

std::optional<problem> take_granularity(const field& f, bool& daily, std::string_view& zone) {
  if (f.name == "granularity") {
    daily = f.value == "day";
    if (!daily && f.value != "hour") return invalid_parameter("granularity", "hour or day");
  } else if (f.name == "tz") {
    zone = f.value;
  } else {
    return no_such_parameter(f.name);
  }
  return std::nullopt;
}

result<queries::stats_asked, problem> read_stats(const request& r) {
  bool daily = false;
  std::string_view zone = "UTC";
  const auto list = read_list_parameters(r, [&](const field& f) { return take_granularity(f, daily, zone); });
  if (!list) return list.error();
  queries::stats_asked q{.truck_id = std::string{r.parameter("truck_id")},
                         .from = list->from.value_or(from_epoch_ms(0)),
                         .to = list->to.value_or(system_now() + std::chrono::hours{1}),  // positions may be a little ahead
                         .limit = list->limit};
  if (daily) q.days_of = zone;
  if (!daily && zone != "UTC") return invalid_parameter("tz", "is for granularity=day: hours are those of UTC");
  if (list->cursor.empty()) return q;
  q.after = queries::time_of_cursor(list->cursor);
  if (!q.after) return invalid_parameter("cursor", "a next_cursor of an earlier answer");
  return q;
}

net::awaitable<response> stats(std::shared_ptr<past> from, request& r) {
  if (!from->is_visible(r, r.parameter("truck_id"))) co_return no_such_truck();
  auto q = read_stats(r);
  if (!q) co_return to_response(q.error());
  const auto asked = std::make_shared<queries::stats>(*std::move(q), from->tail_now());
  auto answering = from->ask(r, asked, media::json);
  response answer = co_await std::move(answering);
  if (asked->no_such_zone()) {
    co_return to_response(invalid_parameter("tz", "the name of a time zone such as Europe/Zurich"));
  }
  co_return answer;
}

}  // namespace

void add_history_routes(router& to, history_door door) {
  const auto from = std::make_shared<past>(std::move(door));
  to.add({.method = method::get,
          .pattern = "/v1/trucks/{truck_id}/history",
          .offers = {offered.begin(), offered.end()},
          .handler = async_handler{[from](request& r) { return history(from, r); }},
          .gives_way = true});
  to.add({.method = method::get,
          .pattern = "/v1/trucks/{truck_id}/stats",
          .handler = async_handler{[from](request& r) { return stats(from, r); }},
          .gives_way = true});
  add_list_routes(to, from);
}

}  // namespace haulcast::http
