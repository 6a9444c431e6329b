#include "harness.hpp"
#include "haulcast/http/routes.hpp"

namespace haulcast::http::test {
namespace {

/// Sells from a table of that size to whoever is called "admin" by the token.
struct office {
  explicit office(auth::ws_tickets::options options) : tickets{options} {}

  router routes() {
    router to{entrance{[](const credential& shown) -> result<std::shared_ptr<const auth::principal>, auth::token_error> {
      if (shown.text == "nobody") return auth::token_error::invalid;
      return std::make_shared<const auth::principal>(
          auth::principal{.subject = std::string{shown.text}, .expires = utc_time::max()});
    }}};
    add_ticket_routes(to, [this](auto who) { return tickets.issue(std::move(who), now); }, tickets.lifetime());
    return to;
  }

  auth::ws_tickets tickets;
  auth::ws_tickets::clock::time_point now{1h};
};

std::string ask_as(std::string_view subject) {
  return post("/v1/ws-tickets", "", "Authorization: Bearer " + std::string{subject} + "\r\n");
}

TEST(TicketRoutes, SellATicketThatOpensForItsBuyer) {
  office o{{}};
  running_server s{running_server::quick(), o.routes()};
  peer p{s.port()};
  const auto sold = p.ask(ask_as("D-7"));
  EXPECT_EQ(sold.status, 201);
  EXPECT_EQ(sold.header("content-type"), "application/json");
  EXPECT_EQ(sold.header("cache-control"), "no-store");
  const std::string begins = R"({"ticket":")";
  ASSERT_TRUE(sold.body.starts_with(begins)) << sold.body;
  EXPECT_NE(sold.body.find(R"(","expires_at":"2)"), std::string::npos) << sold.body;
  const auto ticket = sold.body.substr(begins.size(), 43);
  const auto who = s.on_loop([&] { return o.tickets.redeem(ticket, o.now, system_now()); });
  EXPECT_EQ(who.value()->subject, "D-7");
}

TEST(TicketRoutes, SellNothingToNobodyAndTakeNoBody) {
  office o{{}};
  running_server s{running_server::quick(), o.routes()};
  EXPECT_EQ(peer{s.port()}.ask(post("/v1/ws-tickets", "")).status, 401);
  EXPECT_EQ(peer{s.port()}.ask(ask_as("nobody")).status, 401);
  EXPECT_EQ(peer{s.port()}.ask(post("/v1/ws-tickets", "{}", "Authorization: Bearer D-7\r\n")).status, 413);
  const auto got = peer{s.port()}.ask(get("/v1/ws-tickets", "Authorization: Bearer D-7\r\n"));
  EXPECT_EQ(got.status, 405);
  EXPECT_EQ(got.header("allow"), "POST, OPTIONS");
  EXPECT_EQ(s.on_loop([&] { return o.tickets.size(); }), 0U);
}

TEST(TicketRoutes, SayWhenToComeBackOnceTheTableIsFull) {
  office o{{.most = 2, .most_of_subject = 1}};
  running_server s{running_server::quick(), o.routes()};
  peer p{s.port()};
  EXPECT_EQ(p.ask(ask_as("A")).status, 201);
  s.on_loop([&] { return o.now += 10s; });
  const auto own = p.ask(ask_as("A"));
  EXPECT_EQ(own.status, 429);
  EXPECT_EQ(own.header("retry-after"), "20");
  EXPECT_NE(own.body.find("too_many_requests"), std::string::npos);
  EXPECT_EQ(p.ask(ask_as("B")).status, 201);
  const auto all = p.ask(ask_as("C"));
  EXPECT_EQ(all.status, 503);
  EXPECT_EQ(all.header("retry-after"), "20");
  EXPECT_NE(all.body.find("overloaded"), std::string::npos);
  s.on_loop([&] { return o.now += 20s; });
  EXPECT_EQ(p.ask(ask_as("A")).status, 201);
  EXPECT_EQ(p.ask(ask_as("C")).status, 503) << "B's is good for ten seconds more";
}

}  // namespace
}  // namespace haulcast::http::test
