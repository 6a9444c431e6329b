#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "geo/random_shapes.hpp"
#include "haulcast/geo/shape.hpp"

namespace haulcast::geo {

bool operator==(const shape_problem& a, const shape_problem& b) {
  return a.what == b.what && a.ring == b.ring && a.vertex == b.vertex;
}
void PrintTo(const shape_problem& p, std::ostream* out) {
  *out << to_text(p.what) << " (ring " << p.ring << ", vertex " << p.vertex << ')';
}

namespace {

using kind = shape_problem::kind;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

const ring square{{0, 0}, {0, 1}, {1, 1}, {1, 0}, {0, 0}};
const ring inner{{0.2, 0.2}, {0.2, 0.8}, {0.8, 0.8}, {0.8, 0.2}, {0.2, 0.2}};

std::optional<shape_problem> problem(kind what, std::size_t ring = 0, std::size_t vertex = 0) {
  return shape_problem{what, ring, vertex};
}
std::optional<shape_problem> of(std::vector<ring> rings) { return problem_of(polygon{std::move(rings)}); }
constexpr auto none = std::nullopt;

ring moved(ring of_these, double north, double east) {
  for (auto& p : of_these) p = {p.latitude + north, p.longitude + east};
  return of_these;
}

TEST(CircleProblems, ARadiusIsFrom1MetreTo1000Kilometres) {
  EXPECT_EQ(problem_of(circle{{47, 8}, 1}), none);
  EXPECT_EQ(problem_of(circle{{47, 8}, 1'000'000}), none);
  for (const double radius : {std::nextafter(1.0, 0.0), std::nextafter(1e6, 2e6), 0.0, -5.0, nan, infinity})
    EXPECT_EQ(problem_of(circle{{47, 8}, radius}), problem(kind::radius_out_of_range)) << radius;
}

TEST(CircleProblems, ACentreIsOnTheEarth) {
  EXPECT_EQ(problem_of(circle{{90, -180}, 10}), none);
  EXPECT_EQ(problem_of(circle{{-90, 180}, 10}), none);
  for (const double latitude : {90.0000001, -91.0, nan, infinity, -infinity})
    EXPECT_EQ(problem_of(circle{{latitude, 8}, 10}), problem(kind::latitude_out_of_range)) << latitude;
  for (const double longitude : {180.0000001, -181.0, nan, infinity, -infinity})
    EXPECT_EQ(problem_of(circle{{47, longitude}, 10}), problem(kind::longitude_out_of_range)) << longitude;
}

TEST(CorridorProblems, APathHasTwoPointsAndAWidth) {
  EXPECT_EQ(problem_of(corridor{{{0, 0}, {0, 1}}, 1}), none);
  EXPECT_EQ(problem_of(corridor{{{0, 0}, {0, 1}, {0, 0}}, 1'000'000}), none) << "it may come back";
  EXPECT_EQ(problem_of(corridor{{}, 10}), problem(kind::too_few_vertices));
  EXPECT_EQ(problem_of(corridor{{{0, 0}}, 10}), problem(kind::too_few_vertices));
  for (const double width : {0.999, 1'000'000.1, nan, -3.0})
    EXPECT_EQ(problem_of(corridor{{{0, 0}, {0, 1}}, width}), problem(kind::width_out_of_range)) << width;
}

TEST(CorridorProblems, AreAtTheirVertex) {
  EXPECT_EQ(problem_of(corridor{{{0, 0}, {0, 1}, {91, 1}}, 10}), problem(kind::latitude_out_of_range, 0, 2));
  EXPECT_EQ(problem_of(corridor{{{0, 0}, {0, 1}, {0, 1}}, 10}), problem(kind::vertex_repeated, 0, 2));
  EXPECT_EQ(problem_of(corridor{{{0, 180}, {0, -180}}, 10}), problem(kind::vertex_repeated, 0, 1)) << "one meridian, two names";
  EXPECT_EQ(problem_of(corridor{{{0, 0}, {90, 7}, {90, 99}}, 10}), problem(kind::vertex_repeated, 0, 2)) << "one pole";
  EXPECT_EQ(problem_of(corridor{{{5, 5}, {10, 20}, {-10, -160}}, 10}), problem(kind::edge_of_half_the_earth, 0, 1));
  EXPECT_EQ(problem_of(corridor{{{90, 0}, {-90, 0}}, 10}), problem(kind::edge_of_half_the_earth, 0, 0));
  EXPECT_EQ(problem_of(corridor{{{0, 0}, {0, 179.99999}}, 10}), none);
}

TEST(PolygonProblems, ARingHasThreeCornersAndIsClosed) {
  EXPECT_EQ(of({square}), none);
  EXPECT_EQ(of({square, inner}), none);
  EXPECT_EQ(of({}), problem(kind::no_ring));
  EXPECT_EQ(of({{}}), problem(kind::too_few_vertices));
  EXPECT_EQ(of({{{0, 0}, {0, 1}}}), problem(kind::too_few_vertices));
  EXPECT_EQ(of({{{0, 0}, {0, 1}, {0, 0}}}), problem(kind::too_few_vertices));
  EXPECT_EQ(of({{{0, 0}, {0, 1}, {1, 0}, {0, 0}}}), none);
  EXPECT_EQ(of({{{0, 0}, {0, 1}, {1, 0}}}), problem(kind::ring_not_closed, 0, 2));
  EXPECT_EQ(of({square, {{0.2, 0.2}, {0.2, 0.8}, {0.8, 0.8}, {0.8, 0.2}}}), problem(kind::ring_not_closed, 1, 3));
}

TEST(PolygonProblems, TenThousandVerticesAreEnough) {
  const auto round = [](std::size_t vertices) {
    ring made;
    for (std::size_t i = 0; i + 1 < vertices; ++i)
      made.push_back(walk({48, 11}, 360.0 * static_cast<double>(i) / static_cast<double>(vertices - 1), 50'000));
    made.push_back(made.front());
    return made;
  };
  EXPECT_EQ(of({round(10'000)}), none);
  EXPECT_EQ(of({round(10'001)}), problem(kind::too_many_vertices, 0, 10'000));
  EXPECT_EQ(of({round(9'996), inner}), problem(kind::too_many_vertices, 1, 4)) << "of all rings together";
}

TEST(PolygonProblems, CoordinatesAreOnTheEarth) {
  EXPECT_EQ(of({{{0, 0}, {0, 1}, {nan, 1}, {0, 0}}}), problem(kind::latitude_out_of_range, 0, 2));
  EXPECT_EQ(of({square, {{0.2, 0.2}, {0.2, 181}, {0.8, 0.8}, {0.2, 0.2}}}), problem(kind::longitude_out_of_range, 1, 1));
}

TEST(PolygonProblems, AnEdgeHasALength) {
  EXPECT_EQ(of({{{0, 0}, {0, 1}, {0, 1}, {1, 0}, {0, 0}}}), problem(kind::vertex_repeated, 0, 2));
  EXPECT_EQ(of({{{0, 0}, {0, 1}, {1, 0}, {0, 0}, {0, 0}}}), problem(kind::vertex_repeated, 0, 4));
  EXPECT_EQ(of({{{80, 0}, {90, 5}, {90, 50}, {80, 100}, {80, 0}}}), problem(kind::vertex_repeated, 0, 2));
  EXPECT_EQ(of({{{10, 0}, {-10, 180}, {0, 90}, {10, 0}}}), problem(kind::edge_of_half_the_earth, 0, 0));
}

TEST(PolygonProblems, ARingDoesNotCrossItself) {
  EXPECT_EQ(of({{{0, 0}, {1, 1}, {0, 1}, {1, 0}, {0, 0}}}), problem(kind::ring_crosses_itself, 0, 2)) << "a bow tie";
  EXPECT_EQ(of({{{0, 179}, {1, -179}, {0, -179}, {1, 179}, {0, 179}}}), problem(kind::ring_crosses_itself, 0, 2))
      << "across the antimeridian";
  EXPECT_EQ(of({{{80, 0}, {80, 180}, {80, 90}, {80, -90}, {80, 0}}}), problem(kind::ring_crosses_itself, 0, 2))
      << "at the pole";
}

TEST(PolygonProblems, ARingDoesNotTouchItself) {
  EXPECT_EQ(of({{{0, 0}, {0, 2}, {1, 2}, {0, 1}, {1, 0}, {0, 0}}}), problem(kind::ring_crosses_itself, 0, 2))
      << "a corner on an edge";
  EXPECT_EQ(of({{{0, 0}, {0, 1}, {0.5, 0.5}, {1, 1}, {1, 0}, {0.5, 0.5}, {0, 0}}}), problem(kind::ring_crosses_itself, 0, 4))
      << "two corners";
  EXPECT_EQ(of({{{0, 0}, {0, 1}, {0, 0.5}, {1, 0}, {0, 0}}}), problem(kind::ring_crosses_itself, 0, 1))
      << "back over its own edge";
  EXPECT_EQ(of({{{0, 0}, {0, 1}, {0, 2}, {0, 0}}}), problem(kind::ring_crosses_itself, 0, 2)) << "flat";
  EXPECT_EQ(of({{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {0, 0}}}), none) << "a corner of 180 degrees is none of these";
}

TEST(PolygonProblems, AHoleIsInsideTheOuterRing) {
  EXPECT_EQ(of({square, moved(inner, 0, 5)}), problem(kind::hole_outside, 1, 0)) << "beside it";
  EXPECT_EQ(of({square, moved(inner, 0, 0.5)}), problem(kind::hole_outside, 1, 0)) << "across it";
  EXPECT_EQ(of({inner, square}), problem(kind::hole_outside, 1, 0)) << "round it";
  EXPECT_EQ(of({square, moved(inner, 0, -0.2)}), problem(kind::hole_outside, 1, 0)) << "touching it";
  EXPECT_EQ(of({square, square}), problem(kind::hole_outside, 1, 0)) << "the same";
}

TEST(PolygonProblems, HolesLieApart) {
  const ring small{{0.3, 0.3}, {0.3, 0.4}, {0.4, 0.4}, {0.3, 0.3}};
  EXPECT_EQ(of({square, small, moved(small, 0.2, 0.2)}), none);
  EXPECT_EQ(of({square, small, moved(small, 0.03, 0.06)}), problem(kind::holes_overlap, 2, 0)) << "across";
  EXPECT_EQ(of({square, inner, small}), problem(kind::holes_overlap, 2, 0)) << "within";
  EXPECT_EQ(of({square, small, inner}), problem(kind::holes_overlap, 1, 0)) << "round";
  EXPECT_EQ(of({square, small, moved(small, 0.1, 0.1)}), problem(kind::holes_overlap, 2, 0)) << "corner to corner";
}

TEST(PolygonProblems, OfGoodShapesThereAreNoneWhereverAndHoweverLarge) {
  random_shapes random{41};
  for (int i = 0; i < 2000; ++i) {
    const polygon good = random.a_polygon(random.anywhere(), 9e6);
    if (good.rings[0].size() > 200) continue;
    EXPECT_EQ(problem_of(good), none) << i;
  }
}

TEST(PolygonProblems, TwoCornersInTheWrongOrderAreFoundAmongAThousand) {
  random_shapes random{43};
  for (int i = 0; i < 100; ++i) {
    ring round;
    for (int k = 0; k < 1000; ++k) round.push_back(walk({48, 11}, 0.36 * k, 20'000));
    round.push_back(round.front());
    const auto wrong = random.count(1, 996);
    std::swap(round[wrong], round[wrong + 1]);
    // Of a, c, b, d the third edge crosses the first.
    EXPECT_EQ(of({round}), problem(kind::ring_crosses_itself, 0, wrong + 1));
  }
}

TEST(PolygonProblems, ThousandsOfHolesAreLookedAtTogether) {
  std::vector<ring> rings{{{-1, -1}, {-1, 60}, {60, 60}, {60, -1}, {-1, -1}}};
  for (int i = 0; i < 2400; ++i) {
    const double north = 0.5 * (i / 49);
    const double east = 0.5 * (i % 49);
    rings.push_back({{north, east}, {north, east + 0.3}, {north + 0.3, east}, {north, east}});
  }
  EXPECT_EQ(of(rings), none);
  rings.push_back({{0.05, 0.05}, {0.05, 0.1}, {0.1, 0.05}, {0.05, 0.05}});
  EXPECT_EQ(of(rings), problem(kind::holes_overlap, 2401, 0));
}

TEST(Vertices, AreCountedWithTheClosingOnes) {
  EXPECT_EQ(vertices_of(polygon{{square, inner}}), 10U);
  EXPECT_EQ(vertices_of(corridor{{{0, 0}, {0, 1}}, 1}), 2U);
  EXPECT_EQ(vertices_of(circle{{0, 0}, 1}), 1U);
}

}  // namespace
}  // namespace haulcast::geo
