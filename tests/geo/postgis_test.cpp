// The second opinion of PostGIS on what is inside and what is not.
#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "geo/random_shapes.hpp"
#include "haulcast/geo/region.hpp"
#include "support/needs.hpp"
#include "support/postgres_server.hpp"

namespace haulcast::geo {
namespace {

constexpr std::size_t points_per_shape = 50;

void append(std::string& out, double number) {
  char text[32];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);  // the shortest that reads back as the same
}

void append(std::string& out, point p) {
  append(out, p.longitude);
  out += ' ';
  append(out, p.latitude);
}

void append(std::string& out, const std::vector<point>& line) {
  const char* separator = "(";
  for (const point p : line) {
    out += separator;
    append(out, p);
    separator = ",";
  }
  out += ')';
}

struct wkt {
  std::string operator()(const circle& c) const { return with("POINT", {c.center}); }
  std::string operator()(const corridor& c) const { return with("LINESTRING", c.path); }
  std::string operator()(const polygon& p) const {
    std::string text = "POLYGON";
    const char* separator = "(";
    for (const auto& ring : p.rings) {
      text += separator;
      append(text, ring);
      separator = ",";
    }
    return text + ')';
  }
  static std::string with(std::string name, const std::vector<point>& line) {
    append(name, line);
    return name;
  }
};

/// Within which a point must lie for PostGIS.
double reach_of(const shape& s) {
  if (const auto* c = std::get_if<circle>(&s)) return c->radius_m;
  if (const auto* c = std::get_if<corridor>(&s)) return c->width_m / 2;
  return 0;
}

/// How near the boundary the two may differ: 1 m for circles and shapes of up to 50 km, a 50,000th of the longest edge for
/// others.
double band_of(const shape& s) {
  if (const auto* p = std::get_if<polygon>(&s)) {
    double longest = 0;
    for (const auto& ring : p->rings) longest = std::max(longest, longest_edge(ring));
    return std::max(1.0, 2e-5 * longest);
  }
  if (const auto* c = std::get_if<corridor>(&s)) return std::max(1.0, 2e-5 * longest_edge(c->path));
  return 1.0;
}

const char* kind_of(const shape& s) { return std::array{"circle", "polygon", "corridor"}[s.index()]; }

struct question {
  std::size_t shape;
  point at;
};

struct questions {
  std::vector<shape> shapes;
  std::vector<question> points;

  /// Circles by the geodesic, corridors by the distance to the line, polygons by what they cover.
  std::string sql() const {
    std::string text =
        "CREATE TEMP TABLE shape (id int PRIMARY KEY, area geography, reach float8);\n"
        "CREATE TEMP TABLE asked (id int, shape int, at geography);\nCOPY shape FROM STDIN;\n";
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      text += std::to_string(i) + '\t' + std::visit(wkt{}, shapes[i]) + '\t';
      append(text, reach_of(shapes[i]));
      text += '\n';
    }
    text += "\\.\nCOPY asked FROM STDIN;\n";
    for (std::size_t i = 0; i < points.size(); ++i) {
      text += std::to_string(i) + '\t' + std::to_string(points[i].shape) + "\tPOINT(";
      append(text, points[i].at);
      text += ")\n";
    }
    return text +
           "\\.\n"
           "SELECT string_agg(CASE WHEN CASE WHEN reach = 0 THEN ST_Covers(area, at) ELSE ST_DWithin(area, at, reach) END "
           "THEN '1' ELSE '0' END, '' ORDER BY asked.id) FROM asked JOIN shape ON shape.id = asked.shape;\n";
  }
};

struct tally {
  std::size_t answers = 0, inside = 0, in_band = 0, outside_band = 0;
  double worst_m = 0, worst_band_m = 0;
};

