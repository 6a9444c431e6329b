#include "haulcast/auth/sha256.hpp"

#include <gtest/gtest.h>

#include <string>

namespace haulcast::auth {
namespace {

std::string hex(const sha256_digest& digest) {
  std::string text;
  for (const auto byte : digest) (text += "0123456789abcdef"[byte >> 4]) += "0123456789abcdef"[byte & 15];
  return text;
}

TEST(Sha256, IsThatOfFips180) {
  sha256 digest_of;
  EXPECT_EQ(hex(digest_of("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(digest_of("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(digest_of(std::string(1'000'000, 'a'))), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, StartsAnewEachTimeAndMoves) {
  sha256 digest_of;
  const auto first = digest_of("hk_key");
  digest_of("another");
  sha256 moved{std::move(digest_of)};
  EXPECT_EQ(moved("hk_key"), first);
}

}  // namespace
}  // namespace haulcast::auth
