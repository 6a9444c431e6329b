// Wherever the seam between store and journal lies, the answer is the same; with real stores and a day that makes little sense.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "haulcast/consumers/row_builder.hpp"
#include "haulcast/queries/history.hpp"
#include "haulcast/queries/lists.hpp"
#include "haulcast/queries/stats.hpp"
#include "haulcast/store/postgres.hpp"
#include "haulcast/store/sqlite.hpp"
#include "journal/scratch.hpp"
#include "support/needs.hpp"
#include "support/postgres_database.hpp"

namespace haulcast::queries {
namespace {

using nlohmann::json;
namespace scratch = journal::scratch;

const std::string source = "/haulcast/0123";
constexpr utc_time first_time = from_epoch_ms(0);
constexpr utc_time last_time = from_epoch_ms(253'402'300'799'999);

std::string_view no_words(engine::reject_code) { return "why"; }

/// Answers a question in as many steps as it takes.
template <class Question>
json answer(Question q, store::reader& from) {
  for (;;) {
    const auto came = q.step(from);
    EXPECT_TRUE(came) << came.error().why;
    if (!came || !*came) break;
  }
  auto text = json::parse(q.text);
  EXPECT_EQ(text.at("next_cursor").is_null(), q.next_cursor.empty());
  return text;
}

enum class kind { sqlite, postgres };

class Seam : public testing::TestWithParam<std::tuple<kind, unsigned>> {
 protected:
  void SetUp() override {
    if (std::get<kind>(GetParam()) == kind::postgres) {
      NEEDS_POSTGRES();
    }
    make_store();
  }

  Seam() : day{std::get<unsigned>(GetParam())} {
    day.play(records);
    log = scratch::open(directory / "journal", journal::sync_mode::normal);
    for (const auto& input : day.inputs) {
      auto group = std::make_shared<journal::group>(scratch::group_of(input.offset, {scratch::encoded(input)}));
      if (const auto failed = log->append(*group)) throw std::runtime_error{failed.message()};
      groups.push_back(std::move(group));
    }
  }

  void make_store() {
    if (std::get<kind>(GetParam()) == kind::postgres) {
      database.emplace();
      const store::postgres_options options{
          .url = database->connection(), .answer_timeout = std::chrono::minutes{1}, .query_timeout = std::chrono::minutes{1}};
      writer = store::make_postgres_writer(options);
      reader = store::make_postgres_reader(options);
    } else {
      writer = store::make_sqlite_writer({.path = directory / "store.sqlite"});
      reader = store::make_sqlite_reader({.path = directory / "store.sqlite"});
    }
    const auto opened = writer->open();
    ASSERT_TRUE(opened) << opened.error().why;
  }

  /// Has the store hold everything up to there.
  void store_up_to(offset_t last) {
    consumers::row_builder rows{source, {.rows = 1'000'000, .bytes = 1U << 30}};
    for (; stored < last; ++stored) rows.add(groups[stored], stored + 1);
    if (rows.empty()) return;
    const auto written = writer->write(rows.take(), log->id());
    ASSERT_TRUE(written) << written.error().why;
  }

  /// The newest `in_memory` records were; the others are read from the journal's files.
  tail tail_now(std::size_t in_memory) const {
    spine_now now{.log = log.get(), .recent = {}, .told = records, .stored = stored, .stored_until = {}};
    const std::size_t from = std::max<std::size_t>(stored, records - std::min<std::size_t>(in_memory, records));
    now.recent.assign(groups.begin() + static_cast<std::ptrdiff_t>(from), groups.end());
    return tail{std::move(now)};
  }

  json track(const std::string& truck, std::size_t limit, std::size_t in_memory, double simplify_m = 0) {
    json items = json::array();
    history_asked asked{.truck_id = truck, .from = first_time, .to = last_time, .limit = limit, .simplify_m = simplify_m};
    for (;;) {
      const auto page = answer(history{asked, tail_now(in_memory)}, *reader);
      items.insert(items.end(), page.at("items").begin(), page.at("items").end());
      if (page.at("next_cursor").is_null()) return items;
      EXPECT_EQ(page.at("items").size(), limit);
      asked.after = time_of_cursor(page.at("next_cursor").get<std::string>());
    }
  }
  template <class Query, class Ask>
  static json pages(Query query, Ask ask) {
    json items = json::array();
    for (;;) {
      const auto page = ask(query);
      items.insert(items.end(), page.at("items").begin(), page.at("items").end());
      if (page.at("next_cursor").is_null()) return items;
      const auto cursor = list_cursor_of(page.at("next_cursor").template get<std::string>());
      EXPECT_TRUE(cursor);
      if constexpr (std::is_same_v<Query, store::event_query>)
        query.before = {cursor->time, cursor->id};
      else
        query.before = {cursor->time, {cursor->id.offset, cursor->id.index}};
    }
  }
  json events(std::size_t limit, std::optional<std::vector<std::string>> trucks = {}) {
    return pages(store::event_query{.limit = limit},
                 [&](const auto& q) { return answer(event_list{q, trucks, tail_now(20), source}, *reader); });
  }
  json refused(std::size_t limit) {
    return pages(store::quarantine_query{.limit = limit},
                 [&](const auto& q) { return answer(quarantine_list{q, tail_now(20), no_words}, *reader); });
  }
  json figures(const std::string& truck, std::optional<std::string> zone = {}) {
    return answer(stats{{.truck_id = truck, .from = first_time, .to = last_time, .limit = 1000, .days_of = zone}, tail_now(20)},
                  *reader)
        .at("items");
  }

