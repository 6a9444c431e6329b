#include "haulcast/http/negotiate.hpp"

#include <gtest/gtest.h>

#include <array>

namespace haulcast::http {
namespace {

constexpr std::array<std::string_view, 3> offered{"application/json", "application/geo+json", "text/csv"};

TEST(Negotiate, NothingSaidMeansTheFirst) {
  EXPECT_EQ(negotiate("", offered), 0U);
  EXPECT_EQ(negotiate("*/*", offered), 0U);
}

TEST(Negotiate, TheHeaviestWinsAndTiesGoToTheOneOfferedFirst) {
  EXPECT_EQ(negotiate("text/csv", offered), 2U);
  EXPECT_EQ(negotiate("text/csv, application/json", offered), 0U);
  EXPECT_EQ(negotiate("application/json;q=0.5, text/csv;q=0.501", offered), 2U);
  EXPECT_EQ(negotiate("APPLICATION/GEO+JSON", offered), 1U);
}

TEST(Negotiate, TheMostExactRangeSetsTheWeight) {
  EXPECT_EQ(negotiate("*/*;q=0.1, application/*;q=0.2, application/json;q=0", offered), 1U);
  EXPECT_EQ(negotiate("application/json;q=0, */*", offered), 1U);
  EXPECT_EQ(negotiate("text/*", offered), 2U);
}

TEST(Negotiate, NoneThatFitsIsNotAcceptable) {
  EXPECT_EQ(negotiate("image/png", offered), std::nullopt);
  EXPECT_EQ(negotiate("text/csv;q=0", offered), std::nullopt);
  EXPECT_EQ(negotiate("text/csv;q=abc", offered), std::nullopt);
  EXPECT_EQ(negotiate("text/csv;q=1.5", offered), std::nullopt);
}

TEST(AcceptEncoding, GzipIsUsedOnlyWhenAllowed) {
  EXPECT_TRUE(accepts_gzip("gzip"));
  EXPECT_TRUE(accepts_gzip("br;q=1.0, GZIP;q=0.001"));
  EXPECT_TRUE(accepts_gzip("*"));
  EXPECT_FALSE(accepts_gzip(""));
  EXPECT_FALSE(accepts_gzip("gzip;q=0"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0.000"));
  EXPECT_FALSE(accepts_gzip("*, gzip;q=0"));
  EXPECT_FALSE(accepts_gzip("deflate"));
  EXPECT_FALSE(accepts_gzip("gzipped"));
}

TEST(ContentType, NoneIsJsonAndParametersAreTolerated) {
  constexpr std::array<std::string_view, 1> json{"application/json"};
  EXPECT_TRUE(accepts_content_type("", json));
  EXPECT_TRUE(accepts_content_type("Application/JSON", json));
  EXPECT_TRUE(accepts_content_type("application/json; charset=UTF-8; x=y", json));
  EXPECT_TRUE(accepts_content_type("application/json;charset=\"utf-8\"", json));
  EXPECT_FALSE(accepts_content_type("application/json; charset=latin1", json));
  EXPECT_FALSE(accepts_content_type("text/plain", json));
  EXPECT_FALSE(accepts_content_type("application/jsonx", json));
}

}  // namespace
}  // namespace haulcast::http
