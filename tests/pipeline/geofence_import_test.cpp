// Imports on the path of commands: all of it or nothing, in whatever record the journal ends, while positions go on.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <cmath>
#include <numbers>

#include "engine/fences.hpp"
#include "haulcast/journal/group.hpp"
#include "pipeline/spine.hpp"

namespace haulcast::pipeline {
namespace {

using namespace words;
using engine::command_status;
using engine::geofence;
using engine::story::around_depot;
using journal::scratch::full_disk;

/// 16 KiB in a record, so that four of them make a part.
geofence many_cornered(std::string id, double shift = 0) {
  geo::ring ring;
  for (int i = 0; i < 1'000; ++i) {
    const double angle = 2 * std::numbers::pi * i / 1'000;
    ring.push_back({47.3 + shift + 0.01 * std::sin(angle), 8.5 + 0.01 * std::cos(angle)});
  }
  ring.push_back(ring.front());
  return {.id = std::move(id), .shape = geo::polygon{{ring}}};
}

std::vector<geofence> several(int count, double shift = 0) {
  std::vector<geofence> all;
  for (int i = 0; i < count; ++i) all.push_back(many_cornered("site-" + std::to_string(100 + i), shift));
  return all;
}

std::unique_ptr<import_request> request_of(std::vector<geofence> all, std::string merchant = {},
                                           std::optional<engine::retry_key> retry = {}) {
  auto made = std::make_unique<import_request>();
  made->merchant_id = std::move(merchant);
  made->retry = retry;
  for (geofence& g : all) {
    if (!made->merchant_id.empty()) g.merchant_id = made->merchant_id;
    g.prepare();
    made->geofences.push_back(std::make_shared<geofence>(std::move(g)));
    made->ids.push_back(made->geofences.back()->id);
  }
  std::ranges::sort(made->ids);
  return made;
}

class Imports : public ::testing::Test {
 protected:
  static std::shared_ptr<command_answer> import(spine& s, std::unique_ptr<import_request> asked) {
    auto into = std::make_shared<command_answer>();
    net::post(s.loop, [&s, into, asked = std::move(asked)]() mutable {
      s.p->submit(std::move(asked), [&s, into](command_result came) {
        into->got.emplace(std::move(came));
        into->durable_then = s.log->last_offset();
      });
    });
    return into;
  }
  static engine::command_outcome imported(spine& s, std::vector<geofence> all) {
    return s.outcome_of(import(s, request_of(std::move(all))));
  }
  static command_status put(spine& s, geofence what) { return s.decided(s.ask(engine::put_geofence{.what = std::move(what)})); }
  /// Whatever a life before left to do is done and told.
  static bool settled(spine& s) {
    if (!s.until([&] { return !s.p->importing(); })) return false;
    return s.wait(s.submit({{"TRK-9", 0, 30}})).has_value();
  }
  /// What reads show: the ids, and whether each is where it is with that shift.
  static std::size_t there(const spine& s, double shift = 0) {
    return static_cast<std::size_t>(std::ranges::count_if(s.p->live().geofences(), [&](const auto& each) {
      const auto* const polygon = std::get_if<geo::polygon>(&each.second->shape);
      return polygon != nullptr && polygon->rings[0][0].latitude == 47.3 + shift;
    }));
  }
  static std::vector<std::string> records_of(const std::filesystem::path& directory) {
    const auto log = journal::scratch::open(directory / "journal");
    std::vector<std::string> all;
    for (offset_t from = 1; from <= log->last_offset();) {
      const auto group = *log->read(from);
      for (journal::record_cursor c{*group}; c.valid(); c.next()) all.emplace_back(c.bytes());
      from = group->last() + 1;
    }
    return all;
  }

