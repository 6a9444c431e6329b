#include "haulcast/http/rate_limits.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "haulcast/auth/principal.hpp"
#include "haulcast/http/entrance.hpp"

namespace haulcast::http {
namespace {

using namespace std::chrono_literals;

/// Requests of one caller at a moment that the test chooses.
class caller {
 public:
  explicit caller(auth::role who, std::vector<std::string> trucks = {}, std::string subject = "S-1") {
    principal_->who = who;
    principal_->trucks = std::move(trucks);
    std::ranges::sort(principal_->trucks);
    principal_->subject = std::move(subject);
    one.principal = principal_;
    from("192.0.2.1");
    at(0ms);
  }
  caller& at(std::chrono::milliseconds moment) {
    one.started = std::chrono::steady_clock::time_point{1h + moment};
    one.rate = {};
    return *this;
  }
  caller& from(const char* address) {
    one.peer = {boost::asio::ip::make_address(address), 40'000};
    return *this;
  }
  auth::principal& principal() { return *principal_; }

  request one;

 private:
  std::shared_ptr<auth::principal> principal_ = std::make_shared<auth::principal>();
};

std::unique_ptr<engine::batch> batch_of(std::initializer_list<std::string_view> trucks,
                                        std::initializer_list<std::string_view> rejected = {}) {
  auto b = std::make_unique<engine::batch>();
  b->trucks = trucks;
  for (const auto id : rejected) b->rejected.push_back({0, engine::reject_code::latitude_missing, id, {}});
  return b;
}

std::string header(const response& r, std::string_view name) {
  for (const auto& h : r.headers) {
    if (h.name == name) return h.value;
  }
  return {};
}

/// How a batch fares whose answer is 200.
std::optional<response> post(rate_limits& limits, caller& who, const engine::batch& batch) {
  held_charge taken;
  auto refused = limits.charge(who.one, batch, taken);
  limits.settle(std::move(taken));
  return refused;
}

rate_limit_options few() {
  return {.truck = bucket_limit::per_second(1, 3),
          .subject = bucket_limit::per_second(10, 5),
          .failed_logins = bucket_limit::per_second(0.1, 2)};
}

TEST(TruckLimit, LetsABurstThroughAndTellsWhenTheNextMayCome) {
  rate_limits limits{few()};
  caller driver{auth::role::driver, {"TRK-1"}};
  const auto batch = batch_of({"TRK-1"});
  for (std::uint32_t left = 3; left-- > 0;) {
    EXPECT_FALSE(post(limits, driver.at(0ms), *batch));
    EXPECT_EQ(driver.one.rate.limit, 3U);
    EXPECT_EQ(driver.one.rate.remaining, left);
    EXPECT_EQ(driver.one.rate.reset_s, 3 - left);
  }
  const auto refused = post(limits, driver.at(200ms), *batch);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 429);
  EXPECT_EQ(header(*refused, "Retry-After"), "1");  // 0.8 s, rounded up
  EXPECT_NE(refused->body.find("too_many_requests"), std::string::npos);
  EXPECT_NE(refused->body.find("TRK-1"), std::string::npos);
  EXPECT_EQ(driver.one.rate.remaining, 0U);
  EXPECT_EQ(driver.one.rate.reset_s, 3U);
  EXPECT_FALSE(post(limits, driver.at(1000ms), *batch));
  EXPECT_TRUE(post(limits, driver.at(1000ms), *batch));
  EXPECT_EQ(limits.metrics().truck, 2U);
}

TEST(TruckLimit, ABatchSpendsOneOfEachTruckOrNothing) {
  rate_limits limits{few()};
  caller driver{auth::role::driver, {"TRK-1", "TRK-2"}};
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(post(limits, driver, *batch_of({"TRK-1"})));
  EXPECT_FALSE(post(limits, driver, *batch_of({"TRK-1", "TRK-2"})));
  EXPECT_EQ(driver.one.rate.remaining, 0U) << "that of the scarcest";
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(post(limits, driver, *batch_of({"TRK-2", "TRK-1"})));
  EXPECT_FALSE(post(limits, driver, *batch_of({"TRK-2"})));
  EXPECT_EQ(driver.one.rate.remaining, 1U) << "of TRK-2 nothing was spent meanwhile";
}

TEST(TruckLimit, IsTheTrucksWhicheverDriverSends) {
  rate_limits limits{few()};
  caller one{auth::role::driver, {"TRK-1"}, "D-1"};
  caller other{auth::role::driver, {"TRK-1"}, "D-2"};
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(post(limits, one, *batch_of({"TRK-1"})));
  EXPECT_TRUE(post(limits, other, *batch_of({"TRK-1"})));
}

TEST(TruckLimit, RejectedPositionsOfOnesOwnTruckCountAndThoseOfForeignOnesDoNot) {
  rate_limits limits{few()};
  caller driver{auth::role::driver, {"TRK-1", "TRK-2"}};
  caller other{auth::role::driver, {"TRK-9"}};
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(post(limits, driver, *batch_of({"TRK-1"}, {"TRK-1", "TRK-9", "", "TRK-2", "TRK-9", "TRK-2"})));
    EXPECT_EQ(driver.one.rate.remaining, 2U - static_cast<unsigned>(i)) << "once, however many positions";
  }
  const auto refused = post(limits, driver, *batch_of({}, {"TRK-2"}));
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->body.find("TRK-2"), std::string::npos);
  EXPECT_FALSE(post(limits, other, *batch_of({"TRK-9"})));
  EXPECT_EQ(other.one.rate.remaining, 2U);
  driver.at(0ms);
  EXPECT_FALSE(post(limits, driver, *batch_of({}, {"", "TRK-9"})));
  EXPECT_EQ(driver.one.rate.limit, 0U) << "nothing to tell";
}

