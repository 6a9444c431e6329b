// What tests of rooms that may see Asio include anyway, compiled once.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "../../src/base/precompiled_net.hpp"

/// Never called. What GoogleTest needs to compare JSON, and Asio to begin, is compiled with this header and so not by each
/// test: a third of their time.
inline void begin_as_tests_do(boost::asio::io_context& loop) {
  boost::asio::ip::tcp::acceptor{loop, {boost::asio::ip::address_v4::loopback(), 0}};
  boost::asio::steady_timer{loop};
  boost::asio::post(loop, [] {});
}
inline void compare_as_tests_do(const nlohmann::json& a, const std::string& text) {
  EXPECT_EQ(a, a);
  EXPECT_NE(a, a);
  EXPECT_LT(a, a);
  EXPECT_GT(a, a);
  EXPECT_EQ(a, text);
  EXPECT_EQ(a, "text");
  EXPECT_EQ(a, 1);
  EXPECT_EQ(a, 1U);
  EXPECT_EQ(a, 1.5);
  EXPECT_EQ(a, true);
  EXPECT_EQ(a.at("name").get<std::string>(), nlohmann::json::parse(text).dump());
}
