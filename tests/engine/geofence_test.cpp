#include "haulcast/engine/geofence.hpp"

#include <gtest/gtest.h>

#include "engine/fences.hpp"
#include "haulcast/base/bytes.hpp"

namespace haulcast::engine {
namespace {

using namespace story;

std::string saved(const geofence& g) {
  std::string bytes;
  byte_writer out{bytes};
  g.save(out);
  return bytes;
}

std::vector<geofence> one_of_each() {
  geofence circle = around_depot(500);
  geofence polygon = strip(100, 300, "yard");
  polygon.name = "Zürich, Hof";
  polygon.alert_on = {false, true, true};
  polygon.dwell = seconds{300};
  polygon.restricted = true;
  polygon.speed_limit_kmh = 30;
  polygon.hysteresis_m = 0;
  polygon.trucks = {"TRK-1", "TRK-2"};
  polygon.active = false;
  polygon.tags = {"a", "b"};
  polygon.merchant_id = "M-1";
  polygon.version = 77;
  const geofence corridor{.id = "A1", .shape = geo::corridor{{north(0), north(1000), north(1500)}, 200}};
  return {circle, polygon, corridor};
}

TEST(Geofence, ComesBackFromItsBytesAsItWas) {
  for (const geofence& g : one_of_each()) {
    const std::string bytes = saved(g);
    geofence back;
    byte_reader in{bytes};
    ASSERT_TRUE(back.load(in) && in.done()) << g.id;
    EXPECT_TRUE(same(back, g)) << g.id;
    EXPECT_EQ(back.version, g.version);
    EXPECT_EQ(saved(back), bytes);
    EXPECT_FALSE(back.region) << "made only where somebody asks";
  }
}

TEST(Geofence, BytesThatAreCutShortAreNoGeofence) {
  for (const geofence& g : one_of_each()) {
    const std::string bytes = saved(g);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      geofence back;
      byte_reader in{std::string_view{bytes}.substr(0, size)};
      EXPECT_FALSE(back.load(in)) << g.id << " cut to " << size;
    }
  }
}

TEST(Geofence, BytesOfAShapeThatCannotBeAreRefused) {
  const auto refused = [](geofence g) {
    const std::string bytes = saved(g);
    geofence back;
    byte_reader in{bytes};
    return !back.load(in);
  };
  EXPECT_TRUE(refused(around_depot(0.5)));
  EXPECT_TRUE(refused(around_depot(unknown)));
  EXPECT_TRUE(refused({.id = "x", .shape = geo::circle{{91, 0}, 10}}));
  EXPECT_TRUE(refused({.id = "x", .shape = geo::circle{{0, unknown}, 10}}));
  EXPECT_TRUE(refused({.id = "x", .shape = geo::polygon{}}));
  EXPECT_TRUE(refused({.id = "x", .shape = geo::polygon{{{north(0), north(1), north(2), north(3)}}}})) << "not closed";
  EXPECT_TRUE(refused({.id = "x", .shape = geo::corridor{{north(0)}, 10}}));
  EXPECT_TRUE(refused({.id = "x", .shape = geo::circle{depot, 10}, .dwell = seconds{0}}));
  EXPECT_TRUE(refused({.id = "x", .shape = geo::circle{depot, 10}, .hysteresis_m = -1}));
}

TEST(Geofence, TwoThatDifferInAnythingButTheVersionAreNotTheSame) {
  const geofence one = around_depot(500);
  geofence other = one;
  other.version = 9;
  EXPECT_TRUE(same(one, other));
  const auto differs = [&](auto change) {
    geofence changed = one;
    change(changed);
    return !same(one, changed);
  };
  EXPECT_TRUE(differs([](geofence& g) { g.name = "x"; }));
  EXPECT_TRUE(differs([](geofence& g) { g.shape = geo::circle{depot, 501}; }));
  EXPECT_TRUE(differs([](geofence& g) { g.alert_on.on_dwell = true; }));
  EXPECT_TRUE(differs([](geofence& g) { g.dwell = seconds{1}; }));
  EXPECT_TRUE(differs([](geofence& g) { g.restricted = true; }));
  EXPECT_TRUE(differs([](geofence& g) { g.speed_limit_kmh = 30; }));
  EXPECT_TRUE(differs([](geofence& g) { g.hysteresis_m = 19; }));
  EXPECT_TRUE(differs([](geofence& g) { g.trucks = {"TRK-1"}; }));
  EXPECT_TRUE(differs([](geofence& g) { g.active = false; }));
  EXPECT_TRUE(differs([](geofence& g) { g.tags = {"a"}; }));
  EXPECT_TRUE(differs([](geofence& g) { g.merchant_id = "M-1"; }));
}

TEST(Geofence, ConcernsTheTrucksItNamesOrAll) {
  geofence g = around_depot(500);
  EXPECT_TRUE(g.concerns("TRK-9"));
  g.trucks = {"TRK-1", "TRK-3"};
  EXPECT_TRUE(g.concerns("TRK-1"));
  EXPECT_FALSE(g.concerns("TRK-2"));
}

TEST(Geofence, BelongsToOneMerchantOrToNone) {
  geofence g = around_depot(500);
  EXPECT_FALSE(g.belongs_to("")) << "what is the operator's is nobody else's";
  g.merchant_id = "M-1";
  EXPECT_TRUE(g.belongs_to("M-1"));
  EXPECT_FALSE(g.belongs_to("M-2"));
}

}  // namespace
}  // namespace haulcast::engine
