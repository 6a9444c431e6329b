#include "haulcast/auth/role_table.hpp"

#include <algorithm>

namespace haulcast::auth {
namespace {

using enum token_rule;

constexpr auto any_role = role_set::all();
constexpr role_set posts_positions{role::driver, role::admin};
constexpr role_set admins{role::admin};
constexpr role_set keeps_sites{role::merchant, role::admin};

constexpr access_rule table[] = {
    {"POST", "/v1/positions", in_head, posts_positions, ownership::writes_trucks},
    {"POST", "/v1/positions/query", in_head, any_role, ownership::reads_some},
    {"GET", "/v1/trucks", in_head, any_role, ownership::reads_some},
    {"GET", "/v1/trucks/{truck_id}", in_head, any_role, ownership::reads_one},
    {"PUT", "/v1/trucks/{truck_id}", in_head, admins, ownership::writes_one},
    {"DELETE", "/v1/trucks/{truck_id}", in_head, admins, ownership::writes_one},
    {"GET", "/v1/trucks/{truck_id}/position", in_head, any_role, ownership::reads_one},
    {"GET", "/v1/trucks/{truck_id}/history", in_head, any_role, ownership::reads_one},
    {"GET", "/v1/trucks/{truck_id}/stats", in_head, any_role, ownership::reads_one},
    {"GET", "/v1/geofences", in_head, keeps_sites, ownership::reads_some},
    {"POST", "/v1/geofences", in_head, keeps_sites, ownership::creates},
    {"POST", "/v1/geofences:import", in_head, keeps_sites, ownership::creates},
    {"GET", "/v1/geofences/{geofence_id}", in_head, keeps_sites, ownership::reads_one},
    {"PUT", "/v1/geofences/{geofence_id}", in_head, keeps_sites, ownership::writes_own},
    {"DELETE", "/v1/geofences/{geofence_id}", in_head, keeps_sites, ownership::writes_own},
    {"GET", "/v1/geofences/{geofence_id}/trucks", in_head, keeps_sites, ownership::reads_one},
    {"GET", "/v1/events", in_head, any_role, ownership::reads_some},
    {"GET", "/v1/events/stream", in_head, any_role, ownership::reads_some},
    {"GET", "/v1/positions/stream", in_head, admins, ownership::none},
    {"POST", "/v1/consumers/{name}/checkpoint", in_head, admins, ownership::none},
    {"GET", "/v1/quarantine", in_head, admins, ownership::none},
    {"POST", "/v1/ws-tickets", in_head, any_role, ownership::none},
    {"GET", "/v1/ws", in_handshake, any_role, ownership::interests},
    {"GET", "/ws/track/{delivery_id}", in_handshake, any_role, ownership::interests},
    {"GET", "/healthz", none, any_role, ownership::none},
    {"GET", "/readyz", none, any_role, ownership::none},
    {"GET", "/metrics", none, any_role, ownership::none},
    {"GET", "/openapi.json", none, any_role, ownership::none},
    {"GET", "/asyncapi.json", none, any_role, ownership::none},
    {"GET", "/docs", none, any_role, ownership::none},
    {"GET", "/docs/errors/{code}", none, any_role, ownership::none},
    {"GET", "/version", in_head, any_role, ownership::none},
};

constexpr bool each_once() {
  for (const auto& one : table) {
    if (std::ranges::count_if(
            table, [&](const access_rule& other) { return other.method == one.method && other.pattern == one.pattern; }) != 1) {
      return false;
    }
  }
  return true;
}
static_assert(each_once(), "a route has one row");

}  // namespace

std::span<const access_rule> role_table() noexcept { return table; }

const access_rule* find_rule(std::span<const access_rule> rules, std::string_view method, std::string_view pattern) noexcept {
  const auto found =
      std::ranges::find_if(rules, [&](const access_rule& one) { return one.method == method && one.pattern == pattern; });
  return found == rules.end() ? nullptr : &*found;
}

}  // namespace haulcast::auth