TEST(TruckLimit, ABatchThatWasNotStoredIsNotPaidFor) {
  rate_limits limits{few()};
  caller driver{auth::role::driver, {"TRK-1", "TRK-2"}};
  const auto batch = batch_of({"TRK-1", "TRK-2"});
  for (int i = 0; i < 20; ++i) {
    held_charge taken;
    ASSERT_FALSE(limits.charge(driver.one, *batch, taken));
    EXPECT_EQ(driver.one.rate.remaining, 2U);
    limits.give_back(std::move(taken));
    EXPECT_EQ(driver.one.rate.remaining, 3U);
    EXPECT_EQ(driver.one.rate.reset_s, 0U);
  }
}

TEST(TruckLimit, HoldsForDriversOnlyAndCanBeSwitchedOff) {
  rate_limits limits{few()};
  caller admin{auth::role::admin};
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(post(limits, admin, *batch_of({"TRK-1"})));
  EXPECT_EQ(admin.one.rate.limit, 0U);
  rate_limits off{{.truck = bucket_limit::per_second(0, 10)}};
  caller driver{auth::role::driver, {"TRK-1"}};
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(post(off, driver, *batch_of({"TRK-1"})));
  EXPECT_EQ(off.trucks().size(), 0U);
}

TEST(SubjectLimit, CountsAllRequestsOfASubjectAndNoneOfAnAdmin) {
  rate_limits limits{few()};
  caller customer{auth::role::customer};
  for (std::uint32_t left = 5; left-- > 0;) {
    EXPECT_FALSE(limits.count_request(customer.one));
    EXPECT_EQ(customer.one.rate.limit, 5U);
    EXPECT_EQ(customer.one.rate.remaining, left);
  }
  const auto refused = limits.count_request(customer.one);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 429);
  EXPECT_EQ(header(*refused, "Retry-After"), "1");
  caller same{auth::role::driver, {}, "S-1"};
  EXPECT_TRUE(limits.count_request(same.one)) << "whatever token it comes with";
  caller other{auth::role::customer, {}, "S-2"};
  EXPECT_FALSE(limits.count_request(other.one));
  caller admin{auth::role::admin, {}, "S-1"};
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(limits.count_request(admin.one));
  EXPECT_FALSE(limits.count_request(customer.at(100ms).one));
  EXPECT_EQ(limits.metrics().subject, 2U);
  EXPECT_EQ(limits.metrics().key, 0U);
}

