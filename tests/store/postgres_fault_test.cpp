// A PostgreSQL that dies, hangs, or is cut off at the worst moment.
#include <gtest/gtest.h>

#include <thread>

#include "store/cutting_proxy.hpp"
#include "store/kept.hpp"
#include "store/postgres_place.hpp"

namespace haulcast::store {
namespace {

using namespace story;
using clock = std::chrono::steady_clock;
using cut = cutting_proxy::cut;

class PostgresFaults : public testing::Test {
 protected:
  void SetUp() override {
    NEEDS_POSTGRES();
    place = std::make_unique<postgres_place>(true);
    options = place->options();
  }
  kept store() { return kept{std::make_unique<reached_ground>(*place, options)}; }
  kept store_behind(const cutting_proxy& proxy) {
    options.url += " sslmode=disable host=127.0.0.1 port=" + std::to_string(proxy.port());
    return store();
  }
  static void write_next(kept& store) {
    store.next().trucks.push_back("TRK-1");
    store.add(0, at(seconds{store.rows.begins}));
  }
  /// As the store's consumer does after `unavailable`: what the store says it has is not written again.
  static void go_on(kept& store) {
    const auto limit = clock::now() + 60s;
    for (;;) {
      const auto at = store.to->checkpoint();
      if (at) {
        store.last = *at ? (*at)->offset : 0;
        return;
      }
      ASSERT_EQ(at.error().what, trouble::unavailable) << at.error().why;
      ASSERT_LT(clock::now(), limit) << at.error().why;
      std::this_thread::sleep_for(20ms);
    }
  }

  std::unique_ptr<postgres_place> place;
  postgres_options options;
};

TEST_F(PostgresFaults, ATerminatedBackendCostsOneCall) {
  kept s = store();
  s.hear("TRK-1", {at(1s)});
  EXPECT_EQ(s.seconds_of("TRK-1"), (std::vector<std::int64_t>{1}));
  place->ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'haulcast'");
  EXPECT_EQ(s.seconds_of("TRK-1"), (std::vector<std::int64_t>{1})) << "a reader's idle connection is made anew unseen";
  write_next(s);
  const auto refused = s.write();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what, trouble::unavailable);
  go_on(s);
  EXPECT_EQ(s.last, 1u);
  write_next(s);
  EXPECT_TRUE(s.write());
}

TEST_F(PostgresFaults, AFrozenServerIsGivenUpInTimeAndTakenUpAgain) {
  options.answer_timeout = 2s;  // a busy machine opens the store within them
  options.query_timeout = 2s;
  options.connect_timeout = 2s;
  kept s = store();
  s.hear("TRK-1", {at(1s)});
  ASSERT_EQ(s.from_store->checkpoint()->offset, 1u);
  place->server().freeze();
  const auto begun = clock::now();
  write_next(s);
  const auto refused = s.write();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what, trouble::unavailable);
  EXPECT_NE(refused.error().why.find("does not answer"), std::string::npos) << refused.error().why;
  EXPECT_EQ(s.to->checkpoint().error().what, trouble::unavailable) << "nor does it take a connection";
  EXPECT_EQ(s.from_store->checkpoint().error().what, trouble::unavailable);
  EXPECT_LT(clock::now() - begun, 60s);
  place->server().thaw();
  go_on(s);
  write_next(s);
  EXPECT_TRUE(s.write());
  EXPECT_TRUE(s.from_store->checkpoint());
  EXPECT_EQ(place->ask("SELECT count(*) = count(DISTINCT record) AND count(*) = " + std::to_string(s.last) + " FROM position"),
            "t;");
}

TEST_F(PostgresFaults, AnInterruptEndsACallThatHangs) {
  kept s = store();
  s.hear("TRK-1", {at(1s)});
  place->server().freeze();
  write_next(s);
  std::thread hangs{[&] { EXPECT_EQ(s.write().error().what, trouble::unavailable); }};
  std::this_thread::sleep_for(50ms);  // most likely it waits by now; it has to end in any case
  const auto begun = clock::now();
  s.to->interrupt();
  hangs.join();
  EXPECT_LT(clock::now() - begun, 20s) << "the time-outs are a minute";
  EXPECT_EQ(s.to->checkpoint().error().what, trouble::unavailable);
  place->server().thaw();
}

TEST_F(PostgresFaults, AfterACrashOfTheServerRowsAndCheckpointAreOfOneMoment) {
  kept s = store();
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 20; ++i) {
      write_next(s);
      ASSERT_TRUE(s.write());
    }
    ASSERT_TRUE(s.to->make_durable());
    const offset_t durable = s.last;
    for (int i = 0; i < 5; ++i) {
      write_next(s);
      ASSERT_TRUE(s.write());
    }
    place->server().kill_and_restart();
    go_on(s);
    EXPECT_GE(s.last, durable);
    EXPECT_EQ(place->ask("SELECT count(*), max(record) FROM position"),
              std::to_string(s.last) + "|" + std::to_string(s.last) + ";");
  }
}

TEST_F(PostgresFaults, ACommitThatWasCutOffIsThereOrNotAndTheCheckpointTells) {
  cutting_proxy proxy{place->server().socket()};
  kept s = store_behind(proxy);
  s.hear("TRK-1", {at(1s)});
  for (const cut how : {cut::before, cut::after, cut::before, cut::after}) {
    proxy.cut_next(how);
    write_next(s);
    const offset_t before = s.last;
    const auto refused = s.write();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().what, trouble::unavailable) << refused.error().why;
    EXPECT_TRUE(proxy.has_cut());
    go_on(s);
    EXPECT_EQ(s.last, how == cut::after ? before + 1 : before);
    write_next(s);
    ASSERT_TRUE(s.write());
    EXPECT_EQ(place->ask("SELECT count(*), count(DISTINCT record), max(record) FROM position"),
              std::to_string(s.last) + "|" + std::to_string(s.last) + "|" + std::to_string(s.last) + ";");
  }
}

// The client is gone, and the server has not heard of the commit yet: whoever looked now would take it for lost, write it
// again, and have it twice.
TEST_F(PostgresFaults, ACommitThatComesLateIsWaitedFor) {
  cutting_proxy proxy{place->server().socket()};
  kept s = store_behind(proxy);
  options.answer_timeout = 2s;
  kept impatient = store();
  s.hear("TRK-1", {at(1s)});
  proxy.cut_next(cut::later);
  write_next(s);
  EXPECT_EQ(s.write().error().what, trouble::unavailable);
  const auto early = impatient.to->checkpoint();
  ASSERT_FALSE(early) << "it is not known yet";
  EXPECT_EQ(early.error().what, trouble::unavailable);
  proxy.release();
  go_on(s);
  EXPECT_EQ(s.last, 2u);
  write_next(s);
  EXPECT_TRUE(s.write());
  EXPECT_EQ(place->ask("SELECT count(*), count(DISTINCT record) FROM position"), "3|3;");
}

}  // namespace
}  // namespace haulcast::store
