// The parts that fit on a hand each: verdicts, back-off, latencies.
#include <gtest/gtest.h>

#include "haulcast/client/back_off.hpp"
#include "haulcast/client/latency_recorder.hpp"
#include "haulcast/client/verdict.hpp"

namespace haulcast::client {
namespace {

using namespace std::chrono_literals;

TEST(Verdict, AddsUpToWhatWasSent) {
  const auto v =
      parse_verdict(R"({"accepted":2,"duplicates":1,"late":1,"rejected":[{"index":3,"code":"c","detail":"d"}]})", 4).value();
  EXPECT_EQ(v.accepted, 2u);
  EXPECT_EQ(v.duplicates, 1u);
  EXPECT_EQ(v.late, 1u);
  EXPECT_EQ(v.rejected.at(0).index, 3u);
  EXPECT_EQ(v.rejected.at(0).code, "c");
}

TEST(Verdict, RefusesAnAnswerThatCannotBe) {
  for (const char* bad :
       {"", "[]", "{}", R"({"accepted":1,"duplicates":0,"late":0})", R"({"accepted":0,"duplicates":0,"late":0,"rejected":[]})",
        R"({"accepted":2,"duplicates":0,"late":0,"rejected":[]})", R"({"accepted":1,"duplicates":0,"late":2,"rejected":[]})",
        R"({"accepted":-1,"duplicates":2,"late":0,"rejected":[]})", R"({"accepted":1.0,"duplicates":0,"late":0,"rejected":[]})",
        R"({"accepted":0,"duplicates":0,"late":0,"rejected":[{"index":1,"code":"c"}]})",
        R"({"accepted":0,"duplicates":0,"late":0,"rejected":[{"index":0}]})"})
    EXPECT_FALSE(parse_verdict(bad, 1)) << bad;
  EXPECT_FALSE(
      parse_verdict(R"({"accepted":0,"duplicates":0,"late":0,"rejected":[{"index":0,"code":"c"},{"index":0,"code":"c"}]})", 2));
}

TEST(Verdict, ProblemsAreToldInOneLine) {
  http_response r;
  r.status = 422;
  r.body = R"({"title":"T","detail":"two\nlines","code":"c"})";
  EXPECT_EQ(problem_sentence(r), "two lines");
  EXPECT_EQ(problem_code(r), "c");
  r.body = "<html>";
  EXPECT_EQ(problem_sentence(r), "status 422");
  EXPECT_EQ(problem_code(r), "status_422");
}

TEST(Verdict, OnlyWhatARetryCanMendIsRetried) {
  for (unsigned status : {408u, 429u, 502u, 503u, 504u}) EXPECT_TRUE(worth_retrying(status));
  for (unsigned status : {200u, 400u, 401u, 403u, 413u, 422u, 500u}) EXPECT_FALSE(worth_retrying(status));
}

TEST(BackOff, DoublesUpToItsMostAndStartsAgain) {
  back_off pauses{{100ms, 1000ms}};
  for (const auto full : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    const auto pause = pauses.failed();
    EXPECT_GE(pause, full / 2);
    EXPECT_LE(pause, full);
  }
  pauses.succeeded();
  EXPECT_LE(pauses.failed(), 100ms);
}

TEST(BackOff, ObeysTheServerUpToAMinute) {
  back_off pauses{{100ms, 1000ms}};
  EXPECT_EQ(pauses.failed(7s), 7s);
  EXPECT_EQ(pauses.failed(3600s), 60s);
  EXPECT_GE(pauses.failed(0s), 200ms);
}

TEST(BackOff, EndsItsDoublingHoweverOftenItFails) {
  back_off pauses{{100ms, 5000ms}};
  for (int i = 0; i < 100; ++i) EXPECT_LE(pauses.failed(), 5000ms);
}

TEST(LatencyRecorder, PercentilesAreWithinOneBucket) {
  latency_recorder r;
  EXPECT_EQ(r.percentile_ms(0.5), 0);
  for (int ms = 1; ms <= 1000; ++ms) r.observe(std::chrono::milliseconds{ms});
  EXPECT_EQ(r.count(), 1000u);
  EXPECT_NEAR(r.percentile_ms(0.5), 500, 16);
  EXPECT_GE(r.percentile_ms(0.5), 500);
  EXPECT_NEAR(r.percentile_ms(0.99), 990, 31);
  EXPECT_EQ(r.percentile_ms(1), 1000);
  EXPECT_EQ(r.max_ms(), 1000);
}

TEST(LatencyRecorder, SmallAndHugeValuesHaveAPlace) {
  latency_recorder r;
  r.observe(500ns);
  r.observe(31us);
  r.observe(32us);
  r.observe(std::chrono::hours{2000});
  EXPECT_EQ(r.percentile_ms(0.25), 0);
  EXPECT_DOUBLE_EQ(r.percentile_ms(0.5), 0.031);
  EXPECT_DOUBLE_EQ(r.percentile_ms(0.75), 0.032);
  EXPECT_EQ(r.max_ms(), 7.2e9);
}

}  // namespace
}  // namespace haulcast::client
