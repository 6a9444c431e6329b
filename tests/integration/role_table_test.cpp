// Every route of the role table, called by everyone about every kind of object. What must come of it is written down here a
// second time, from the contract and never from the table, and a route of which nothing is written fails.
#include "haulcast/auth/role_table.hpp"

#include <algorithm>
#include <array>
#include <iostream>
#include <optional>
#include <set>

#include "integration/role_calls.hpp"

namespace haulcast::support {
namespace {

using auth::ownership;

struct expectation {
  std::string_view method, pattern;
  std::string_view object;
  // A driver of TRK-OWN, one of no truck, a customer, a merchant, an admin.
  std::array<std::string_view, 5> of;
};

constexpr std::string_view not_allowed = "403 role_not_allowed", not_yours = "403 truck_not_yours", not_found = "404 not_found";
constexpr std::string_view accepted = "200 accepted 1", told = "200 told", left_out = "200 left out", missing = "200 missing";
constexpr std::string_view denied = "101 denied not_found", live = "101 told", silent = "101 not a word";
constexpr std::string_view not_all = "101 not_allowed", ok = "200", created = "201", taken = "409 geofence_exists";

// The contract: "What a caller may not see does not exist for them: 404, not 403, on reads; 403 on writes to a truck that is
// not theirs." Customers and merchants see trucks by their deliveries, of which there are none yet.
constexpr expectation contract[] = {
    {"POST", "/v1/positions", "own", {accepted, not_yours, not_allowed, not_allowed, accepted}},
    {"POST", "/v1/positions", "foreign", {not_yours, not_yours, not_allowed, not_allowed, accepted}},
    {"POST", "/v1/positions", "missing", {not_yours, not_yours, not_allowed, not_allowed, accepted}},
    {"POST",
     "/v1/positions",
     "own and foreign",
     {"200 truck_not_yours accepted 1", not_yours, not_allowed, not_allowed, "200 accepted 2"}},

    {"POST", "/v1/positions/query", "own", {told, missing, missing, missing, told}},
    {"POST", "/v1/positions/query", "foreign", {missing, missing, missing, missing, told}},
    {"POST", "/v1/positions/query", "missing", {missing, missing, missing, missing, missing}},

    {"GET", "/v1/trucks", "own", {told, left_out, left_out, left_out, told}},
    {"GET", "/v1/trucks", "foreign", {left_out, left_out, left_out, left_out, told}},
    {"GET", "/v1/trucks", "missing", {left_out, left_out, left_out, left_out, left_out}},

    {"GET", "/v1/trucks/{truck_id}", "own", {ok, not_found, not_found, not_found, ok}},
    {"GET", "/v1/trucks/{truck_id}", "foreign", {not_found, not_found, not_found, not_found, ok}},
    {"GET", "/v1/trucks/{truck_id}", "missing", {not_found, not_found, not_found, not_found, not_found}},

    {"PUT", "/v1/trucks/{truck_id}", "own", {not_allowed, not_allowed, not_allowed, not_allowed, ok}},
    {"PUT", "/v1/trucks/{truck_id}", "foreign", {not_allowed, not_allowed, not_allowed, not_allowed, ok}},
    {"PUT", "/v1/trucks/{truck_id}", "missing", {not_allowed, not_allowed, not_allowed, not_allowed, created}},

    {"DELETE", "/v1/trucks/{truck_id}", "own", {not_allowed, not_allowed, not_allowed, not_allowed, "204"}},
    {"DELETE", "/v1/trucks/{truck_id}", "foreign", {not_allowed, not_allowed, not_allowed, not_allowed, "204"}},
    {"DELETE", "/v1/trucks/{truck_id}", "missing", {not_allowed, not_allowed, not_allowed, not_allowed, not_found}},

    {"GET", "/v1/trucks/{truck_id}/position", "own", {ok, not_found, not_found, not_found, ok}},
    {"GET", "/v1/trucks/{truck_id}/position", "foreign", {not_found, not_found, not_found, not_found, ok}},
    {"GET", "/v1/trucks/{truck_id}/position", "missing", {not_found, not_found, not_found, not_found, not_found}},

    {"GET", "/v1/trucks/{truck_id}/history", "own", {ok, not_found, not_found, not_found, ok}},
    {"GET", "/v1/trucks/{truck_id}/history", "foreign", {not_found, not_found, not_found, not_found, ok}},
    {"GET", "/v1/trucks/{truck_id}/history", "missing", {not_found, not_found, not_found, not_found, not_found}},

    {"GET", "/v1/trucks/{truck_id}/stats", "own", {ok, not_found, not_found, not_found, ok}},
    {"GET", "/v1/trucks/{truck_id}/stats", "foreign", {not_found, not_found, not_found, not_found, ok}},
    {"GET", "/v1/trucks/{truck_id}/stats", "missing", {not_found, not_found, not_found, not_found, not_found}},

    {"GET", "/v1/events", "own", {told, left_out, left_out, left_out, told}},
    {"GET", "/v1/events", "foreign", {left_out, left_out, left_out, left_out, told}},
    {"GET", "/v1/events", "missing", {left_out, left_out, left_out, left_out, left_out}},

    {"GET", "/v1/positions/stream", "-", {not_allowed, not_allowed, not_allowed, not_allowed, ok}},
    {"POST", "/v1/consumers/{name}/checkpoint", "-", {not_allowed, not_allowed, not_allowed, not_allowed, ok}},
    {"GET", "/v1/quarantine", "-", {not_allowed, not_allowed, not_allowed, not_allowed, ok}},

    {"GET", "/v1/geofences", "own", {not_allowed, not_allowed, not_allowed, told, told}},
    {"GET", "/v1/geofences", "foreign", {not_allowed, not_allowed, not_allowed, left_out, told}},
    {"GET", "/v1/geofences", "missing", {not_allowed, not_allowed, not_allowed, left_out, left_out}},

    {"POST", "/v1/geofences", "missing", {not_allowed, not_allowed, not_allowed, created, created}},
    {"POST", "/v1/geofences", "own", {not_allowed, not_allowed, not_allowed, taken, taken}},
    {"POST", "/v1/geofences", "foreign", {not_allowed, not_allowed, not_allowed, taken, taken}},

    {"POST", "/v1/geofences:import", "missing", {not_allowed, not_allowed, not_allowed, ok, ok}},
    {"POST", "/v1/geofences:import", "own", {not_allowed, not_allowed, not_allowed, ok, ok}},
    {"POST", "/v1/geofences:import", "foreign", {not_allowed, not_allowed, not_allowed, taken, ok}},

    {"GET", "/v1/geofences/{geofence_id}", "own", {not_allowed, not_allowed, not_allowed, ok, ok}},
    {"GET", "/v1/geofences/{geofence_id}", "foreign", {not_allowed, not_allowed, not_allowed, not_found, ok}},
    {"GET", "/v1/geofences/{geofence_id}", "missing", {not_allowed, not_allowed, not_allowed, not_found, not_found}},

    {"PUT", "/v1/geofences/{geofence_id}", "own", {not_allowed, not_allowed, not_allowed, ok, ok}},
    {"PUT", "/v1/geofences/{geofence_id}", "foreign", {not_allowed, not_allowed, not_allowed, taken, ok}},
    {"PUT", "/v1/geofences/{geofence_id}", "missing", {not_allowed, not_allowed, not_allowed, created, created}},

    {"DELETE", "/v1/geofences/{geofence_id}", "own", {not_allowed, not_allowed, not_allowed, "204", "204"}},
    {"DELETE", "/v1/geofences/{geofence_id}", "foreign", {not_allowed, not_allowed, not_allowed, not_found, "204"}},
    {"DELETE", "/v1/geofences/{geofence_id}", "missing", {not_allowed, not_allowed, not_allowed, not_found, not_found}},

    {"GET", "/v1/geofences/{geofence_id}/trucks", "own", {not_allowed, not_allowed, not_allowed, ok, ok}},
    {"GET", "/v1/geofences/{geofence_id}/trucks", "foreign", {not_allowed, not_allowed, not_allowed, not_found, ok}},
    {"GET", "/v1/geofences/{geofence_id}/trucks", "missing", {not_allowed, not_allowed, not_allowed, not_found, not_found}},

    {"GET", "/v1/events/stream", "own", {told, left_out, left_out, left_out, told}},
    {"GET", "/v1/events/stream", "foreign", {left_out, left_out, left_out, left_out, told}},
    {"GET", "/v1/events/stream", "missing", {left_out, left_out, left_out, left_out, left_out}},

    {"GET", "/v1/ws", "truck own", {live, denied, denied, denied, live}},
    {"GET", "/v1/ws", "truck foreign", {denied, denied, denied, denied, live}},
    {"GET", "/v1/ws", "truck missing", {denied, denied, denied, denied, silent}},  // an admin waits for it
    {"GET", "/v1/ws", "delivery missing", {denied, denied, denied, denied, denied}},
    {"GET", "/v1/ws", "box own", {live, silent, silent, silent, live}},
    {"GET", "/v1/ws", "box foreign", {silent, silent, silent, silent, live}},
    {"GET", "/v1/ws", "all own", {not_all, not_all, not_all, not_all, live}},
    {"GET", "/v1/ws", "all foreign", {not_all, not_all, not_all, not_all, live}},
    {"GET", "/v1/ws", "event own", {live, silent, silent, silent, live}},
    {"GET", "/v1/ws", "event foreign", {silent, silent, silent, silent, live}},

    {"GET", "/ws/track/{delivery_id}", "path missing", {denied, denied, denied, denied, denied}},

    {"POST", "/v1/ws-tickets", "-", {created, created, created, created, created}},

    {"GET", "/openapi.json", "-", {ok, ok, ok, ok, ok}},
    {"GET", "/asyncapi.json", "-", {ok, ok, ok, ok, ok}},
    {"GET", "/docs", "-", {ok, ok, ok, ok, ok}},
    {"GET", "/docs/errors/{code}", "-", {ok, ok, ok, ok, ok}},
    {"GET", "/healthz", "-", {ok, ok, ok, ok, ok}},
    {"GET", "/readyz", "-", {ok, ok, ok, ok, ok}},
    {"GET", "/metrics", "-", {ok, ok, ok, ok, ok}},
    {"GET", "/version", "-", {ok, ok, ok, ok, ok}},
};

/// The only routes that the contract opens to who has no token: probes, and what it says of itself, errors' pages among it, to
/// which a browser comes without one.
bool is_open(std::string_view pattern) {
  static constexpr std::string_view open[] = {"/healthz", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json"};
  return pattern.starts_with("/docs") || std::ranges::find(open, pattern) != std::end(open);
}

std::vector<std::string_view> objects_of(const auth::access_rule& rule) {
  switch (rule.objects) {
    case ownership::none: return {"-"};
    case ownership::reads_one:
    case ownership::writes_one:
    case ownership::writes_own:
    case ownership::creates:
    case ownership::reads_some: return {"own", "foreign", "missing"};
    case ownership::writes_trucks: return {"own", "foreign", "missing", "own and foreign"};
    case ownership::interests: break;
  }
  // No delivery can be made yet, so that none is anybody's own.
  if (rule.pattern.find('{') != rule.pattern.npos) return {"path missing"};
  return {"truck own",   "truck foreign", "truck missing", "delivery missing", "box own",
          "box foreign", "all own",       "all foreign",   "event own",        "event foreign"};
}

const expectation* expected_of(const auth::access_rule& rule, std::string_view object) {
  for (const auto& one : contract) {
    if (one.method == rule.method && one.pattern == rule.pattern && one.object == object) return &one;
  }
  return nullptr;
}

std::vector<caller> with_tokens() {
  token_claims driver{.role = "driver", .trucks = {std::string{role_calls::own}}};
  return {{"driver", sign_token(driver, server::secret())},
          {"driver of no truck", token_of("driver")},
          {"customer", token_of("customer")},
          {"merchant", token_of("merchant")},
          {"admin", token_of("admin")}};
}

struct stranger {
  caller who;
  std::string_view refusal;
};

std::vector<stranger> strangers() {
  token_claims admin;
  token_claims old;
  old.expires_in = -std::chrono::hours{1};
  return {{{"nobody", ""}, "401 token_missing"},
          {{"one whose token has expired", sign_token(old, server::secret())}, "401 token_expired"},
          {{"a forger", sign_token(admin, "another secret of thirty-two bytes at least")}, "401 token_invalid"}};
}

/// One route, all its cells. The number of them.
class cells {
 public:
  explicit cells(role_calls& calls) : calls_{calls} {}

  void of(const auth::access_rule& rule) {
    for (const auto object : objects_of(rule)) {
      const auto* const expected = expected_of(rule, object);
      if (expected == nullptr) {
        ADD_FAILURE() << "nothing is written of " << rule.method << ' ' << rule.pattern << " about " << object;
        continue;
      }
      written_.erase(expected);
      for (std::size_t i = 0; i < callers_.size(); ++i) check(rule, callers_[i], object, expected->of[i]);
      for (const auto& one : strangers_) {
        check(rule, one.who, object, is_open(rule.pattern) ? std::string_view{expected->of[0]} : one.refusal);
      }
    }
  }

  std::size_t asserted() const { return asserted_; }
  const std::set<const expectation*>& unread() const { return written_; }

 private:
  void check(const auth::access_rule& rule, const caller& who, std::string_view object, std::string_view expected) {
    for (const auto& way : role_calls::ways(rule.method, rule.pattern)) {
      const auto came = calls_.outcome(rule.method, rule.pattern, way, who, object, expected);
      EXPECT_EQ(came, way == "HEAD" ? expected.substr(0, 3) : expected)
          << rule.method << ' ' << rule.pattern << " by " << way << ", " << who.name << ", " << object;
      ++asserted_;
    }
  }

  role_calls& calls_;
  std::vector<caller> callers_ = with_tokens();
  std::vector<stranger> strangers_ = strangers();
  std::set<const expectation*> written_ = [] {
    std::set<const expectation*> all;
    for (const auto& one : contract) all.insert(&one);
    return all;
  }();
  std::size_t asserted_ = 0;
};

TEST(RoleTable, EveryCellIsAsTheContractHasIt) {
  role_calls calls;
  cells all{calls};
  for (const auto& rule : auth::role_table()) all.of(rule);
  for (const auto* one : all.unread()) {
    ADD_FAILURE() << "no row of the table asks for " << one->method << ' ' << one->pattern << " about " << one->object;
  }
  std::cout << "[          ] " << auth::role_table().size() << " routes, " << all.asserted() << " cells asserted\n";
  EXPECT_TRUE(calls.target().running());
}

/// The metrics name every route that is served.
TEST(RoleTable, IsWhatTheServerServesAndNothingElse) {
  server s;
  const auto page = s.as().get("/metrics").raw.body;
  std::set<std::string> served, written;
  const std::string begin = "haulcast_http_request_seconds_count{method=\"";
  for (auto at = page.find(begin); at != page.npos; at = page.find(begin, at + 1)) {
    const auto line = page.substr(at + begin.size(), page.find('\n', at) - at - begin.size());
    const auto method = line.substr(0, line.find('"'));
    const auto route = line.find("route=\"") + 7;
    served.insert(method + ' ' + line.substr(route, line.find('"', route) - route));
  }
  served.erase("OTHER none");  // requests that fitted no route
  for (const auto& rule : auth::role_table()) written.insert(std::string{rule.method} + ' ' + std::string{rule.pattern});
  EXPECT_EQ(served, written);
}

}  // namespace
}  // namespace haulcast::support
