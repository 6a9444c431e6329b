#include "haulcast/consumers/row_builder.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "engine/random_day.hpp"
#include "engine/story.hpp"
#include "haulcast/wire/cloud_event.hpp"
#include "journal/scratch.hpp"

namespace haulcast::consumers {
namespace {

using namespace engine::story;
using engine::verdict;

const std::string source = "/haulcast/0123";

row_builder builder(std::size_t rows = 1'000'000) { return {source, {.rows = rows}}; }

/// A day whose inputs become records as they are applied.
class told_day {
 public:
  journal::group group{.first = 1, .count = 0, .bytes = {}};
  engine::world world{100};
  engine::outcome out;

  template <class Input>
  const engine::outcome& record(const Input& input) {
    out.clear();
    world.apply(input, group.last() + 1, out);
    std::string bytes;
    journal::encode_record(bytes, input, out);
    journal::scratch::add(group, bytes);
    return out;
  }
  const engine::outcome& hear(const reports& sent, milliseconds received_at) {
    return record(*batch_of(morning + received_at, sent));
  }
  store::batch rows() const {
    auto b = builder();
    EXPECT_EQ(b.add(std::make_shared<const journal::group>(group), 1), group.last() + 1);
    return b.take();
  }
};

TEST(RowBuilder, APositionIsARowWithAllThatItSaid) {
  told_day day;
  engine::position p = at(1s, 10, 33.3);
  p.heading = 90;
  p.attributes = R"({"door":"open"})";
  day.hear({{"TRK-1", p}, {"TRK-2", at(2s)}}, 3s);
  const auto rows = day.rows();
  ASSERT_EQ(rows.positions.size(), 2u);
  EXPECT_EQ(rows.trucks, (std::vector<std::string_view>{"TRK-1", "TRK-2"}));
  EXPECT_TRUE(same(rows.positions[0].what, p));
  EXPECT_EQ(rows.positions[0].received_at, morning + 3s);
  EXPECT_EQ(rows.positions[0].at, (store::place{1, 0}));
  EXPECT_EQ(rows.positions[1].at, (store::place{1, 1}));
  EXPECT_EQ(rows.trucks[rows.positions[1].truck], "TRK-2");
  EXPECT_EQ(rows.begins, 1u);
  EXPECT_EQ(rows.reaches, 1u);
}

TEST(RowBuilder, ADuplicateHasNoRowAndOnlyLateOrSuspectOnesMayRepeat) {
  told_day day;
  day.hear({{"TRK-1", at(10s)}, {"TRK-1", at(10s)}, {"TRK-1", at(5s)}, {"TRK-1", at_point(20s, {})}}, 21s);
  const auto rows = day.rows();
  ASSERT_EQ(rows.positions.size(), 3u);
  EXPECT_EQ(rows.positions[0].judged.what, verdict::live);
  EXPECT_FALSE(rows.positions[0].may_repeat);
  EXPECT_EQ(rows.positions[1].judged.what, verdict::late);
  EXPECT_TRUE(rows.positions[1].may_repeat);
  EXPECT_EQ(rows.positions[2].judged, (engine::judgement{verdict::suspect, engine::suspicion::null_island}));
  EXPECT_TRUE(rows.positions[2].may_repeat);
}

TEST(RowBuilder, ARefusedPositionIsARowOfTheQuarantine) {
  told_day day;
  const auto sent = batch_of(morning, {{"TRK-1", at(0s)}});
  sent->rejected.push_back(
      {4, engine::reject_code::latitude_out_of_range, sent->keep("TRK-1"), sent->keep("{\"latitude\":91}")});
  day.record(*sent);
  const auto rows = day.rows();
  ASSERT_EQ(rows.quarantine.size(), 1u);
  EXPECT_EQ(rows.quarantine[0].at, (store::place{1, 4}));
  EXPECT_EQ(rows.quarantine[0].code, engine::reject_code::latitude_out_of_range);
  EXPECT_EQ(rows.quarantine[0].truck_id, "TRK-1");
  EXPECT_EQ(rows.quarantine[0].raw, "{\"latitude\":91}");
}

TEST(RowBuilder, AnEventIsTheTextThatSubscribersGet) {
  told_day day;
  const engine::event told = day.hear({{"TRK-1", at(0s)}}, 1s).events.at(0);
  const auto rows = day.rows();
  ASSERT_EQ(rows.events.size(), 1u);
  std::string text;
  wire::append_cloud_event(text, told, {1, 0}, source);
  EXPECT_EQ(rows.events[0].text, text);
  EXPECT_EQ(rows.events[0].type, engine::event_type::truck_online);
  EXPECT_EQ(rows.events[0].time, morning + 1s);
  EXPECT_EQ(rows.events[0].truck_id, "TRK-1");
  EXPECT_EQ(rows.events[0].subject, "truck/TRK-1");
}

TEST(RowBuilder, OfATruckTheNewestWordStands) {
  told_day day;
  const auto ask = [&](engine::any_command what) { day.record(engine::command{morning, std::move(what)}); };
  ask(engine::register_truck{"TRK-1", {.name = "first"}});
  ask(engine::register_truck{"TRK-1", {.name = "second"}});
  ask(engine::register_truck{"TRK-2", {.name = "goes"}});
  ask(engine::remove_truck{"TRK-2"});
  ask(engine::register_truck{"TRK-3", {.name = "goes and comes back"}});
  ask(engine::remove_truck{"TRK-3"});
  day.hear({{"TRK-3", at(0s)}, {"TRK-4", at(0s)}}, 1s);
  const auto rows = day.rows();
  ASSERT_EQ(rows.registry.size(), 3u);
  EXPECT_EQ(rows.registry[0].said->name, "second");
  EXPECT_EQ(rows.registry[0].said->version, 2u);
  EXPECT_EQ(rows.registry[1].truck_id, "TRK-2");
  EXPECT_EQ(rows.registry[1].said, nullptr);
  EXPECT_EQ(rows.registry[1].offset, 4u);
  EXPECT_EQ(rows.registry[2].said->name, "");
  EXPECT_EQ(rows.registry[2].said->version, 7u);
}

TEST(RowBuilder, OfAGeofenceToo) {
  told_day day;
  const auto ask = [&](engine::any_command what) { day.record(engine::command{morning, std::move(what)}); };
  ask(engine::put_geofence{around_depot(100)});
  ask(engine::put_geofence{around_depot(200)});
  ask(engine::put_geofence{around_depot(100, "gone")});
  ask(engine::remove_geofence{"gone"});
  const auto rows = day.rows();
  ASSERT_EQ(rows.geofences.size(), 2u);
  EXPECT_EQ(std::get<geo::circle>(rows.geofences[0].now->shape).radius_m, 200);
  EXPECT_EQ(rows.geofences[0].now->version, 2u);
  EXPECT_EQ(rows.geofences[1].now, nullptr);
}

TEST(RowBuilder, ARecordThatCannotBeReadIsADeadLetterAndHoldsUpNothing) {
  told_day day;
  day.hear({{"TRK-1", at(0s)}}, 1s);
  journal::scratch::add(day.group, "\x02nonsense");
  day.group.count = 2;
  const auto rows = day.rows();
  EXPECT_EQ(rows.positions.size(), 1u);
  ASSERT_EQ(rows.dead.size(), 1u);
  EXPECT_EQ(rows.dead[0].at.offset, 2u);
  EXPECT_EQ(rows.reaches, 2u);
}

TEST(RowBuilder, ABatchEndsBehindTheRecordThatFillsIt) {
  told_day day;
  for (int i = 0; i < 5; ++i) day.hear({{"TRK-1", at(seconds{2 * i})}, {"TRK-1", at(seconds{2 * i + 1})}}, seconds{10 + i});
  const auto group = std::make_shared<const journal::group>(day.group);
  auto b = builder(4);  // the first record has an event too
  EXPECT_EQ(b.add(group, 1), 3u);
  EXPECT_TRUE(b.full());
  const auto first = b.take();
  EXPECT_EQ(first.reaches, 2u);
  EXPECT_EQ(b.add(group, 3), 5u);
  const auto second = b.take();
  EXPECT_EQ(second.begins, 3u);
  EXPECT_EQ(second.trucks, (std::vector<std::string_view>{"TRK-1"}));
}

/// What happened by the outcomes themselves, input by input.
struct slow_rows {
  std::multiset<std::string> positions, events, rejected;
  std::map<std::string, std::uint64_t> trucks;  // -> version of what was said
  std::map<std::string, std::uint64_t> fences;

