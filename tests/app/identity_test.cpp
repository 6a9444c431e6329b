#include "haulcast/app/identity.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "auth/keys.hpp"
#include "haulcast/app/mint.hpp"
#include "temporary_directory.hpp"

namespace haulcast::app {
namespace {

constexpr utc_time now = from_epoch_ms(1'800'000'000'000);

class Identity : public testing::Test {
 protected:
  Identity() { cfg_.data_dir = directory_ / "data"; }

  void believe(std::string_view pem) {
    cfg_.auth.keys.push_back({.file = directory_.write("idp.pem", pem), .alg = "RS256", .where = "f.yaml:3"});
  }

  temporary_directory directory_;
  config cfg_;
};

TEST_F(Identity, IsTheGeneratedSecretWhereNothingIsConfigured) {
  const auto rules = token_rules_of(cfg_).value();
  EXPECT_EQ(rules.keys.size(), 1U);
  EXPECT_TRUE(std::filesystem::exists(cfg_.data_dir / "secret"));
  EXPECT_EQ(rules.leeway, seconds{30});
}

TEST_F(Identity, TakesTokensOfThePreviousSecretToo) {
  const std::string first(32, 'a');
  const std::string second(32, 'b');
  cfg_.auth.hs256_secret = second;
  cfg_.auth.hs256_previous_secret = first;
  auth::token_verifier verifier{token_rules_of(cfg_).value()};
  for (const auto& secret : {first, second}) {
    EXPECT_TRUE(verifier.verify(mint({.role = "admin"}, cfg_, secret, now)->text, now));
  }
  cfg_.auth.hs256_previous_secret.reset();
  static_cast<void>(verifier.replace(token_rules_of(cfg_).value()));
  EXPECT_FALSE(verifier.verify(mint({.role = "admin"}, cfg_, first, now)->text, now));
}

TEST_F(Identity, WithAnotherIssuerTheGeneratedSecretIsForThisMachineAlone) {
  believe(auth::keys::rsa_public);
  EXPECT_TRUE(believes_hs256(cfg_));
  EXPECT_EQ(token_rules_of(cfg_)->keys.size(), 2U);
  cfg_.server.listen = "0.0.0.0:8080";
  EXPECT_FALSE(believes_hs256(cfg_));
  EXPECT_EQ(token_rules_of(cfg_)->keys.size(), 1U);
  cfg_.auth.hs256_secret = std::string(32, 's');
  EXPECT_TRUE(believes_hs256(cfg_));
  EXPECT_EQ(token_rules_of(cfg_)->keys.size(), 2U);
}

TEST_F(Identity, BeyondThisMachineWithAnotherIssuerNoSecretIsMade) {
  believe(auth::keys::rsa_public);
  cfg_.server.listen = "0.0.0.0:8080";
  ASSERT_TRUE(token_rules_of(cfg_));
  EXPECT_FALSE(std::filesystem::exists(cfg_.data_dir));
}

TEST_F(Identity, SaysWhichFileIsWrongAndWhereItIsNamed) {
  believe(auth::keys::rsa_private);
  const auto refused = token_rules_of(cfg_);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().what.starts_with("f.yaml:3: " + (directory_ / "idp.pem") + " holds a private key"))
      << refused.error().what;
  EXPECT_EQ(check_identity_files(cfg_).error().what, refused.error().what);
  cfg_.auth.keys.clear();
  cfg_.auth.revoked = directory_ / "nobody";
  EXPECT_EQ(check_identity_files(cfg_).error().what,
            "auth.revoked: " + (directory_ / "nobody") + " cannot be read: No such file or directory");
}

}  // namespace
}  // namespace haulcast::app