class PostGis : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (support::postgres_server::programs().empty()) return;
    server_ = std::make_unique<support::postgres_server>();
    server_->run("CREATE EXTENSION postgis;");
  }
  static void TearDownTestSuite() { server_.reset(); }
  void SetUp() override { NEEDS_POSTGRES(); }

  void compare(const questions& asked) {
    const std::string theirs = server_->run(asked.sql());
    ASSERT_EQ(theirs.size(), asked.points.size() + 1) << theirs.substr(0, 200);
    std::vector<region> regions;
    for (const auto& s : asked.shapes) regions.emplace_back(s);
    for (std::size_t i = 0; i < asked.points.size(); ++i) {
      const auto& [index, at] = asked.points[i];
      const bool ours = regions[index].contains(at);
      auto& count = tallies_[kind_of(asked.shapes[index])];
      ++count.answers;
      count.inside += ours;
      if (ours != (theirs[i] == '1')) differ(count, asked.shapes[index], regions[index], at);
    }
  }

  void differ(tally& count, const shape& s, const region& r, point at) {
    const double off = std::fabs(r.signed_distance_m(at));
    const double band = band_of(s);
    if (off <= band) {
      ++count.in_band;
      if (off / band > count.worst_m / std::max(count.worst_band_m, 1e-9)) {
        count.worst_m = off;
        count.worst_band_m = band;
      }
      return;
    }
    ++count.outside_band;
    std::string where;
    append(where, at);
    if (count.outside_band <= 10)
      ADD_FAILURE() << "ours says " << (r.contains(at) ? "inside" : "outside") << " at " << where << ", " << off
                    << " m from the boundary (band " << band << " m), reach " << reach_of(s) << ": "
                    << std::visit(wkt{}, s).substr(0, 2000);
  }

  void print() const {
    for (const auto& [kind, count] : tallies_)
      std::printf("| %s | %zu | %zu | %zu | %zu | %.3g m of %.3g m |\n", kind.c_str(), count.answers, count.inside,
                  count.outside_band, count.in_band, count.worst_m, count.worst_band_m);
  }

  static inline std::unique_ptr<support::postgres_server> server_;
  std::map<std::string, tally> tallies_;
};

std::size_t answers_wanted() {
  const char* given = std::getenv("HAULCAST_GEOFENCE_ANSWERS");
  return given == nullptr ? 30'000 : static_cast<std::size_t>(std::strtoull(given, nullptr, 10));
}

TEST_F(PostGis, SaysTheSameOfRandomShapes) {
  const std::size_t wanted = answers_wanted();
  random_shapes random{20260801};
  for (std::size_t had = 0; had < wanted;) {
    questions asked;
    while (asked.shapes.size() < 1000 && had < wanted) {
      const std::size_t kind = asked.shapes.size() % 3;
      shape next = kind == 0 ? shape{random.a_circle()} : kind == 1 ? shape{random.a_polygon()} : shape{random.a_corridor()};
      if (problem_of(next)) continue;  // tiny ones whose corners fall together
      for (std::size_t i = 0; i < points_per_shape; ++i, ++had)
        asked.points.push_back({asked.shapes.size(), random.near(next)});
      asked.shapes.push_back(std::move(next));
    }
    ASSERT_NO_FATAL_FAILURE(compare(asked));
  }
  print();
  for (const auto& [kind, count] : tallies_) {
    EXPECT_EQ(count.outside_band, 0U) << kind;
    EXPECT_GT(count.inside, count.answers / 10) << kind << ": hardly anything was inside";
    EXPECT_LT(count.inside, count.answers * 9 / 10) << kind << ": hardly anything was outside";
  }
}

TEST_F(PostGis, SaysTheSameOnBothSidesOfASharedBorderAndNothingFallsBetween) {
  random_shapes random{77};
  questions asked;
  while (asked.shapes.size() < 200) {
    const auto [left, right] = random.two_neighbours();
    if (problem_of(left) || problem_of(right)) continue;
    const region left_region{left};
    const region right_region{right};
    for (std::size_t i = 0; i < points_per_shape; ++i) {
      const point p = random.near_border(left);
      asked.points.push_back({asked.shapes.size(), p});
      asked.points.push_back({asked.shapes.size() + 1, p});
      if (left_region.contains(p) == right_region.contains(p) && std::fabs(left_region.signed_distance_m(p)) > 1e-6)
        EXPECT_FALSE(left_region.contains(p)) << "in both: " << p.latitude << ' ' << p.longitude;
    }
    asked.shapes.insert(asked.shapes.end(), {left, right});
  }
  compare(asked);
  EXPECT_EQ(tallies_["polygon"].outside_band, 0U);
}

}  // namespace
}  // namespace haulcast::geo
