#include "haulcast/base/id.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using haulcast::id_bytes_max;
using haulcast::is_id;

TEST(Id, IsOneTo128OfTheAllowedCharacters) {
  EXPECT_TRUE(is_id("A"));
  EXPECT_TRUE(is_id("truck_1.a:B-9"));
  EXPECT_TRUE(is_id(std::string(id_bytes_max, 'x')));
  EXPECT_FALSE(is_id(std::string(id_bytes_max + 1, 'x')));
  EXPECT_FALSE(is_id(""));
}

TEST(Id, RefusesEveryOtherByte) {
  const std::string allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    EXPECT_EQ(is_id({&c, 1}), allowed.find(c) != std::string::npos) << byte;
  }
}

}  // namespace
