#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <optional>

#include "haulcast/http/entity_tags.hpp"
#include "haulcast/http/routes.hpp"
#include "haulcast/http/text.hpp"
#include "haulcast/pipeline/pipeline.hpp"
#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/time.hpp"
#include "haulcast/wire/truck_query.hpp"
#include "registry.hpp"
#include "truck_answer.hpp"

namespace haulcast::http {

namespace {

constexpr std::size_t default_limit = 100;
constexpr std::size_t limit_most = 1000;
constexpr std::size_t query_trucks_most = 100;
constexpr std::size_t query_body_bytes = 32 << 10;
constexpr std::size_t scan_per_turn = 4'000;  // trucks looked at before the loop may turn: about 0.2 ms

using pipeline::told_truck;

void append_flat_position(std::string& out, const told_truck& t, utc_time now) {
  out += '{';
  wire::append_position_members(out, t.id, t.newest.get());
  fmt::format_to(std::back_inserter(out), R"(,"age_ms":{},"received_at":")", (now - t.newest.get().timestamp).count());
  wire::append_time(out, t.received_at);
  out += "\"}";
}

struct list_query {
  std::optional<geo::bbox> bbox;
  std::optional<engine::truck_status> status;
  std::size_t limit = default_limit;
  engine::truck_index from = 0;