TEST(SubjectLimit, AnApiKeysOwnRateHoldsInsteadForAdminsToo) {
  rate_limits limits{few()};
  caller machine{auth::role::admin, {}, "gateway"};
  machine.principal().requests_per_s = 0.01;
  machine.principal().request_burst = 7;
  for (int i = 0; i < 7; ++i) EXPECT_FALSE(limits.count_request(machine.one));
  EXPECT_EQ(machine.one.rate.limit, 7U);
  const auto refused = limits.count_request(machine.one);
  ASSERT_TRUE(refused);
  EXPECT_EQ(header(*refused, "Retry-After"), "100");
  EXPECT_EQ(limits.metrics().key, 1U);
  caller person{auth::role::customer, {}, "gateway"};
  EXPECT_FALSE(limits.count_request(person.one)) << "a subject of the same name is somebody else";
  EXPECT_EQ(person.one.rate.remaining, 4U);
}

TEST(SubjectLimit, ARateOfItsOwnWithoutABurstHasTheOneOfASecond) {
  rate_limits limits{few()};
  caller machine{auth::role::merchant};
  machine.principal().requests_per_s = 2.5;
  EXPECT_FALSE(limits.count_request(machine.one));
  EXPECT_EQ(machine.one.rate.limit, 3U);
}

TEST(DeliveryLimit, IsTenAnHourForACustomerWhoeverOfThemAsks) {
  rate_limits limits{{}};
  caller one{auth::role::customer, {}, "S-1"}, colleague{auth::role::customer, {}, "S-2"}, stranger{auth::role::customer};
  one.principal().customer_id = colleague.principal().customer_id = "CUS-1";
  stranger.principal().customer_id = "CUS-2";
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(limits.count_delivery(one.one));
    EXPECT_FALSE(limits.count_delivery(colleague.one));
  }
  EXPECT_EQ(colleague.one.rate.remaining, 0U);
  const auto refused = limits.count_delivery(one.one);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 429);
  EXPECT_EQ(header(*refused, "Retry-After"), "360");
  EXPECT_FALSE(limits.count_delivery(stranger.one));
  EXPECT_TRUE(limits.count_delivery(one.at(360s - 1ms).one));
  EXPECT_FALSE(limits.count_delivery(one.at(360s).one));
  EXPECT_TRUE(limits.count_delivery(colleague.at(360s).one));
  EXPECT_EQ(limits.metrics().delivery, 3U);
}

TEST(DeliveryLimit, IsForCustomersOnly) {
  rate_limits limits{{}};
  for (const auto role : {auth::role::admin, auth::role::merchant}) {
    caller who{role};
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(limits.count_delivery(who.one));
  }
}

/// A door with one good token, and books of what was verified.
struct door {
  rate_limits limits;
  int verified = 0;
  std::string known;
  entrance way_in{[this](const credential& shown) -> entrance::verdict {
                    ++verified;
                    if (shown.text == "old") return auth::token_error::expired;
                    if (shown.text != "good") return auth::token_error::invalid;
                    return std::make_shared<const auth::principal>();
                  },
                  [this](const credential& shown) -> std::optional<entrance::verdict> {
                    if (shown.what == credential::kind::api_key) return auth::token_error::invalid;  // looked up, and not there
                    if (shown.text != known) return std::nullopt;
                    return std::make_shared<const auth::principal>();
                  },
                  &limits};

  explicit door(const rate_limit_options& options = few()) : limits{options} {}
  int status(caller& who, std::string_view text, credential::kind what = credential::kind::token) {
    const auto refused = way_in.admit(who.one, {what, text});
    return refused ? refused->status : 200;
  }
};

