#include "haulcast/client/credential.hpp"

#include <gtest/gtest.h>

namespace haulcast::client {
namespace {

TEST(Credential, OfATokenIsABearersAndOfAnApiKeyAFieldOfItsOwn) {
  EXPECT_EQ(credential_field("eyJhbGciOiJIUzI1NiJ9.e30.c2ln"),
            (std::pair<std::string, std::string>{"Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln"}));
  EXPECT_EQ(credential_field("hk_1"), (std::pair<std::string, std::string>{"X-API-Key", "hk_1"}));
}

}  // namespace
}  // namespace haulcast::client
