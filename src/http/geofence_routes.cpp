#include <fmt/format.h>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <optional>
#include <string>

#include "geofence_commands.hpp"
#include "geofence_import.hpp"
#include "haulcast/auth/principal.hpp"
#include "haulcast/base/id.hpp"
#include "haulcast/http/entity_tags.hpp"
#include "haulcast/http/negotiate.hpp"
#include "haulcast/http/routes.hpp"
#include "haulcast/pipeline/pipeline.hpp"
#include "haulcast/wire/geofence.hpp"
#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/time.hpp"

namespace haulcast::http {

namespace {

constexpr std::size_t default_limit = 100;
constexpr std::size_t limit_most = 1000;
constexpr std::size_t scan_per_turn = 2'000;           // geofences looked at before the loop may turn …
constexpr std::size_t text_per_turn = 64ULL << 10;     // … or so much written of them: about 0.2 ms
constexpr std::size_t page_bytes_enough = 1ULL << 20;  // a page that is longer ends, whatever its limit
constexpr std::array offered{media::json, media::geo_json};

// What a caller may not see does not exist.
bool may_see(const auth::principal& who, const engine::geofence& g) {
  return who.who == auth::role::admin || g.belongs_to(who.merchant_id);
}

struct list_query {
  std::size_t limit = default_limit;
  std::string after;  // an id: those behind it
  std::optional<std::string> tag;
  bool as_geo_json = false;

  bool wants(const engine::geofence& g, const auth::principal& who) const {
    return may_see(who, g) && (!tag || std::ranges::find(g.tags, *tag) != g.tags.end());
  }
};

problem invalid(std::string_view name, std::string_view why) {
  return {.what = code::parameter_invalid, .detail = fmt::format("{}: {}", name, why)};
}

// `tagged`: whether what is listed has tags.
result<list_query, problem> read_list_query(const request& r, bool tagged = true) {
  list_query q;
  q.as_geo_json = negotiate(r.header("accept"), offered).value_or(0) == 1;
  for (const field& f : r.query()) {
    if (const auto once = r.query_value(f.name); !once) return once.error();
    if (f.name == "limit") {
      const char* const last = f.value.data() + f.value.size();
      const auto [end, error] = std::from_chars(f.value.data(), last, q.limit);
      if (error != std::errc{} || end != last || q.limit < 1 || q.limit > limit_most) return invalid("limit", "1 to 1000");
    } else if (f.name == "cursor") {
      if (!is_id(f.value)) return invalid("cursor", "a next_cursor of an earlier answer");
      q.after = f.value;
    } else if (tagged && f.name == "tag") {
      if (f.value.empty() || f.value.size() > engine::geofence::tag_bytes_max) return invalid("tag", "a tag of geofences");
      q.tag = f.value;
    } else {
      return invalid(f.name, "there is no such parameter");
    }
  }
  return q;
}

// In the order of their ids, so that paging is complete and without repeats while others come and go.
class page {
 public:
  page(const list_query& query, const auth::principal& who) : query_{query}, who_{who}, last_{query.after} {}

  /// As much as fits into a turn of the loop. False: it is complete.
  bool go_on(const engine::geofence_map& all) {
    const std::size_t text_before = items_.size();
    std::size_t looked_at = 0;
    for (auto at = all.upper_bound(last_); at != all.end(); ++at) {
      if (found_ == query_.limit || items_.size() >= page_bytes_enough) return more_follow_ = true, false;
      if (looked_at++ == scan_per_turn || items_.size() - text_before >= text_per_turn) return true;
      last_ = at->first;
      if (query_.wants(*at->second, who_)) append(*at->second);
    }
    return false;
  }
  std::string text() const {
    const std::string next = more_follow_ ? fmt::format("\"{}\"", last_) : "null";
    return query_.as_geo_json ? fmt::format(R"({{"type":"FeatureCollection","features":[{}],"next_cursor":{}}})", items_, next)
                              : fmt::format(R"({{"items":[{}],"next_cursor":{}}})", items_, next);
  }

 private:
  void append(const engine::geofence& g) {
    if (found_++ > 0) items_ += ',';
    query_.as_geo_json ? wire::append_geofence_feature(items_, g) : wire::append_geofence(items_, g);
  }

