#include "haulcast/engine/position.hpp"

#include <gtest/gtest.h>

#include "engine/story.hpp"

namespace haulcast::engine {
namespace {

using namespace story;

TEST(KeptPosition, OwnsItsTexts) {
  kept_position kept;
  {
    std::string status = "running";
    std::string attributes = R"({"door":"open"})";
    position p = at(1s, 2, 3);
    p.engine_status = status;
    p.attributes = attributes;
    kept.assign(p);
    status.assign(status.size(), '?');
    attributes.assign(attributes.size(), '?');
  }
  const kept_position copy = kept;
  kept.assign(at(2s));
  EXPECT_EQ(copy.get().engine_status, "running");
  EXPECT_EQ(copy.get().attributes, R"({"door":"open"})");
  EXPECT_EQ(copy.get().trip_id, "");
  EXPECT_EQ(kept.get().engine_status, "");
}

TEST(Position, UnknownEqualsUnknownAndNothingElse) {
  position a = at(0s);
  position b = a;
  EXPECT_TRUE(same(a, b));
  b.heading = 0;
  EXPECT_FALSE(same(a, b));
  a.heading = 0;
  EXPECT_TRUE(same(a, b));
  b.trip_id = "T";
  EXPECT_FALSE(same(a, b));
}

}  // namespace
}  // namespace haulcast::engine
