// Who may call what: one row for each route that is served, and the only place that says so.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "haulcast/auth/principal.hpp"

namespace haulcast::auth {

class role_set {
 public:
  constexpr role_set(std::initializer_list<role> who) {
    for (const auto one : who) bits_ |= bit(one);
  }
  static constexpr role_set all() { return {role::driver, role::customer, role::merchant, role::admin}; }
  constexpr bool has(role who) const noexcept { return (bits_ & bit(who)) != 0; }

 private:
  static constexpr std::uint32_t bit(role who) noexcept { return 1U << static_cast<unsigned>(who); }
  std::uint32_t bits_ = 0;
};

/// Who asks for the token, and when.
enum class token_rule : std::uint8_t {
  none,          // nobody: the route is open
  in_head,       // the router, before a byte of the body is read
  in_handshake,  // the handler: a browser can give a WebSocket's token only inside its handshake
};

/// What the role alone does not decide: which objects a call may concern. The handlers keep it, for they know the objects.
enum class ownership : std::uint8_t {
  none,           // it concerns no object
  reads_one,      // the object named in the path: who may not see it gets 404, as if it were not there
  reads_some,     // lists, queries, streams: what the caller may not see is left out, or told to be missing
  writes_one,     // the object named in the path, by who may write all of its kind
  writes_own,     // the object named in the path: to a merchant one of others is not there, or its id is taken
  creates,        // a new object, the caller's own
  writes_trucks,  // the trucks that are named: 403 `truck_not_yours` for those of others
  interests,      // of a live connection: what the caller may not see is denied as `not_found`
};

struct access_rule {
  std::string_view method;   // "GET" stands for HEAD too; OPTIONS needs no row, it tells nothing but methods
  std::string_view pattern;  // as the router has it
  token_rule token;
  role_set roles;  // of no meaning where no token is asked for
  ownership objects;
};

/// Every route of this server, each (method, pattern) once.
std::span<const access_rule> role_table() noexcept;

/// Null when there is none. O(rows), for start-up.
const access_rule* find_rule(std::span<const access_rule> table, std::string_view method, std::string_view pattern) noexcept;

}  // namespace haulcast::auth
