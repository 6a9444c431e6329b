#include "haulcast/auth/principal.hpp"

#include <gtest/gtest.h>

namespace haulcast::auth {
namespace {

principal with(role who, std::vector<std::string> trucks = {}) {
  return {.subject = "S", .who = who, .trucks = std::move(trucks)};
}

TEST(Principal, ADriverPostsForAndSeesTheTrucksOfTheTokenAlone) {
  const auto driver = with(role::driver, {"TRK-1", "TRK-3"});
  EXPECT_TRUE(driver.may_post_for("TRK-1"));
  EXPECT_TRUE(driver.may_see_truck("TRK-3"));
  EXPECT_FALSE(driver.may_post_for("TRK-2"));
  EXPECT_FALSE(driver.may_see_truck("TRK-"));
  EXPECT_FALSE(driver.may_see_truck(""));
}

TEST(Principal, ADriverWithoutTrucksHasNone) { EXPECT_FALSE(with(role::driver).may_post_for("TRK-1")); }

TEST(Principal, AnAdminMayEverything) {
  EXPECT_TRUE(with(role::admin).may_post_for("TRK-1"));
  EXPECT_TRUE(with(role::admin).may_see_truck("TRK-1"));
}

TEST(Principal, CustomersAndMerchantsHaveNoTrucksOfTheirOwn) {
  for (const auto who : {role::customer, role::merchant}) {
    EXPECT_FALSE(with(who).may_post_for("TRK-1"));
    EXPECT_FALSE(with(who).may_see_truck("TRK-1"));
  }
}

TEST(Role, IsNamedExactly) {
  for (const auto who : {role::driver, role::customer, role::merchant, role::admin}) EXPECT_EQ(role_named(to_string(who)), who);
  for (const auto* name : {"", "Admin", "admin ", "root", "ADMIN"}) EXPECT_EQ(role_named(name), std::nullopt) << name;
}

}  // namespace
}  // namespace haulcast::auth
