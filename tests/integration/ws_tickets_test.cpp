// POST /v1/ws-tickets: what a browser does, which can set no header on a WebSocket.
#include "integration/key_ring.hpp"
#include "integration/raw_connection.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

json_answer ask_for_ticket(api& as) { return as.post_text("/v1/ws-tickets", ""); }

std::string ticket_for(api& as) {
  const auto sold = ask_for_ticket(as);
  EXPECT_EQ(sold.status, 201u) << sold.raw.body;
  return sold.body.at("ticket");
}

client::ws_client with_ticket(const server& s, const std::string& ticket, const std::string& path = "/v1/ws") {
  client::ws_options o;
  o.target = path + "?ticket=" + ticket;
  return client::ws_client{s.base(), o};
}

/// The whole answer to a handshake that is refused.
std::string handshake(const server& s, const std::string& target, const std::string& fields = {}) {
  raw_connection raw{s.base()};
  raw.send("GET " + target + " HTTP/1.1\r\nHost: " + s.base().authority() +
           "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           fields + "\r\n");
  const auto head = raw.read_until("\r\n\r\n", 20s).value_or("");
  return head + raw.read_until("}", 20s).value_or("");
}

TEST(WsTickets, OpenOnceWithTheScopeOfWhatBoughtThem) {
  server s;
  auto driver = s.as("driver", {"TRK-1"});
  const auto before = now_ms();
  const auto sold = ask_for_ticket(driver);
  ASSERT_EQ(sold.status, 201u) << sold.raw.body;
  EXPECT_EQ(sold.body.size(), 2u);
  const std::string expires = sold.body.at("expires_at");
  EXPECT_GE(expires, rfc3339(before + 30'000));
  EXPECT_LE(expires, rfc3339(now_ms() + 30'000));

  const std::string ticket = sold.body.at("ticket");
  auto ws = with_ticket(s, ticket);
  const auto refused = ws.connect();
  ASSERT_FALSE(refused) << refused->what;
  EXPECT_EQ(ws.subprotocol(), "haulcast.v1");
  const auto told = subscribe(ws, {{"trucks", {"TRK-1", "TRK-2"}}});
  EXPECT_EQ(told.at("trucks"), json::array({"TRK-1"}));
  ws.send(R"({"type":"subscribe","all":true})");
  EXPECT_EQ(next_frame(ws, "error").at("code"), "not_allowed");

  const auto again = with_ticket(s, ticket).connect();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->status, 401u);
}

TEST(WsTickets, UsedUnknownAndMalformedOnesGetTheAnswerToABadToken) {
  server s;
  auto admin = s.as();
  const auto used = ticket_for(admin);
  ASSERT_FALSE(with_ticket(s, used).connect());
  const auto bad_token = handshake(s, "/v1/ws", "Authorization: Bearer not.a.token\r\n");
  EXPECT_TRUE(bad_token.starts_with("HTTP/1.1 401 ")) << bad_token;
  EXPECT_NE(bad_token.find("token_invalid"), std::string::npos) << bad_token;
  for (const auto& ticket : {used, std::string(43, 'A'), used + "A", used.substr(1), std::string{}, std::string(3000, 'A'),
                             s.token().substr(0, 43)}) {
    EXPECT_EQ(handshake(s, "/v1/ws?ticket=" + ticket), bad_token) << ticket;
    EXPECT_EQ(handshake(s, "/ws/track/D-1?ticket=" + ticket), bad_token) << ticket;
  }
}

TEST(WsTickets, BesideAnotherCredentialAreRefusedAndNotSpent) {
  server s;
  auto admin = s.as();
  const auto ticket = ticket_for(admin);
  EXPECT_TRUE(
      handshake(s, "/v1/ws?ticket=" + ticket, "Authorization: Bearer " + s.token() + "\r\n").starts_with("HTTP/1.1 401 "));
  EXPECT_TRUE(handshake(s, "/v1/ws?ticket=" + ticket + "&ticket=" + ticket).starts_with("HTTP/1.1 401 "));
  expect_problem(admin.get("/v1/ws?ticket=" + ticket), 426, "upgrade_required");
  EXPECT_FALSE(with_ticket(s, ticket).connect()) << "it is still good";
}

TEST(WsTickets, OpenATrackedDeliveryAsFarAsTheBuyerMaySeeIt) {
  server s;
  api customer{s.base(), token_of("customer")};
  auto ws = with_ticket(s, ticket_for(customer), "/ws/track/D-of-another");
  ASSERT_FALSE(ws.connect());
  const auto told = next_frame(ws, "subscribed");
  EXPECT_EQ(told.at("deliveries"), json::array());
  EXPECT_EQ(told.at("denied"), json::parse(R"([{"delivery_id":"D-of-another","code":"not_found"}])"));
}

TEST(WsTickets, AreForEveryRoleWithATokenOrAnApiKeyAndForNobodyElse) {
  const key_ring keys;
  const auto key = keys.make("page", "merchant");
  server s{keys.options()};
  for (const char* role : {"driver", "customer", "merchant", "admin"}) {
    api as{s.base(), token_of(role)};
    EXPECT_FALSE(with_ticket(s, ticket_for(as)).connect()) << role;
  }
  api machine{s.base(), key};
  EXPECT_FALSE(with_ticket(s, ticket_for(machine)).connect());
  api nobody{s.base(), ""};
  expect_problem(ask_for_ticket(nobody), 401, "token_missing");
  auto admin = s.as();
  expect_problem(nobody.get("/v1/trucks?ticket=" + ticket_for(admin)), 401, "token_missing");
  expect_problem(nobody.post_text("/v1/ws-tickets?ticket=" + ticket_for(admin), ""), 401, "token_missing");
}

TEST(WsTickets, TheSessionEndsWithTheTokenThatBoughtIt) {
  server s;
  token_claims short_lived{.role = "admin"};
  short_lived.expires_in = -20s;  // the leeway is 30 s
  api admin{s.base(), sign_token(short_lived, server::secret())};
  const auto sold = ask_for_ticket(admin);
  ASSERT_EQ(sold.status, 201u) << sold.raw.body;
  EXPECT_LE(sold.body.at("expires_at").get<std::string>(), rfc3339(now_ms() + 10'000)) << "no longer than the token";
  auto ws = with_ticket(s, sold.body.at("ticket"));
  ASSERT_FALSE(ws.connect());
  EXPECT_FALSE(ws.receive(60s));
  ASSERT_TRUE(ws.ended());
  EXPECT_EQ(ws.ended()->code, 4401);
}

TEST(WsTickets, OfOneSubjectAreBounded) {
  server s;
  auto admin = s.as();
  unsigned sold = 0;
  json_answer answer = ask_for_ticket(admin);
  for (; answer.status == 201 && sold < 1000; answer = ask_for_ticket(admin)) ++sold;
  expect_problem(answer, 429, "too_many_requests");
  EXPECT_GE(std::stoi(std::string{answer.raw.header("retry-after").value_or("0")}), 1);
  EXPECT_GE(sold, 64u);
  api customer{s.base(), sign_token({.subject = "somebody else"}, server::secret())};
  EXPECT_EQ(ask_for_ticket(customer).status, 201u);
  const std::string page = admin.get("/metrics").raw.body;
  EXPECT_LE(metric(page, "haulcast_ws_tickets").value_or(1000), 65);
  EXPECT_EQ(metric(page, R"(haulcast_ws_tickets_total{outcome="refused_of_subject"})"), 1);
}

TEST(WsTickets, StandInNoLogAndNoMetric) {
  server s({.environment = {{"HAULCAST_LOG__LEVEL", "trace"}}});
  auto admin = s.as();
  const auto used = ticket_for(admin);
  const auto unused = ticket_for(admin);
  ASSERT_FALSE(with_ticket(s, used).connect());
  ASSERT_TRUE(with_ticket(s, used).connect());
  handshake(s, "/v1/ws?ticket=" + unused + "&ticket=x");
  const std::string page = admin.get("/metrics").raw.body;
  EXPECT_EQ(s.stop().code, 0);
  for (const auto& ticket : {used, unused}) {
    EXPECT_EQ(s.log().find(ticket), std::string::npos);
    EXPECT_EQ(page.find(ticket), std::string::npos);
  }
}

}  // namespace
}  // namespace haulcast::support
