#include "haulcast/auth/role_table.hpp"

#include <gtest/gtest.h>

#include <set>

namespace haulcast::auth {
namespace {

TEST(RoleSet, HasWhoIsInIt) {
  constexpr role_set some{role::driver, role::admin};
  EXPECT_TRUE(some.has(role::driver));
  EXPECT_TRUE(some.has(role::admin));
  EXPECT_FALSE(some.has(role::customer));
  EXPECT_FALSE(some.has(role::merchant));
  for (const auto who : {role::driver, role::customer, role::merchant, role::admin}) {
    EXPECT_TRUE(role_set::all().has(who));
    EXPECT_FALSE(role_set{}.has(who));
  }
}

TEST(RoleTable, IsFoundByMethodAndPattern) {
  const auto* found = find_rule(role_table(), "POST", "/v1/positions");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->pattern, "/v1/positions");
  EXPECT_EQ(find_rule(role_table(), "GET", "/v1/positions"), nullptr);
  EXPECT_EQ(find_rule(role_table(), "POST", "/v1/positions/"), nullptr);
  EXPECT_EQ(find_rule({}, "POST", "/v1/positions"), nullptr);
}

TEST(RoleTable, LeavesTheTokenToTheHandshakeOnlyWhereThereIsOne) {
  for (const auto& rule : role_table()) {
    EXPECT_EQ(rule.token == token_rule::in_handshake, rule.objects == ownership::interests) << rule.pattern;
    if (rule.token == token_rule::in_handshake) EXPECT_EQ(rule.method, "GET") << rule.pattern;
  }
}

/// What is open is written down a second time here, so that nothing becomes so by a slip of the pen.
TEST(RoleTable, IsOpenNowhereButForProbesAndWhatTheServerSaysOfItself) {
  const std::set<std::string_view> open{"/healthz",       "/readyz", "/metrics",           "/openapi.json",
                                        "/asyncapi.json", "/docs",   "/docs/errors/{code}"};
  for (const auto& rule : role_table()) {
    EXPECT_EQ(rule.token == token_rule::none, open.contains(rule.pattern)) << rule.pattern;
    if (rule.token == token_rule::none) {
      EXPECT_EQ(rule.method, "GET") << rule.pattern;
      EXPECT_EQ(rule.objects, ownership::none) << rule.pattern << " would have to know who asks";
    }
  }
}

}  // namespace
}  // namespace haulcast::auth
