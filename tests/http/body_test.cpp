#include "haulcast/http/body.hpp"

#include <gtest/gtest.h>

#include <string>

namespace haulcast::http {
namespace {

struct outcome {
  std::string data;
  int status = 0;  // of the refusal
  bool done = false;
  std::size_t left = 0;
};

/// Shows the decoder `step` more bytes at a time.
outcome decode(std::string_view raw, std::size_t step, std::size_t limit = 1000) {
  chunk_decoder decoder;
  byte_block out;
  outcome seen;
  std::string waiting;
  while (!raw.empty() && !seen.done) {
    waiting += raw.substr(0, step);
    raw.remove_prefix(std::min(step, raw.size()));
    const auto made = decoder.decode(waiting, out, limit);
    if (!made) {
      seen.status = entry_of(made.error().what).status;
      return seen;
    }
    waiting.erase(0, made->used);
    seen.done = made->done;
  }
  seen.data = out.view();
  seen.left = waiting.size() + raw.size();
  return seen;
}

TEST(ChunkedBody, ArrivesWhateverTheCuts) {
  const std::string raw = "5\r\nhello\r\n1\r\n \r\n00A\r\nworld12345\r\n0\r\n\r\nnext";
  for (std::size_t step = 1; step <= raw.size(); ++step) {
    const auto seen = decode(raw, step);
    EXPECT_EQ(seen.status, 0) << step;
    EXPECT_TRUE(seen.done) << step;
    EXPECT_EQ(seen.data, "hello world12345") << step;
    EXPECT_EQ(seen.left, 4U) << step;
  }
}

TEST(ChunkedBody, MayBeEmptyHoweverItIsCut) {
  for (std::size_t step = 1; step <= 9; ++step) {
    const auto seen = decode("0\r\n\r\nnext", step);
    EXPECT_TRUE(seen.done) << step;
    EXPECT_EQ(seen.left, 4U) << step;
  }
}

TEST(ChunkedBody, ExtensionsAndTrailersAreRefused) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{1000}}) {
    EXPECT_EQ(decode("5;a=b\r\nhello\r\n0\r\n\r\n", step).status, 400);
    EXPECT_EQ(decode("5 ;a\r\nhello\r\n0\r\n\r\n", step).status, 400);
    EXPECT_EQ(decode("5\r\nhello\r\n0;x\r\n\r\n", step).status, 400);
    EXPECT_EQ(decode("5\r\nhello\r\n0\r\nX: y\r\n\r\n", step).status, 400);
    EXPECT_EQ(decode("5;" + std::string(100, 'a'), step).status, 400);
    EXPECT_EQ(decode("0\r\nX: " + std::string(100, 'a'), step).status, 400);
  }
}

TEST(ChunkedBody, WhatIsNoChunkIsRefused) {
  for (const char* raw :
       {"x\r\n", "-1\r\n\r\n", "0x5\r\nhello\r\n", "5\nhello\r\n", "5\r\nhelloX\r\n", "\r\n\r\n", " 5\r\nhello\r\n",
        "00000000000000005\r\nhello\r\n", "fffffffffffffffff\r\n", "ffffffffffffffff\r\n"}) {
    EXPECT_NE(decode(std::string{raw} + "0\r\n\r\n", 1000).status, 0) << raw;
  }
}

TEST(ChunkedBody, TheLimitHoldsOverAllChunks) {
  EXPECT_EQ(decode("5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n", 1000, 10).status, 0);
  EXPECT_EQ(decode("5\r\nhello\r\n6\r\nworlds\r\n0\r\n\r\n", 1000, 10).status, 413);
  EXPECT_EQ(decode("b\r\n", 1000, 10).status, 413);
}

TEST(ByteBlock, KeepsPaddingBehindWhatItHolds) {
  byte_block b;
  b.reserve(10);
  b.append("0123456789");
  EXPECT_EQ(b.room(), 0U);
  EXPECT_EQ(std::string(b.view().data() + 10, body_padding), std::string(body_padding, '\0'));
}

TEST(ByteBlock, DetachingKeepsTheRest) {
  byte_block b;
  b.reserve(100);
  b.append("xxheadrest");
  b.consume(2);
  const char* const head = b.view().data();
  const auto memory = b.detach(4);
  EXPECT_EQ(std::string_view(head, 4), "head");
  EXPECT_EQ(b.view(), "rest");
}

}  // namespace
}  // namespace haulcast::http
