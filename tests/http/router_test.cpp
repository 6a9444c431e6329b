#include "haulcast/http/router.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace haulcast::http {
namespace {

constexpr auth::access_rule rules[] = {
    {"GET", "/known", auth::token_rule::none, {}, auth::ownership::none},
    {"GET", "/known/{id}", auth::token_rule::none, {}, auth::ownership::none},
};

route answering(method m, std::string pattern) {
  route r;
  r.method = m;
  r.pattern = std::move(pattern);
  r.handler = sync_handler{[](request&) { return response{}; }};
  return r;
}

TEST(Router, ServesNoRouteOfWhichNobodySaidForWhom) {
  router to{{}, rules};
  to.add(answering(method::get, "/known"));
  to.add(answering(method::get, "/known/{id}"));
  for (const auto& [m, pattern] :
       {std::pair{method::get, "/unknown"}, {method::post, "/known"}, {method::get, "/known/{name}"}}) {
    try {
      to.add(answering(m, pattern));
      ADD_FAILURE() << pattern;
    } catch (const std::invalid_argument& refused) {
      EXPECT_EQ(refused.what(), "route without a row in the role table: " + std::string{to_string(m)} + ' ' + pattern);
    }
  }
  ASSERT_EQ(to.routes().size(), 2U);
  EXPECT_EQ(to.routes()[1]->rule, &rules[1]);
}

TEST(Router, RefusesPatternsThatAreWrongOrGivenTwice) {
  static constexpr auth::access_rule odd[] = {
      {"GET", "no-slash", auth::token_rule::none, {}, auth::ownership::none},
      {"GET", "/{a", auth::token_rule::none, {}, auth::ownership::none},
      {"GET", "/a", auth::token_rule::none, {}, auth::ownership::none},
  };
  router to{{}, odd};
  EXPECT_THROW(to.add(answering(method::get, "no-slash")), std::invalid_argument);
  EXPECT_THROW(to.add(answering(method::get, "/{a")), std::invalid_argument);
  to.add(answering(method::get, "/a"));
  EXPECT_THROW(to.add(answering(method::get, "/a")), std::invalid_argument);
}

}  // namespace
}  // namespace haulcast::http
