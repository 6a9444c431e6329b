// Positions arrive in runs and are merged into the sorted ones some at a time: nobody who asks can tell how far that has come.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "haulcast/store/sqlite.hpp"
#include "journal/scratch.hpp"
#include "store/kept.hpp"

namespace haulcast::store {
namespace {

using namespace story;

const retention everything{.positions = std::chrono::days{3'650}};

/// A store and what it was told: of each truck and time the position that came first.
class SqliteMerge : public testing::Test {
 protected:
  int upto(int most) { return std::uniform_int_distribution{0, most}(dice); }
  const std::string& name(int truck) {  // batches have views of it
    auto& known = names[truck];
    if (known.empty()) known = "TRK-" + std::to_string(truck);
    return known;
  }

  void tell(int positions) {
    store.next();
    for (int truck = 0; truck < trucks; ++truck) store.rows.trucks.push_back(name(truck));
    for (int i = 0; i < positions; ++i) {
      const int truck = upto(trucks - 1);
      auto& all = told[truck];
      const bool again = !all.empty() && upto(9) == 0;
      const auto when = again ? std::next(all.begin(), upto(static_cast<int>(all.size()) - 1))->first
                              : milliseconds{seconds{upto(3 * 86'400)}};
      const bool repeats = all.contains(when);
      const place here{store.rows.begins, static_cast<std::uint32_t>(i)};
      // One repeated position in three was taken for a new one: its truck was forgotten.
      store.add(static_cast<std::uint32_t>(truck), at(when, here.index, 50),
                repeats && upto(2) > 0 ? verdict::late : verdict::live);
      if (!repeats) all[when] = here;
    }
    ASSERT_TRUE(store.write());
  }

  void expect_all(const std::string& at_time) {
    for (const auto& [truck, all] : told) {
      std::vector<place> got;
      std::optional<utc_time> after;
      for (bool more = true; more;) {
        const auto part = store.from_store->history({.truck_id = name(truck),
                                                     .from = morning,
                                                     .to = morning + 4 * 24h,
                                                     .after = after,
                                                     .limit = static_cast<std::size_t>(1 + upto(40))});
        ASSERT_TRUE(part) << part.error().why;
        for (const auto& row : part->rows) got.push_back(row.at);
        more = part->more;
        if (!part->rows.empty()) after = part->rows.back().what.timestamp();
      }
      std::vector<place> expected;
      for (const auto& [when, here] : all) expected.push_back(here);
      ASSERT_EQ(got, expected) << name(truck) << " " << at_time;
    }
  }

  std::int64_t number(const std::string& sql) const { return std::stoll(store.ask(sql)); }

  static constexpr int trucks = 25;
  std::mt19937 dice{7};
  kept store{sqlite_ground()};
  std::map<int, std::map<milliseconds, place>> told;
  std::map<int, std::string> names;
};

TEST_F(SqliteMerge, EachPositionIsToldOnceHoweverFarItHasCome) {
  int halfway = 0;
  for (int round = 0; round < 4; ++round) {
    tell(6'000);
    expect_all("as they came");
    for (int step = 0; store.to->upkeep(everything, morning + 10 * 24h).value(); ++step) {
      const bool begun = number("SELECT count(*) FROM position_run WHERE merged BETWEEN 1 AND 1000") > 0;
      halfway += begun ? 1 : 0;
      if (begun && step % 2 == 0) tell(200);
      expect_all("after step " + std::to_string(step) + " of round " + std::to_string(round));
    }
  }
  EXPECT_GE(halfway, 8);
  EXPECT_EQ(store.ask("SELECT count(*) FROM fresh_position"), "0;");
  EXPECT_EQ(store.ask("SELECT count(*) FROM position_run"), "0;");
  std::size_t all = 0;
  for (const auto& [truck, times] : told) all += times.size();
  EXPECT_EQ(store.ask("SELECT count(*) FROM position"), std::to_string(all) + ";");
}

TEST_F(SqliteMerge, AnotherProcessGoesOnWithIt) {
  tell(3'000);
  ASSERT_TRUE(store.to->upkeep(everything, morning + 10 * 24h).value());
  ASSERT_GT(number("SELECT min(merged) FROM position_run"), 0);
  store.to = store.where->make_writer();
  ASSERT_TRUE(store.to->open());
  tell(500);
  expect_all("in the midst");
  while (store.to->upkeep(everything, morning + 10 * 24h).value()) {
  }
  EXPECT_EQ(store.ask("SELECT count(*) FROM position_run"), "0;");
  expect_all("merged");
}

TEST_F(SqliteMerge, YoungRunsAreLeftUntilTheyAreMany) {
  tell(100);
  for (int i = 0; i < 3; ++i) ASSERT_FALSE(store.to->upkeep(everything, morning).value());
  EXPECT_EQ(store.ask("SELECT count(*) FROM sorted_position"), "0;");
  EXPECT_GT(number("SELECT positions FROM position_run"), 90);
}

TEST_F(SqliteMerge, WhatIsPastItsRetentionDoesNotWaitForThat) {
  tell(100);
  store.ask("UPDATE position_run SET began = " + std::to_string(to_epoch_ms(morning + 5 * 24h)));  // it is young
  const retention three_days{.positions = std::chrono::days{3}};
  while (store.to->upkeep(three_days, morning + 3 * 24h).value()) {
  }
  EXPECT_EQ(number("SELECT count(*) FROM position_run"), 1) << "the day is in part younger";
  const auto before = number("SELECT count(*) FROM position");
  while (store.to->upkeep(three_days, morning + 4 * 24h).value()) {
  }
  EXPECT_EQ(number("SELECT count(*) FROM position_run"), 0);
  EXPECT_GT(number("SELECT count(*) FROM position"), 0);
  EXPECT_LT(number("SELECT count(*) FROM position"), before);
  const auto first_kept = std::chrono::floor<std::chrono::days>(morning + 24h).time_since_epoch().count();
  EXPECT_EQ(number("SELECT count(*) FROM position WHERE day < " + std::to_string(first_kept)), 0);
}

TEST_F(SqliteMerge, WhereNobodyHasTimeForUpkeepItIsDoneWithWhatIsWritten) {
  tell(3'000);
  store.ask("UPDATE position_run SET positions = 1000000");  // as many as a merge is due for
  std::int64_t runs_at_most = 0;
  for (int i = 0; i < 200 && number("SELECT count(*) FROM fresh_position WHERE run = 1") > 0; ++i) {
    tell(100);
    runs_at_most = std::max(runs_at_most, number("SELECT count(*) FROM position_run"));
  }
  EXPECT_EQ(store.ask("SELECT count(*) FROM fresh_position WHERE run = 1"), "0;");
  EXPECT_EQ(runs_at_most, 2);
  expect_all("merged");
}

TEST_F(SqliteMerge, AStoreFromBeforeThereWereRunsIsTakenOver) {
  tell(3'000);
  while (store.to->upkeep(everything, morning + 10 * 24h).value()) {
  }
  store.to.reset();
  ASSERT_EQ(store.ask("DROP VIEW position; DROP TABLE fresh_position; DROP TABLE position_run; "
                      "ALTER TABLE sorted_position RENAME TO position; PRAGMA user_version = 1"),
            "");
  store.from_store = store.where->make_reader();
  const auto early = store.from_store->checkpoint();
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().what, trouble::unavailable);
  store.to = store.where->make_writer();
  ASSERT_TRUE(store.to->open());
  expect_all("taken over");
  tell(500);
  expect_all("gone on with");
}

// Where each of many trucks sends one now and then, each would have a page of its own to be written otherwise.
TEST_F(SqliteMerge, WhatManyTrucksSendLiesTogether) {
  constexpr int fleet = 5'000;
  const auto send_each_one = [&](int nth) {
    store.next();
    for (int truck = 0; truck < fleet; ++truck) {
      store.rows.trucks.push_back(name(truck));
      store.add(static_cast<std::uint32_t>(truck), at(seconds{nth * 10 + truck % 10}, nth, 50));
    }
    ASSERT_TRUE(store.write());
  };
  for (int nth = 0; nth < 60; ++nth) send_each_one(nth);
  while (store.to->upkeep(everything, morning + 10 * 24h).value()) {
  }
  ASSERT_EQ(store.ask("PRAGMA wal_checkpoint(TRUNCATE)"), "0|0|0;");
  send_each_one(61);
  const auto frames = store.ask("PRAGMA wal_checkpoint(PASSIVE)");  // busy|pages in the log|pages moved
  EXPECT_LT(std::stoi(frames.substr(frames.find('|') + 1)), fleet / 10) << frames;
}

}  // namespace
}  // namespace haulcast::store
