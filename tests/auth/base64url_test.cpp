#include "haulcast/auth/base64url.hpp"

#include <gtest/gtest.h>

using haulcast::auth::from_base64url;
using haulcast::auth::to_base64url;

TEST(Base64url, WritesTheExamplesOfTheStandardWithoutPadding) {
  EXPECT_EQ(to_base64url(""), "");
  EXPECT_EQ(to_base64url("f"), "Zg");
  EXPECT_EQ(to_base64url("fo"), "Zm8");
  EXPECT_EQ(to_base64url("foo"), "Zm9v");
  EXPECT_EQ(to_base64url("foob"), "Zm9vYg");
  EXPECT_EQ(to_base64url("\xFB\xFF\xFE"), "-__-");
}

TEST(Base64url, ReadsBackEveryByteAtEveryLength) {
  std::string bytes;
  for (int i = 255; i >= 0; --i) {
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
    bytes.push_back(static_cast<char>(i));
  }
}

TEST(Base64url, RefusesPaddingAndTheOtherAlphabet) {
  for (const auto* text : {"Zg==", "Zm8=", "Zm9v====", "+__-", "/__-", "Zm 9v", "Zm9v\n", "Zm9\xC3"}) {
    EXPECT_EQ(from_base64url(text), std::nullopt) << text;
  }
}

TEST(Base64url, RefusesALengthThatNoEncoderMakes) {
  EXPECT_EQ(from_base64url("A"), std::nullopt);
  EXPECT_EQ(from_base64url("Zm9vA"), std::nullopt);
}

TEST(Base64url, RefusesTrailingBitsThatAreNotZero) {
  EXPECT_EQ(from_base64url("Zg"), "f");
  EXPECT_EQ(from_base64url("Zh"), std::nullopt);  // differs in the four bits nobody needs
  EXPECT_EQ(from_base64url("Zm8"), "fo");
  EXPECT_EQ(from_base64url("Zm9"), std::nullopt);
}
