#include "haulcast/base/time.hpp"

#include <gtest/gtest.h>

namespace haulcast {
namespace {

TEST(Time, IsEpochMillisecondsAndBack) {
  for (const std::int64_t ms : {0LL, -1LL, 1'795'000'000'123LL}) EXPECT_EQ(to_epoch_ms(from_epoch_ms(ms)), ms);
  EXPECT_EQ(from_epoch_ms(1'500) - from_epoch_ms(0), seconds{1} + milliseconds{500});
}

}  // namespace
}  // namespace haulcast
