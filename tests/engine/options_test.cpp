#include "haulcast/engine/options.hpp"

#include <gtest/gtest.h>

#include "haulcast/base/bytes.hpp"

namespace haulcast::engine {
namespace {

TEST(Options, AreRestoredAsTheyWere) {
  const options sent{seconds{1}, 2, 3.5, seconds{4}, seconds{5}, false, 6.25, 0.1, seconds{6}, 7.5};
  std::string bytes;
  byte_writer out{bytes};
  save(sent, out);
  byte_reader in{bytes};
  options got;
  EXPECT_TRUE(load(got, in) && in.done());
  EXPECT_EQ(got, sent);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    byte_reader cut{std::string_view{bytes}.substr(0, size)};
    EXPECT_FALSE(load(got, cut)) << size;
  }
}

TEST(Options, OfAnOlderEngineAreReadWithTheDefaults) {
  std::string bytes;
  byte_writer out{bytes};
  save({.stop_speed_kmh = 7, .max_segment = seconds{90}}, out);
  bytes.resize(bytes.size() - 8);  // no default speed limit
  byte_reader newer{bytes};
  options got{.default_speed_limit_kmh = 80};
  EXPECT_TRUE(load(got, newer, 5) && newer.done());
  EXPECT_EQ(got.max_segment, seconds{90});
  EXPECT_FALSE(got.default_speed_limit_kmh);

  got = {};
  bytes.resize(bytes.size() - 2);  // nor max_segment: 90, as two bytes
  byte_reader in{bytes};
  EXPECT_TRUE(load(got, in, 4) && in.done());
  EXPECT_EQ(got.stop_speed_kmh, 7);
  EXPECT_EQ(got.max_segment, seconds{120});
}

}  // namespace
}  // namespace haulcast::engine
