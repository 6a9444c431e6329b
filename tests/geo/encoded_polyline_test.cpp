#include "haulcast/geo/encoded_polyline.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "geo/random_shapes.hpp"

namespace haulcast::geo {
namespace {

using kind = encoded_polyline_error::kind;
using enum polyline_precision;

/// The example of the format's description.
const std::vector<point> example{{38.5, -120.2}, {40.7, -120.95}, {43.252, -126.453}};
constexpr std::string_view encoded = "_p~iF~ps|U_ulLnnqC_mqNvxq`@";

std::pair<kind, std::size_t> refusal(std::string_view text, std::size_t points_max = 100) {
  const auto read = decode_polyline(text, five, points_max);
  EXPECT_TRUE(read.has_error()) << text;
  return read.has_error() ? std::pair{read.error().what, read.error().at} : std::pair{kind{}, text.size() + 1};
}

TEST(EncodedPolyline, IsAsItsDescriptionHasIt) {
  EXPECT_EQ(encode_polyline(example, five), encoded);
  EXPECT_EQ(decode_polyline(encoded, five, 3).value(), example);
}

TEST(EncodedPolyline, WithSixDecimalsIsTenTimesFiner) {
  const auto text = encode_polyline(std::vector<point>{{52.520008, 13.404954}}, six);
  EXPECT_EQ(decode_polyline(text, six, 1).value(), (std::vector<point>{{52.520008, 13.404954}}));
  EXPECT_NE(text, encode_polyline(std::vector<point>{{52.520008, 13.404954}}, five));
}

TEST(EncodedPolyline, OfNoPointsIsEmpty) {
  EXPECT_EQ(encode_polyline({}, five), "");
  EXPECT_TRUE(decode_polyline("", five, 0).value().empty());
}

TEST(EncodedPolyline, ReachesTheEndsOfTheEarth) {
  const std::vector<point> far{{90, 180}, {-90, -180}, {90, 180}, {0, 0}};
  for (const auto precision : {five, six})
    EXPECT_EQ(decode_polyline(encode_polyline(far, precision), precision, 4).value(), far);
}

TEST(EncodedPolyline, ReadsBackWhatItWroteToHalfAStep) {
  random_shapes random{9};
  for (int i = 0; i < 300; ++i) {
    const auto line = random.a_corridor().path;
    for (const auto precision : {five, six}) {
      const auto again = decode_polyline(encode_polyline(line, precision), precision, line.size()).value();
      ASSERT_EQ(again.size(), line.size());
      for (std::size_t k = 0; k < line.size(); ++k) {
        EXPECT_NEAR(again[k].latitude, line[k].latitude, precision == five ? 5.01e-6 : 5.01e-7);
        EXPECT_NEAR(again[k].longitude, line[k].longitude, precision == five ? 5.01e-6 : 5.01e-7);
      }
    }
  }
}

TEST(EncodedPolyline, WhatItCannotReadHasAPlace) {
  EXPECT_EQ(refusal("_p~iF ps|U"), std::pair(kind::not_a_character, std::size_t{5}));
  EXPECT_EQ(refusal("_p~iF~ps|\x7f"), std::pair(kind::not_a_character, std::size_t{9}));
  EXPECT_EQ(refusal(std::string_view{"\0\0", 2}), std::pair(kind::not_a_character, std::size_t{0}));
  EXPECT_EQ(refusal("_p~iF\xff"), std::pair(kind::not_a_character, std::size_t{5}));
  EXPECT_EQ(refusal("_p~iF~ps|"), std::pair(kind::cut_off, std::size_t{9})) << "within a number";
  EXPECT_EQ(refusal("_p~iF"), std::pair(kind::cut_off, std::size_t{5})) << "after a latitude";
  EXPECT_EQ(refusal("~~~~~~~~~~~~~~~~"), std::pair(kind::number_too_long, std::size_t{0}));
  EXPECT_EQ(refusal("?~~~~~~~?"), std::pair(kind::number_too_long, std::size_t{1}));
  EXPECT_EQ(refusal("_?_p~iF"), std::pair(kind::number_too_long, std::size_t{0})) << "idle characters";
  EXPECT_EQ(refusal(encoded, 2), std::pair(kind::too_many_points, std::size_t{18}));
}

TEST(EncodedPolyline, LeavesTheEarthAtNoPoint) {
  // 89.99999 and two steps more; the steps add up.
  const auto text = encode_polyline(std::vector<point>{{89.99999, 0}}, five);
  EXPECT_TRUE(decode_polyline(text + "A?", five, 9).has_value()) << "90";
  EXPECT_EQ(refusal(text + "C?"), std::pair(kind::latitude_out_of_range, text.size()));
  const auto east = encode_polyline(std::vector<point>{{0, 179.99999}}, five);
  EXPECT_TRUE(decode_polyline(east + "?A", five, 9).has_value()) << "180";
  EXPECT_EQ(refusal(east + "?C"), std::pair(kind::longitude_out_of_range, east.size() + 1));
  EXPECT_TRUE(decode_polyline(encode_polyline(std::vector<point>{{50, 100}}, six), five, 9).has_error())
      << "of the other precision";
}

TEST(EncodedPolyline, WhateverItReadsIsOnTheEarth) {
  random_shapes random{13};
  std::size_t read = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (std::size_t k = random.count(0, 30); k > 0; --k)
      text += static_cast<char>(random.one_in(40) ? random.count(0, 255) : random.count(63, random.one_in(2) ? 94 : 126));
    const auto line = decode_polyline(text, random.one_in(2) ? five : six, 10);
    if (!line) {
      EXPECT_LE(line.error().at, text.size());
      continue;
    }
    ++read;
    EXPECT_LE(line->size(), 10U);
    for (const point p : *line) EXPECT_TRUE(std::fabs(p.latitude) <= 90 && std::fabs(p.longitude) <= 180);
  }
  EXPECT_GT(read, 100U);
}

TEST(EncodedPolyline, ManyPointsAreBounded) {
  const std::string many(2'000'000, '?');
  EXPECT_EQ(decode_polyline(many, five, 1'000'000).value().size(), 1'000'000U);
  EXPECT_EQ(refusal(many, 999'999).first, kind::too_many_points);
}

}  // namespace
}  // namespace haulcast::geo
