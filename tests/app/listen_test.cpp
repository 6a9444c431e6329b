#include "haulcast/app/listen.hpp"

#include <gtest/gtest.h>

namespace haulcast::app {
namespace {

TEST(Listen, ReadsAddressesAndPorts) {
  const auto v4 = parse_listen("0.0.0.0:8080").value();
  EXPECT_EQ(v4.host, "0.0.0.0");
  EXPECT_EQ(v4.port, 8080);
  EXPECT_EQ(parse_listen("[::1]:0").value().host, "::1");
  EXPECT_EQ(parse_listen("[::1]:0").value().port, 0);
  EXPECT_EQ(parse_listen("localhost:65535").value().host, "127.0.0.1");
}

TEST(Listen, KnowsWhatStaysOnThisMachine) {
  for (const auto* text : {"127.0.0.1:1", "127.255.0.9:1", "localhost:1", "[::1]:1", "[::ffff:127.0.0.1]:1"}) {
    EXPECT_TRUE(parse_listen(text).value().loopback) << text;
  }
  for (const auto* text : {"0.0.0.0:1", "126.0.0.1:1", "128.0.0.1:1", "[::]:1", "[::ffff:10.0.0.1]:1", "[fe80::1]:1"}) {
    EXPECT_FALSE(parse_listen(text).value().loopback) << text;
  }
}

TEST(Listen, RefusesEverythingElse) {
  for (const auto* text : {"", ":", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                           "127.0.0.1:80x", "127.1:80", "::1:80", "[::1]", "[127.0.0.1]:80", "[localhost]:80", "example.org:80",
                           "*:80", "127.0.0.1: 80", "http://127.0.0.1:80"}) {
    EXPECT_FALSE(parse_listen(text)) << text;
  }
}

}  // namespace
}  // namespace haulcast::app
