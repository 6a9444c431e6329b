#include "haulcast/base/siphash.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <string>

namespace haulcast {
namespace {

// The vectors of the reference implementation: key 00 01 .. 0f, text 00 01 .. of each length.
constexpr siphash_key reference_key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};

std::string counting(std::size_t size) {
  std::string text(size, '\0');
  std::iota(text.begin(), text.end(), '\0');
  return text;
}

TEST(Siphash, GivesWhatTheReferenceGives) {
  EXPECT_EQ(siphash(reference_key, ""), 0x726fdb47dd0e0e31U);
  EXPECT_EQ(siphash(reference_key, counting(1)), 0x74f839c593dc67fdU);
  EXPECT_EQ(siphash(reference_key, counting(7)), 0xab0200f58b01d137U);
  EXPECT_EQ(siphash(reference_key, counting(8)), 0x93f5f5799a932462U);
  EXPECT_EQ(siphash(reference_key, counting(15)), 0xa129ca6149be45e5U);  // the example of the paper's appendix A
}

TEST(Siphash, IsAnotherUnderAnotherKey) {
  EXPECT_NE(siphash({1, 2}, "TRK-1"), siphash({1, 3}, "TRK-1"));
  EXPECT_NE(siphash({1, 2}, "TRK-1"), siphash({2, 2}, "TRK-1"));
  EXPECT_NE(siphash({1, 2}, std::string(1, '\0')), siphash({1, 2}, std::string(2, '\0')));
}

}  // namespace
}  // namespace haulcast