  bool wants(const told_truck& t, const auth::principal& who) const {
    if (!t.registered || !who.may_see_truck(t.id)) return false;
    if (status && t.status != *status) return false;
    return !bbox || (t.has_position && bbox->contains(t.newest.get().point));
  }
};

problem invalid(std::string_view name, std::string_view why) {
  return {.what = code::parameter_invalid, .detail = fmt::format("{}: {}", name, why)};
}

template <class Number>
bool read_number(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

std::optional<geo::bbox> read_bbox(std::string_view text) {
  std::array<double, 4> corners{};
  for (std::size_t i = 0; i < corners.size(); ++i) {
    if (!read_number(next_item(text, ','), corners[i])) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  const auto [west, south, east, north] = corners;
  const auto within = [](double value, double bound) { return value >= -bound && value <= bound; };
  if (!within(west, 180) || !within(east, 180) || !within(south, 90) || !within(north, 90) || south > north)
    return std::nullopt;
  return geo::bbox{west, south, east, north};
}

result<list_query, problem> read_list_query(const request& r) {
  list_query q;
  for (const field& f : r.query()) {
    if (const auto once = r.query_value(f.name); !once) return once.error();
    if (f.name == "bbox") {
      q.bbox = read_bbox(f.value);
      if (!q.bbox) return invalid("bbox", "four numbers in degrees: west,south,east,north");
    } else if (f.name == "status") {
      using engine::truck_status;
      for (const truck_status s : {truck_status::moving, truck_status::stopped, truck_status::offline}) {
        if (f.value == to_string(s)) q.status = s;
      }
      if (!q.status) return invalid("status", "moving, stopped or offline");
    } else if (f.name == "limit") {
      if (!read_number(f.value, q.limit) || q.limit < 1 || q.limit > limit_most) return invalid("limit", "1 to 1000");
    } else if (f.name == "cursor") {
      if (!read_number(f.value, q.from)) return invalid("cursor", "a next_cursor of an earlier answer");
    } else {
      return invalid(f.name, "there is no such parameter");
    }
  }
  return q;
}

// The order is that in which trucks appeared, so paging is complete and without repeats while others appear.
net::awaitable<response> list(pipeline::pipeline& spine, request& r) {
  const auto query = read_list_query(r);
  if (!query) co_return to_response(query.error());
  std::string json = R"({"items":[)";
  std::size_t items = 0;
  std::size_t looked_at = 0;
  engine::truck_index at = query->from;
  for (; at < spine.live().size() && items < query->limit; ++at) {
    if (++looked_at % scan_per_turn == 0) {
      const auto executor = co_await net::this_coro::executor;
      co_await net::post(executor, net::use_awaitable);
      if (at >= spine.live().size()) break;
    }
    const told_truck& t = spine.live().at(at);
    if (!query->wants(t, *r.principal)) continue;
    if (items++ > 0) json += ',';
    append_truck(json, t, t.registration.get());
  }
  json += R"(],"next_cursor":)";
  if (at < spine.live().size())
    fmt::format_to(std::back_inserter(json), "\"{}\"}}", at);
  else
    json += "null}";
  co_return json_response(std::move(json));
}

// What a caller may not see does not exist.
const told_truck* visible_truck(const pipeline::pipeline& spine, const request& r) {
  const std::string_view id = r.parameter("truck_id");
  const auto found = spine.live().find(id);
  if (!found || !r.principal->may_see_truck(id)) return nullptr;
  const told_truck& t = spine.live().at(*found);
  return t.registered ? &t : nullptr;
}

response one(const pipeline::pipeline& spine, request& r) {
  const told_truck* const t = visible_truck(spine, r);
  if (t == nullptr) return refuse(code::not_found, "There is no such truck.");
  const std::string tag = etag_of(*t, t->registration ? t->registration->version : 0);
  response answer;
  if (is_known(r, tag))
    answer.status = 304;
  else
    append_truck(answer.body, *t, t->registration.get());
  answer.headers.push_back({"ETag", tag});
  return answer;
}

response newest_position(const pipeline::pipeline& spine, request& r) {
  const told_truck* const t = visible_truck(spine, r);
  if (t == nullptr) return refuse(code::not_found, "There is no such truck.");
  if (!t->has_position) return refuse(code::no_position);
  std::string json;
  append_flat_position(json, *t, system_now());
  return json_response(std::move(json));
}

code code_named(std::string_view name) {
  for (const problem_entry& p : problems) {
    if (p.name == name) return p.what;
  }
  return code::internal_error;
}

response query(const pipeline::pipeline& spine, request& r) {
  const auto ids = wire::parse_truck_query(r.body, query_trucks_most);
  if (!ids) {
    problem p{.what = code_named(ids.error().code), .detail = ids.error().detail};
    if (!ids.error().pointer.empty())
      p.errors.push_back({ids.error().pointer, std::string{ids.error().code}, ids.error().detail});
    return to_response(p);
  }
  std::string positions;
  std::string missing;
  const utc_time now = system_now();
  for (const std::string& id : *ids) {
    const auto found = r.principal->may_see_truck(id) ? spine.live().find(id) : std::nullopt;
    if (found && spine.live().at(*found).has_position) {
      if (!positions.empty()) positions += ',';
      append_flat_position(positions, spine.live().at(*found), now);
    } else {
      if (!missing.empty()) missing += ',';
      wire::append_string(missing, id);
    }
  }
  return json_response(fmt::format(R"({{"positions":[{}],"missing":[{}]}})", positions, missing));
}

}  // namespace

void add_truck_routes(router& to, pipeline::pipeline& spine) {
  pipeline::pipeline* const from = &spine;
  to.add({.method = method::get,
          .pattern = "/v1/trucks",
          .handler = async_handler{[from](request& r) { return list(*from, r); }},
          .gives_way = true});
  to.add({.method = method::get, .pattern = "/v1/trucks/{truck_id}", .handler = sync_handler{[from](request& r) {
                                                                       return one(*from, r);
                                                                     }}});
  to.add({.method = method::put,
          .pattern = "/v1/trucks/{truck_id}",
          .body_limit = registration_body_bytes,
          .handler = register_truck_handler(spine)});
  to.add({.method = method::delete_, .pattern = "/v1/trucks/{truck_id}", .handler = remove_truck_handler(spine)});
  to.add({.method = method::get, .pattern = "/v1/trucks/{truck_id}/position", .handler = sync_handler{[from](request& r) {
                                                                                return newest_position(*from, r);
                                                                              }}});
  to.add({.method = method::post,
          .pattern = "/v1/positions/query",
          .body_limit = query_body_bytes,
          .handler = sync_handler{[from](request& r) { return query(*from, r); }},
          .gives_way = true});
}

}  // namespace haulcast::http