  void take(const engine::story::input& i) {
    if (i.sent) {
      for (std::size_t n = 0; n < i.sent->positions.size(); ++n) {
        const auto& p = i.sent->positions[n];
        const auto j = i.first.judgements[n];
        if (j.what == verdict::duplicate) continue;
        positions.insert(line(i.offset, p.index, i.sent->trucks[p.truck], p.where.timestamp, j));
      }
      for (const auto& r : i.sent->rejected) rejected.insert(std::to_string(i.offset) + std::string{r.raw});
    }
    for (std::uint32_t n = 0; n < i.first.events.size(); ++n) {
      std::string text;
      wire::append_cloud_event(text, i.first.events[n], {i.offset, n}, source);
      events.insert(text);
    }
    for (const auto& r : i.first.registry) trucks[r.truck_id] = r.now ? r.now->version : 0;
    if (i.first.fence) fences[i.first.fence->geofence_id] = i.first.fence->now ? i.first.fence->now->version : 0;
  }
  static std::string line(std::uint64_t offset, std::uint32_t index, std::string_view truck, utc_time when,
                          engine::judgement j) {
    return std::to_string(offset) + "/" + std::to_string(index) + " " + std::string{truck} + " " +
           std::to_string(to_epoch_ms(when)) + " " + std::to_string(static_cast<int>(j.what)) +
           std::to_string(static_cast<int>(j.why));
  }
};

TEST(RowBuilder, DaysThatMakeLittleSenseComeOutAsTheEngineToldThem) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    random_day day{seed};
    day.play(400);
    slow_rows told;
    slow_rows made;
    std::set<std::string> removed;  // as a store would know
    const std::size_t most = 1 + day.upto(300);
    row_builder b{source, {.rows = most}};
    const auto flush = [&] {
      const auto rows = b.take();
      for (const auto& p : rows.positions) {
        made.positions.insert(slow_rows::line(p.at.offset, p.at.index, rows.trucks[p.truck], p.what.timestamp, p.judged));
        const std::string id{rows.trucks[p.truck]};
        if (removed.erase(id) != 0) made.trucks[id] = p.at.offset;
      }
      for (const auto& e : rows.events) made.events.insert(e.text);
      for (const auto& q : rows.quarantine) made.rejected.insert(std::to_string(q.at.offset) + std::string{q.raw});
      for (const auto& t : rows.registry) {
        made.trucks[t.truck_id] = t.said ? t.said->version : 0;
        removed.erase(t.truck_id);
        if (!t.said) removed.insert(t.truck_id);
      }
      for (const auto& f : rows.geofences) made.fences[f.geofence_id] = f.now ? f.now->version : 0;
      EXPECT_TRUE(rows.dead.empty());
    };
    for (std::size_t i = 0; i < day.inputs.size();) {
      journal::group g{.first = day.inputs[i].offset, .count = 0, .bytes = {}};
      for (std::size_t n = 1 + day.upto(9); n > 0 && i < day.inputs.size(); --n, ++i) {
        told.take(day.inputs[i]);
        journal::scratch::add(g, journal::scratch::encoded(day.inputs[i]));
      }
      const auto group = std::make_shared<const journal::group>(std::move(g));
      for (auto next = group->first; next <= group->last();) {
        next = b.add(group, next);
        if (b.full()) flush();
      }
    }
    flush();
    EXPECT_EQ(made.positions, told.positions) << "seed " << seed;
    EXPECT_EQ(made.events, told.events) << "seed " << seed;
    EXPECT_EQ(made.rejected, told.rejected) << "seed " << seed;
    EXPECT_EQ(made.trucks, told.trucks) << "seed " << seed;
    EXPECT_EQ(made.fences, told.fences) << "seed " << seed;
  }
}

}  // namespace
}  // namespace haulcast::consumers