  std::set<std::string> trucks() const {
    std::set<std::string> all;
    for (const auto& i : day.inputs) {
      if (i.sent) all.insert(i.sent->trucks.begin(), i.sent->trucks.end());
    }
    return all;
  }

  static constexpr std::size_t records = 150;
  scratch::directory directory;
  engine::story::random_day day;
  std::unique_ptr<journal::segment_log> log;
  std::vector<journal::shared_group> groups;
  std::optional<support::postgres_database> database;
  std::unique_ptr<store::writer> writer;
  std::unique_ptr<store::reader> reader;
  offset_t stored = 0;
};

/// What must come out, from the records alone: of each time the first.
std::map<std::string, std::map<utc_time, engine::verdict>> by_hand(const engine::story::random_day& day) {
  std::map<std::string, std::map<utc_time, engine::verdict>> tracks;
  for (const auto& i : day.inputs) {
    if (!i.sent) continue;
    for (std::size_t n = 0; n < i.sent->positions.size(); ++n) {
      const auto& p = i.sent->positions[n];
      const auto judged = i.first.judgements[n].what;
      if (judged == engine::verdict::duplicate) continue;
      tracks[std::string{i.sent->trucks[p.truck]}].try_emplace(p.where.timestamp, judged);
    }
  }
  return tracks;
}

TEST_P(Seam, WhereverItLiesHistoryIsTheSame) {
  std::map<std::string, json> expected;
  const auto tracks = by_hand(day);
  ASSERT_FALSE(tracks.empty());
  for (const auto& [truck, positions] : tracks) {
    expected[truck] = track(truck, 1000, records);
    ASSERT_EQ(expected[truck].size(), positions.size()) << truck;
    auto told = expected[truck].begin();
    for (const auto& [time, judged] : positions) {
      EXPECT_EQ(told->value("late", false), judged == engine::verdict::late);
      EXPECT_EQ(told->contains("suspect"), judged == engine::verdict::suspect);
      ++told;
    }
  }
  for (offset_t at = 1; at <= records; at += 29) {
    store_up_to(at);
    for (const auto& [truck, items] : expected) {
      for (const std::size_t limit : {11U, 1000U}) EXPECT_EQ(track(truck, limit, at % 3 * 20), items) << truck << " at " << at;
    }
  }
  store_up_to(records);
  for (const auto& [truck, items] : expected) EXPECT_EQ(track(truck, 17, 0), items) << truck;
}

TEST_P(Seam, WhereverItLiesAThinnedTrackIsTheSame) {
  const auto all = trucks();
  std::map<std::string, json> expected;
  for (const auto& truck : all) expected[truck] = track(truck, 1000, records, 500);
  for (offset_t at = 1; at <= records; at += 37) {
    store_up_to(at);
    for (const auto& [truck, items] : expected) {
      EXPECT_EQ(track(truck, 1000, records, 500), items);
      // Cut into pages it is kept the same, for a page goes on from the last place of the one before.
      EXPECT_EQ(track(truck, 1, records, 500), items);
    }
  }
}

TEST_P(Seam, WhereverItLiesListsAreTheSame) {
  const auto told = events(1000);
  ASSERT_GT(told.size(), 10U);
  const auto all = trucks();
  const std::vector<std::string> two{*all.begin(), *all.rbegin()};
  json of_two = json::array();
  for (const auto& e : told) {
    if (e.value("subject", "") == "truck/" + two[0] || e.value("subject", "") == "truck/" + two[1]) of_two.push_back(e);
  }
  const auto wrong = refused(1000);
  for (offset_t at = 1; at <= records; at += 13) {
    store_up_to(at);
    EXPECT_EQ(events(4), told) << "at " << at;
    EXPECT_EQ(events(3, two), of_two) << "at " << at;
    EXPECT_EQ(refused(4), wrong) << "at " << at;
  }
}

TEST_P(Seam, WhereverItLiesFiguresAreTheSame) {
  std::map<std::string, json> hours, days;
  for (const auto& truck : trucks()) {
    hours[truck] = figures(truck);
    days[truck] = figures(truck, "Europe/Zurich");
  }
  for (offset_t at = 1; at <= records; at += 13) {
    store_up_to(at);
    for (const auto& [truck, expected] : hours) EXPECT_EQ(figures(truck), expected) << truck << " at " << at;
    for (const auto& [truck, expected] : days) EXPECT_EQ(figures(truck, "Europe/Zurich"), expected) << truck << " at " << at;
  }
}

INSTANTIATE_TEST_SUITE_P(Days, Seam, testing::Combine(testing::Values(kind::sqlite, kind::postgres), testing::Range(1U, 5U)),
                         [](const auto& of) {
                           return (std::get<kind>(of.param) == kind::sqlite ? "InSqlite" : "InPostgres") +
                                  std::to_string(std::get<unsigned>(of.param));
                         });

}  // namespace
}  // namespace haulcast::queries
