#include "haulcast/auth/ws_tickets.hpp"

#include <gtest/gtest.h>

#include <set>

#include "haulcast/auth/base64url.hpp"

namespace haulcast::auth {
namespace {

using namespace std::chrono_literals;
using clock = ws_tickets::clock;

constexpr clock::time_point start{1h};
constexpr utc_time noon = from_epoch_ms(1'800'000'000'000);

std::shared_ptr<const principal> someone(std::string subject = "D-7", utc_time expires = noon + 1h) {
  return std::make_shared<const principal>(principal{.subject = std::move(subject), .expires = expires});
}

TEST(WsTickets, OpenOnceForWhoBoughtThem) {
  ws_tickets tickets{{}};
  const auto who = someone();
  const auto ticket = tickets.issue(who, start).value();
  EXPECT_EQ(tickets.redeem(ticket, start + 1s, noon).value(), who) << "with all that the token said, its end too";
  EXPECT_EQ(tickets.redeem(ticket, start + 1s, noon).error(), token_error::invalid);
  EXPECT_EQ(tickets.size(), 0U);
  EXPECT_EQ(tickets.metrics().issued, 1U);
  EXPECT_EQ(tickets.metrics().used, 1U);
  EXPECT_EQ(tickets.metrics().unknown, 1U);
}

TEST(WsTickets, Are256RandomBits) {
  ws_tickets tickets{{}};
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) {
    const auto ticket = tickets.issue(someone(), start).value();
    EXPECT_EQ(from_base64url(ticket).value().size(), 32U);
    EXPECT_TRUE(seen.insert(ticket).second);
  }
}

TEST(WsTickets, HoldForHalfAMinuteAndNotLonger) {
  ws_tickets tickets{{}};
  const auto in_time = tickets.issue(someone(), start).value();
  const auto late = tickets.issue(someone(), start).value();
  EXPECT_TRUE(tickets.redeem(in_time, start + 30s - 1ns, noon));
  EXPECT_EQ(tickets.redeem(late, start + 30s, noon).error(), token_error::invalid);
  EXPECT_EQ(tickets.redeem(late, start, noon).error(), token_error::invalid) << "it is gone for good";
  EXPECT_EQ(tickets.metrics().expired, 1U);
}

TEST(WsTickets, EndWithWhatTheyWereBoughtWith) {
  ws_tickets tickets{{}};
  const auto ticket = tickets.issue(someone("D-7", noon + 5s), start).value();
  EXPECT_EQ(tickets.redeem(ticket, start + 5s, noon + 5s).error(), token_error::invalid);
}

TEST(WsTickets, ThatNobodyIssuedAreAllRefusedAlike) {
  ws_tickets tickets{{}};
  const auto ticket = tickets.issue(someone(), start).value();
  auto near = ticket;
  near[20] = near[20] == 'A' ? 'B' : 'A';
  for (const auto& wrong :
       {std::string{}, near, ticket + "=", ticket.substr(1), std::string(43, 'A'), std::string(5000, 'A')}) {
    EXPECT_EQ(tickets.redeem(wrong, start, noon).error(), token_error::invalid) << wrong;
  }
  EXPECT_TRUE(tickets.redeem(ticket, start, noon)) << "none of that has spent it";
}

TEST(WsTickets, OfOneSubjectAreBoundedWhateverTokensItHas) {
  ws_tickets tickets{{.most_of_subject = 3}};
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(tickets.issue(someone("D-7"), start + i * 1s));
  const auto refused = tickets.issue(someone("D-7"), start + 10s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what, ticket_refusal::bound::of_subject);
  EXPECT_EQ(refused.error().retry_after, 20s) << "when the oldest has expired";
  EXPECT_TRUE(tickets.issue(someone("D-8"), start + 10s)) << "others are not held up";
  EXPECT_TRUE(tickets.issue(someone("D-7"), start + 30s));
  EXPECT_FALSE(tickets.issue(someone("D-7"), start + 30s)) << "only one has expired";
  EXPECT_EQ(tickets.metrics().refused_of_subject, 2U);
}

TEST(WsTickets, UsedOnesMakeRoom) {
  ws_tickets tickets{{.most = 1, .most_of_subject = 1}};
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(tickets.redeem(tickets.issue(someone(), start).value(), start, noon));
}

TEST(WsTickets, OfAllTogetherAreBounded) {
  ws_tickets tickets{{.most = 5, .most_of_subject = 3}};
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(tickets.issue(someone("D-" + std::to_string(i)), start));
  const auto refused = tickets.issue(someone(), start + 29s + 500ms);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what, ticket_refusal::bound::of_all);
  EXPECT_EQ(refused.error().retry_after, 1s);
  EXPECT_EQ(tickets.size(), 5U);
  EXPECT_EQ(tickets.metrics().refused_of_all, 1U);
}

TEST(WsTickets, ThatExpireInAFloodHoldUpNobodyAfterwards) {
  ws_tickets tickets{{.most = 1000, .most_of_subject = 1000}};
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(tickets.issue(someone("flood"), start));
  ASSERT_FALSE(tickets.issue(someone(), start + 29s));
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(tickets.issue(someone(i % 2 == 0 ? "flood" : "D-7"), start + 31s)) << i;
  EXPECT_EQ(tickets.metrics().expired, 1000U);
  EXPECT_EQ(tickets.size(), 1000U);
}

TEST(WsTickets, LeaveWithoutBeingAskedForAsOthersCome) {
  ws_tickets tickets{{}};
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(tickets.issue(someone(), start));
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(tickets.redeem("nothing", start + 1h, noon));
  EXPECT_EQ(tickets.size(), 0U);
}

}  // namespace
}  // namespace haulcast::auth
