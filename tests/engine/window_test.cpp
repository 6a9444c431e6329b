#include "haulcast/engine/window.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "engine/story.hpp"

namespace haulcast::engine {
namespace {

using namespace story;

window::entry seen(milliseconds t, bool suspect = false) { return {morning + t, {47, 8}, suspect}; }

std::string saved(const window& w) {
  std::string bytes;
  byte_writer out{bytes};
  w.save(out);
  return bytes;
}

TEST(Window, AnEmptyOneKnowsNothing) {
  const window w;
  EXPECT_TRUE(w.empty());
  EXPECT_FALSE(w.contains(morning));
  EXPECT_FALSE(w.around(morning).before);
  EXPECT_FALSE(w.around(morning).after);
  EXPECT_EQ(w.bytes(), 0u);
}

TEST(Window, NeighboursAreTheNearestThatAreNotSuspect) {
  window w;
  for (const auto& e : {seen(0s), seen(10s, true), seen(20s), seen(30s, true), seen(40s)}) w.insert(e);
  EXPECT_EQ(w.around(morning + 30s).before->timestamp, morning + 20s);
  EXPECT_EQ(w.around(morning + 30s).after->timestamp, morning + 40s);
  EXPECT_EQ(w.around(morning + 5s).after->timestamp, morning + 20s);
  EXPECT_FALSE(w.around(morning).before);
  EXPECT_FALSE(w.around(morning + 40s).after);
}

TEST(Window, NeighboursAreFoundBehindChunksOfSuspects) {
  window w;
  w.insert(seen(0s));
  for (int i = 1; i <= 1000; ++i) w.insert(seen(i * 1s, true));
  w.insert(seen(1001s));
  EXPECT_EQ(w.around(morning + 500'500ms).before->timestamp, morning);
  EXPECT_EQ(w.around(morning + 500'500ms).after->timestamp, morning + 1001s);
}

TEST(Window, PlacesAreKeptToAMetreAtTheEndsOfTheEarth) {
  window w;
  int t = 0;
  const geo::point corners[] = {{90, 180}, {-90, -180}, {90, -180}, {-90, 180}, {0, 0}, {-0.000004, 0.000006}};
  for (const auto p : corners) w.insert({morning + ++t * 1s, p, false});
  t = 0;
  for (const auto p : corners) {
    const auto e = w.around(morning + ++t * 1s + 1ms).before;
    EXPECT_NEAR(e->point.latitude, p.latitude, 0.51e-5);
    EXPECT_NEAR(e->point.longitude, p.longitude, 0.51e-5);
  }
}

TEST(Window, TimesBeforeTheEpochAreTimesToo) {
  window w;
  for (const std::int64_t ms : {-5'000, -4'000, 0, 7}) w.insert({from_epoch_ms(ms), {1, 2}, false});
  w.insert({from_epoch_ms(-4'500), {1, 2}, false});
  EXPECT_TRUE(w.contains(from_epoch_ms(-4'500)));
  EXPECT_FALSE(w.contains(from_epoch_ms(-4'501)));
  EXPECT_EQ(w.around(from_epoch_ms(-4'200)).before->timestamp, from_epoch_ms(-4'500));
}

// What a window must know, kept the obvious way.
class reference {
 public:
  void insert(const window::entry& e) { all_[e.timestamp] = e; }
  bool contains(utc_time t) const { return all_.contains(t); }
  window::neighbours around(utc_time t) const {
    window::neighbours n;
    for (const auto& [time, e] : all_) {
      if (e.suspect) continue;
      if (time < t) n.before = e;
      if (time > t && !n.after) n.after = e;
    }
    return n;
  }
  /// The window may forget from its oldest end only; returns the first that it still knows.
  void forget_as(const window& w, utc_time oldest_promised) {
    while (!all_.empty() && !w.contains(all_.begin()->first)) {
      ASSERT_LT(all_.begin()->first, oldest_promised);
      all_.erase(all_.begin());
    }
    for (const auto& [time, e] : all_) ASSERT_TRUE(w.contains(time)) << to_epoch_ms(time);
  }
  utc_time newest() const { return all_.empty() ? morning : all_.rbegin()->first; }

 private:
  std::map<utc_time, window::entry> all_;
};

void expect_near(const std::optional<window::entry>& got, const std::optional<window::entry>& wanted) {
  ASSERT_EQ(got.has_value(), wanted.has_value());
  if (!got) return;
  EXPECT_EQ(got->timestamp, wanted->timestamp);
  EXPECT_NEAR(got->point.latitude, wanted->point.latitude, 0.51e-5);
  EXPECT_NEAR(got->point.longitude, wanted->point.longitude, 0.51e-5);
}

class WindowAgainstReference : public testing::TestWithParam<unsigned> {};

TEST_P(WindowAgainstReference, SaysTheSame) {
  std::mt19937 dice{GetParam()};
  const auto upto = [&](int n) { return std::uniform_int_distribution{0, n - 1}(dice); };
  window w;
  reference all;
  utc_time clock = morning;
  for (int step = 0; step < 3000; ++step) {
    clock += milliseconds{upto(9'000)};
    const utc_time t = upto(3) == 0 ? clock - milliseconds{upto(4'000'000)} : clock;
    const window::entry e{t, {upto(18'000'000) / 1e5 - 90, upto(36'000'000) / 1e5 - 180}, upto(4) == 0};
    ASSERT_EQ(w.contains(t), all.contains(t));
    if (!w.contains(t)) {
      w.insert(e);
      all.insert(e);
    }
    if (upto(10) == 0) {
      const utc_time asked = clock - milliseconds{upto(5'000'000)};
      const auto got = w.around(asked);
      const auto wanted = all.around(asked);
      expect_near(got.before, wanted.before);
      expect_near(got.after, wanted.after);
    }
    if (upto(20) == 0) {
      const utc_time oldest = clock - milliseconds{upto(9'000'000)};
      const bool tight = upto(3) == 0;
      const std::size_t bytes_max = tight ? 6'000 : 1'000'000;
      w.trim(oldest, bytes_max);
      EXPECT_LE(w.bytes(), bytes_max);
      ASSERT_NO_FATAL_FAILURE(all.forget_as(w, tight ? all.newest() : oldest));
    }
    if (upto(100) == 0) {
      const std::string before = saved(w);
      window restored;
      byte_reader in{before};
      ASSERT_TRUE(restored.load(in) && in.done());
      EXPECT_EQ(restored.bytes(), w.bytes());
      EXPECT_EQ(saved(restored), before);
      w = restored;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, WindowAgainstReference, testing::Range(1u, 21u));

TEST(Window, ARestoredOneTrimsAsTheOriginalWouldHave) {
  std::mt19937 dice{7};
  window original;
  window restored;
  for (int step = 0; step < 4000; ++step) {
    const auto t = morning + step * 5s - milliseconds{dice() % 3 == 0 ? dice() % 2'000'000 : 0};
    if (original.contains(t)) continue;
    const window::entry e{t, north(static_cast<double>(dice() % 10'000)), dice() % 9 == 0};
    for (window* w : {&original, &restored}) {
      w->insert(e);
      w->trim(t - 3h, 5'000);
    }
    if (step % 13 == 0) {
      const std::string bytes = saved(original);
      byte_reader in{bytes};
      ASSERT_TRUE(restored.load(in));
    }
    ASSERT_EQ(original.bytes(), restored.bytes()) << step;
  }
  EXPECT_EQ(saved(original), saved(restored));
}

TEST(Window, BytesThatNoSaveWroteNeverDoHarm) {
  window w;
  for (int i = 0; i < 300; ++i) w.insert(seen(i * 5s, i % 7 == 0));
  const std::string good = saved(w);
  std::mt19937 dice{3};
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    for (auto flips = 1 + dice() % 4; flips-- > 0;) bad[dice() % bad.size()] = static_cast<char>(dice());
    window loaded;
    byte_reader in{bad};
    if (!loaded.load(in)) continue;
    loaded.contains(morning + 700s + 1ms);
    loaded.around(morning + 700s);
    loaded.insert(seen(701s));
    loaded.trim(morning + 600s, 1'000);
  }
}

}  // namespace
}  // namespace haulcast::engine