TEST(FailedLogins, TooManyFromAnAddressAndFurtherOnesAreNotLookedAt) {
  door d;
  caller forger{auth::role::driver};
  for (int i = 0; i < 2; ++i) EXPECT_EQ(d.status(forger, "forged"), 401);
  EXPECT_EQ(d.status(forger, "forged"), 429);
  EXPECT_EQ(d.status(forger, "good"), 429) << "nobody has looked whether it is";
  EXPECT_EQ(d.verified, 2);
  EXPECT_EQ(d.limits.metrics().login, 2U);
  const auto refused = d.way_in.admit(forger.at(1ms).one, {credential::kind::token, "forged"});
  EXPECT_EQ(header(*refused, "Retry-After"), "10");
  EXPECT_EQ(d.status(forger.at(10s), "forged"), 401);
  EXPECT_EQ(d.status(forger.at(10s), "good"), 429);
  EXPECT_EQ(d.status(forger.at(20s), "good"), 200);
}

TEST(FailedLogins, TokensThatAreKnownComeInFromTheSameAddress) {
  door d;
  d.known = "believed";
  caller phone{auth::role::driver};
  for (int i = 0; i < 10; ++i) (void)d.status(phone, "forged");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(d.status(phone, "believed"), 200);
  EXPECT_EQ(d.verified, 2);
}

TEST(FailedLogins, CountAlsoWhatALookUpSaysIsNotThere) {
  door d;
  caller guesser{auth::role::driver};
  for (int i = 0; i < 2; ++i) EXPECT_EQ(d.status(guesser, "hk_guessed", credential::kind::api_key), 401);
  EXPECT_EQ(d.status(guesser, "hk_guessed", credential::kind::api_key), 429);
  EXPECT_EQ(d.verified, 0);
}

TEST(FailedLogins, GoodAndExpiredTokensCountNothing) {
  door d;
  caller phone{auth::role::driver};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(d.status(phone, "old"), 401);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(d.status(phone, "good"), 200);
  EXPECT_EQ(d.limits.addresses().size(), 0U);
}

TEST(FailedLogins, CountByAddressAndOfIpv6ByNetwork) {
  door d;
  caller who{auth::role::driver};
  const auto fails = [&](const char* address) { return d.status(who.from(address), "forged"); };
  for (int i = 0; i < 2; ++i) EXPECT_EQ(fails("192.0.2.1"), 401);
  EXPECT_EQ(fails("192.0.2.1"), 429);
  EXPECT_EQ(fails("::ffff:192.0.2.1"), 429) << "the same, through a socket for both";
  EXPECT_EQ(fails("192.0.2.2"), 401);
  EXPECT_EQ(fails("2001:db8:1:2::1"), 401);
  EXPECT_EQ(fails("2001:db8:1:2:ffff::7"), 401);
  EXPECT_EQ(fails("2001:db8:1:2::9"), 429);
  EXPECT_EQ(fails("2001:db8:1:3::1"), 401);
}

TEST(FailedLogins, AnAddressThatHasNotFailedIsNeverRefusedForWhatOthersDid) {
  auto options = few();
  options.addresses = 8;
  door d{options};
  caller who{auth::role::driver};
  for (int i = 0; i < 250; ++i) {
    const auto address = "198.51.100." + std::to_string(i);
    for (int n = 0; n < 3; ++n) (void)d.status(who.from(address.c_str()), "forged");
  }
  EXPECT_GT(d.limits.addresses().displaced(), 0U);
  EXPECT_EQ(d.status(who.from("203.0.113.1"), "good"), 200);
}

TEST(FailedLogins, CanBeSwitchedOff) {
  door d{{.failed_logins = bucket_limit::per_second(0, 0)}};
  caller who{auth::role::driver};
  for (int i = 0; i < 200; ++i) EXPECT_EQ(d.status(who, "forged"), 401);
}

TEST(Entrance, WithoutLimitsCountsNothingAndWithoutACheckLetsNobodyIn) {
  caller who{auth::role::driver};
  const entrance plain{[](const credential&) -> entrance::verdict { return std::make_shared<const auth::principal>(); }};
  EXPECT_FALSE(plain.admit(who.one, {credential::kind::token, "any"}));
  EXPECT_EQ(who.one.rate.limit, 0U);
  EXPECT_EQ(entrance{}.admit(who.one, {credential::kind::token, "any"})->status, 401);
}

}  // namespace
}  // namespace haulcast::http