  journal::scratch::directory dir;
};

TEST_F(Imports, AreCommittedAndToldBeforeTheyAreAnswered) {
  spine s{dir.path()};
  put(s, many_cornered("site-103"));
  put(s, many_cornered("site-104", 0.5));
  const auto came = imported(s, several(40));
  EXPECT_EQ(came.what, command_status::imported);
  EXPECT_EQ(came.counts, (engine::import_counts{.created = 38, .updated = 1, .unchanged = 1}));
  EXPECT_EQ(there(s), 40U);
  EXPECT_FALSE(s.p->importing());
  const auto before = s.log->last_offset();
  const auto again = imported(s, several(40));
  EXPECT_EQ(again.what, command_status::unchanged);
  EXPECT_EQ(again.counts, (engine::import_counts{.unchanged = 40}));
  EXPECT_EQ(s.log->last_offset(), before) << "what changes nothing is no record";
  s.p.reset();
  EXPECT_NE(recovered_digest(dir.path()), "");
}

// The journal of an import, ended after each of its records in turn, as a crash would.
TEST_F(Imports, WhereverTheJournalEndsTheNextStartHasAllOfItOrNothing) {
  {
    spine s{dir.path()};
    imported(s, several(20));
    imported(s, several(24, 0.5));
  }
  const auto records = records_of(dir.path());
  std::size_t with_all = 0;
  std::size_t with_nothing = 0;
  for (std::size_t end = 1; end <= records.size(); ++end) {
    const journal::scratch::directory other;
    {
      const auto log = journal::scratch::open(other.path() / "journal");
      ASSERT_FALSE(log->append(journal::scratch::group_of(1, {records.begin(), records.begin() + static_cast<long>(end)})));
    }
    {
      spine s{other.path()};
      s.p->start();
      ASSERT_TRUE(settled(s));
      const std::size_t first = there(s), second = there(s, 0.5);
      const bool nothing_of_second = second == 0 && (first == 0 || first == 20);
      EXPECT_TRUE(nothing_of_second || (first == 0 && second == 24)) << first << " and " << second << " after record " << end;
      ++(second == 24 ? with_all : with_nothing);
      EXPECT_EQ(put(s, many_cornered("site-100", 0.7)), second + first == 0 ? command_status::created : command_status::updated)
          << "life goes on";
      ASSERT_TRUE(s.until([&] { return s.p->told() == s.log->last_offset(); }));
    }
    EXPECT_NE(recovered_digest(other.path()), "");
  }
  EXPECT_GE(with_all, 3U) << "the record that completes it, and what follows";
  EXPECT_GE(with_nothing, 8U) << "of the first, and each part of the second";
}

TEST_F(Imports, PositionsGoOnMeanwhile) {
  spine s{dir.path()};
  const auto whole = import(s, request_of(several(300)));
  std::vector<std::shared_ptr<answer>> sent;
  for (int i = 0; i < 50; ++i) {
    sent.push_back(s.submit({{"TRK-1", i, 30}}));
    s.wait(sent.back());
    if (!whole->got) EXPECT_TRUE(sent.back()->taken());
  }
  EXPECT_EQ(s.outcome_of(whole).counts.created, 300U);
  EXPECT_EQ(there(s), 300U);
  EXPECT_TRUE(std::ranges::all_of(sent, [](const auto& a) { return a->taken(); }));
  s.p.reset();
  EXPECT_NE(recovered_digest(dir.path()), "");
}

TEST_F(Imports, ItsGeofencesAreItsOwnAndSoIsTheRoomForThem) {
  auto options = small();
  options.max_geofences = 42;
  spine s{dir.path(), options};
  put(s, many_cornered("site-100", 0.5));
  const auto whole = import(s, request_of(several(40)));
  ASSERT_TRUE(s.until([&] { return s.log->last_offset() > 3; }));
  const auto another = import(s, request_of(several(1)));
  const auto changed = s.ask(engine::put_geofence{.what = many_cornered("site-100", 0.7)});
  const auto removed = s.ask(engine::remove_geofence{"site-100"});
  const auto other = s.ask(engine::put_geofence{.what = around_depot(500, "x")});
  const auto one_too_many = s.ask(engine::put_geofence{.what = around_depot(500, "y")});
  const auto and_one = s.ask(engine::put_geofence{.what = around_depot(500, "z")});
  ASSERT_TRUE(s.until([&] { return and_one->got.has_value(); }));
  EXPECT_TRUE(another->refused_with(refusal::importing));
  EXPECT_EQ(s.decided(changed), command_status::importing);
  EXPECT_EQ(s.decided(removed), command_status::importing);
  EXPECT_EQ(s.decided(other), command_status::created);
  EXPECT_EQ(s.decided(one_too_many), command_status::created);
  EXPECT_EQ(s.decided(and_one), command_status::no_room);
  EXPECT_EQ(s.outcome_of(whole).counts, (engine::import_counts{.created = 39, .updated = 1}));
  EXPECT_EQ(there(s), 40U);
  EXPECT_EQ(put(s, many_cornered("site-100", 0.7)), command_status::updated);
}

TEST_F(Imports, WhatIsInTheWayRefusesAllOfItAndIsNamed) {
  auto options = small();
  options.max_geofences = 10;
  spine s{dir.path(), options};
  put(s, many_cornered("site-103"));
  const auto before = s.log->last_offset();
  const auto foreign = s.outcome_of(import(s, request_of(several(5), "M-1")));
  EXPECT_EQ(foreign.what, command_status::exists);
  EXPECT_EQ(foreign.version, 3U) << "the place of the one that belongs to somebody else";
  const auto too_many = imported(s, several(12));
  EXPECT_EQ(too_many.what, command_status::no_room);
  EXPECT_EQ(too_many.version, 10U);
  EXPECT_EQ(s.log->last_offset(), before);
  EXPECT_EQ(there(s), 1U);
  EXPECT_EQ(s.p->metrics().imports.refused, 2U);
  EXPECT_EQ(imported(s, several(10)).counts.created, 9U) << "the room was given back";
}

TEST_F(Imports, UnderTheSameKeyOneIsDoneOnce) {
  const engine::retry_key key{.key = {1, 2}, .request = {3, 4}};
  engine::command_outcome first;
  {
    spine s{dir.path()};
    first = s.outcome_of(import(s, request_of(several(20), {}, key)));
    EXPECT_FALSE(first.again);
    put(s, many_cornered("site-100", 0.5));
  }
  spine s{dir.path()};
  const auto again = s.outcome_of(import(s, request_of(several(20), {}, key)));
  EXPECT_TRUE(again.again);
  EXPECT_EQ(again.counts, first.counts);
  EXPECT_EQ(there(s), 19U) << "what changed since stays changed";
  auto other = key;
  other.request = {5, 6};
  EXPECT_EQ(s.outcome_of(import(s, request_of(several(20), {}, other))).what, command_status::key_reused);
}

TEST_F(Imports, ACommitThatFailsLeavesNothingOfThemOrAllOfThem) {
  spine s{dir.path()};
  s.p->start();
  {
    const full_disk full{100 << 10};
    const auto whole = import(s, request_of(several(40)));
    ASSERT_TRUE(s.until([&] { return whole->got.has_value(); }));
    EXPECT_TRUE(whole->refused_with(refusal::not_committed));
  }
  ASSERT_TRUE(s.until([&] { return !s.p->closed(); }));
  ASSERT_TRUE(settled(s));
  EXPECT_EQ(there(s), 0U);
  EXPECT_EQ(imported(s, several(40)).counts.created, 40U);
  EXPECT_EQ(s.p->metrics().replay_differences, 0U);
  s.p.reset();
  EXPECT_NE(recovered_digest(dir.path()), "");
}

TEST_F(Imports, SnapshotsWaitForThemAndHaveThemThen) {
  auto options = small();
  options.snapshot_interval = std::chrono::seconds{0};
  {
    spine s{dir.path(), options};
    s.p->start();
    for (int round = 0; round < 3; ++round) {
      const auto whole = import(s, request_of(several(100, 0.1 * round)));
      ASSERT_TRUE(s.until([&] { return whole->got.has_value(); }));
      s.take({{"TRK-1", round, 30}});
      const auto passes = s.p->snapshots().passes;
      ASSERT_TRUE(s.until([&] { return s.p->snapshots().passes > passes; }));
    }
    ASSERT_TRUE(s.until([&] { return s.p->told() == s.log->last_offset(); }));
  }
  EXPECT_NE(recovered_digest(dir.path()), "");
  const spine again{dir.path()};
  EXPECT_EQ(there(again, 0.2), 100U);
}

TEST_F(Imports, WhoeverLeavesForgetsOneThatIsNotCompleteAndFinishesOneThatIs) {
  const auto leave = [](spine& s) {
    bool left = false;
    net::co_spawn(s.loop, s.p->drain(), [&](std::exception_ptr) { left = true; });
    return s.until([&] { return left; });
  };
  {
    spine s{dir.path()};
    const auto whole = import(s, request_of(several(400)));
    ASSERT_TRUE(s.until([&] { return s.log->last_offset() > 3; }));
    ASSERT_TRUE(leave(s));
    ASSERT_TRUE(s.until([&] { return whole->got.has_value(); }));
    EXPECT_TRUE(whole->refused_with(refusal::shutting_down));
  }
  {
    std::vector<geofence> small_ones;
    for (int i = 0; i < 3'000; ++i) small_ones.push_back(around_depot(100, "s-" + std::to_string(10'000 + i)));
    spine s{dir.path()};
    EXPECT_EQ(s.p->live().geofences().size(), 0U);
    const auto whole = import(s, request_of(std::move(small_ones)));
    ASSERT_TRUE(s.until([&] { return !s.p->live().geofences().empty(); }));
    EXPECT_FALSE(whole->got);
    ASSERT_TRUE(leave(s));
    ASSERT_TRUE(whole->got.has_value());
    EXPECT_EQ(whole->got->value().decided.counts.created, 3'000U);
  }
  const spine again{dir.path()};
  EXPECT_EQ(again.p->live().geofences().size(), 3'000U);
}

}  // namespace
}  // namespace haulcast::pipeline