  const list_query& query_;
  const auth::principal& who_;
  std::string last_;  // looked at
  std::string items_;
  std::size_t found_ = 0;
  bool more_follow_ = false;
};

net::awaitable<response> list(pipeline::pipeline& spine, request& r) {
  const auto query = read_list_query(r);
  if (!query) co_return to_response(query.error());
  page items{*query, *r.principal};
  while (items.go_on(spine.live().geofences())) {
    const auto executor = co_await net::this_coro::executor;
    co_await net::post(executor, net::use_awaitable);
  }
  response answer = json_response(items.text());
  if (query->as_geo_json) answer.content_type = media::geo_json;
  co_return answer;
}

response one(const pipeline::pipeline& spine, const request& r) {
  const auto& all = spine.live().geofences();
  const auto found = all.find(r.parameter("geofence_id"));
  if (found == all.end() || !may_see(*r.principal, *found->second))
    return refuse(code::not_found, "There is no such geofence.");
  const std::string tag = etag_of_geofence(found->second->version);
  response answer;
  if (is_known(r, tag))
    answer.status = 304;
  else
    wire::append_geofence(answer.body, *found->second);
  answer.headers.push_back({"ETag", tag});
  return answer;
}

// In the order of their ids. A truck that is seen by nobody else is seen by whose geofence it is in.
response trucks_inside(const pipeline::pipeline& spine, const request& r) {
  const auto& all = spine.live().geofences();
  const auto found = all.find(r.parameter("geofence_id"));
  if (found == all.end() || !may_see(*r.principal, *found->second))
    return refuse(code::not_found, "There is no such geofence.");
  const auto query = read_list_query(r, false);
  if (!query) return to_response(query.error());
  std::string json = R"({"items":[)";
  std::size_t items = 0;
  const std::string* last = nullptr;
  bool more_follow = false;
  if (const auto* const trucks = spine.live().inside(found->first)) {
    for (auto at = trucks->upper_bound(query->after); at != trucks->end(); ++at) {
      more_follow = items == query->limit;
      if (more_follow) break;
      if (items++ > 0) json += ',';
      json += R"({"truck_id":)";
      wire::append_string(json, at->first);
      json += R"(,"entered_at":")";
      wire::append_time(json, at->second);
      json += "\"}";
      last = &at->first;
    }
  }
  json += R"(],"next_cursor":)";
  json += more_follow ? fmt::format("\"{}\"}}", *last) : std::string{"null}"};
  return json_response(std::move(json));
}

}  // namespace

void add_geofence_routes(router& to, pipeline::pipeline& spine, net::any_io_executor loop) {
  pipeline::pipeline* const from = &spine;
  const auto aside = std::make_shared<desk>(loop);
  to.add({.method = method::get,
          .pattern = "/v1/geofences",
          .offers = {offered.begin(), offered.end()},
          .handler = async_handler{[from](request& r) { return list(*from, r); }},
          .gives_way = true});
  to.add({.method = method::post,
          .pattern = "/v1/geofences",
          .body_limit = geofence_body_bytes,
          .handler = create_geofence_handler(spine, aside)});
  to.add({.method = method::post,
          .pattern = "/v1/geofences:import",
          .body_limit = import_body_bytes,
          .content_types = {media::geo_json, media::json},
          .handler = import_geofences_handler(spine, std::move(loop)),
          .gives_way = true});
  to.add({.method = method::get, .pattern = "/v1/geofences/{geofence_id}", .handler = sync_handler{[from](request& r) {
                                                                             return one(*from, r);
                                                                           }}});
  to.add({.method = method::put,
          .pattern = "/v1/geofences/{geofence_id}",
          .body_limit = geofence_body_bytes,
          .handler = put_geofence_handler(spine, aside)});
  to.add({.method = method::get, .pattern = "/v1/geofences/{geofence_id}/trucks", .handler = sync_handler{[from](request& r) {
                                                                                    return trucks_inside(*from, r);
                                                                                  }}});
  to.add({.method = method::delete_, .pattern = "/v1/geofences/{geofence_id}", .handler = remove_geofence_handler(spine)});
}

}  // namespace haulcast::http
