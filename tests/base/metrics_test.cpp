#include "haulcast/base/metrics.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace haulcast {
namespace {

TEST(Histogram, ABoundBelongsToItsBucket) {
  histogram<2> h{{1.0, 2.0}};
  for (const double v : {0.5, 1.0, 1.0001, 2.0, 2.0001, 1e9}) h.observe(v);
  EXPECT_EQ((std::vector<std::uint64_t>{h.counts().begin(), h.counts().end()}), (std::vector<std::uint64_t>{2, 2, 2}));
  EXPECT_DOUBLE_EQ(h.sum(), 0.5 + 1.0 + 1.0001 + 2.0 + 2.0001 + 1e9);
}

TEST(Histogram, CountsManyAtOnce) {
  latency_histogram h{latency_bounds};
  h.observe(0.003, 1000);
  EXPECT_EQ(std::accumulate(h.counts().begin(), h.counts().end(), std::uint64_t{0}), 1000u);
  EXPECT_DOUBLE_EQ(h.sum(), 3);
  EXPECT_EQ(h.counts().size(), h.bounds().size() + 1);
}

TEST(Histogram, BoundsAscend) { EXPECT_TRUE(std::is_sorted(latency_bounds.begin(), latency_bounds.end())); }

}  // namespace
}  // namespace haulcast
