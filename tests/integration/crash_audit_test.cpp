// The audits of the crash test have teeth: each kind of fault, put into a journal or a ledger by hand, is noticed.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "auditor.hpp"
#include "haulcast/journal/record.hpp"
#include "haulcast/journal/segment_log.hpp"
#include "haulcast/wire/cloud_event.hpp"
#include "haulcast/wire/json_out.hpp"
#include "support/temp_directory.hpp"
#include "watcher_ledger.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;

constexpr auto noon = std::chrono::sys_days{std::chrono::year{2027} / 3 / 1} + 12h;
const std::vector<std::string> names{"A", "B", "C"};

engine::position at_step(int step) {
  engine::position p;
  p.timestamp = noon + step * 1s;
  p.point = {47 + step * 1e-4, 8};
  return p;
}

ledger_position sent(std::uint32_t truck, int step, told verdict = told::accepted) {
  const engine::position p = at_step(step);
  return {to_epoch_ms(p.timestamp), p.point.latitude, p.point.longitude, truck, verdict};
}

/// A journal of three trucks that each drove ten steps in batches of two, and the books of whoever posted them.
class AuditOfAJournal : public testing::Test {
 protected:
  AuditOfAJournal() : log_{std::move(journal::segment_log::open({.directory = scratch_ / "journal"})).value()} {
    books_.trucks = names;
    engine::outcome out;
    const engine::started start{noon, {}};
    world_.apply(start, next_, out);
    append([&](std::string& bytes) { journal::encode_record(bytes, start, out); });
    for (int step = 0; step < 10; step += 2)
      for (std::uint32_t truck = 0; truck < names.size(); ++truck) post(truck, {step, step + 1});
  }

  void append(const std::function<void(std::string&)>& encode) {
    std::string record;
    encode(record);
    journal::group g{.first = next_, .count = 1, .bytes = {}};
    const auto size = static_cast<std::uint32_t>(record.size());
    g.bytes.assign(reinterpret_cast<const char*>(&size), sizeof size);
    g.bytes += record;
    ASSERT_FALSE(log_->append(g));
    ++next_;
  }

  // `doctor` changes what the engine said before it is written.
  void post(std::uint32_t truck, std::vector<int> steps, const std::function<void(engine::outcome&)>& doctor = {}) {
    engine::batch input;
    input.received_at = noon + 1h;
    input.trucks.push_back(names[truck]);
    ledger_batch noted;
    for (const int step : steps) {
      input.positions.push_back({static_cast<std::uint32_t>(input.positions.size()), 0, at_step(step)});
      noted.positions.push_back(sent(truck, step));
    }
    engine::outcome out;
    world_.apply(input, next_, out);
    if (doctor) doctor(out);
    append([&](std::string& bytes) { journal::encode_record(bytes, input, out); });
    books_.batches.push_back(noted);
  }

  audit_report audited() { return audit(books_, scratch_.path()); }

  temp_directory scratch_;
  std::unique_ptr<journal::segment_log> log_;
  engine::world world_{10};
  engine::offset_t next_ = 1;
  ledger books_;
};

TEST_F(AuditOfAJournal, FindsNothingWhereNothingIsWrong) {
  const audit_report r = audited();
  EXPECT_TRUE(r.clean()) << r.to_string();
  EXPECT_EQ(r.held, 30U);
  EXPECT_EQ(r.starts, 1U);
}

TEST_F(AuditOfAJournal, NoticesWhatWasAcknowledgedAndIsNotThere) {
  books_.batches.front().positions.push_back(sent(1, 100));
  EXPECT_EQ(audited().lost, 1U);
  books_.batches.front().positions.back().verdict = told::nothing;
  EXPECT_TRUE(audited().clean()) << "it was never acknowledged";
}

TEST_F(AuditOfAJournal, NoticesWhatIsThereAndWasNeverSentOrWasRefused) {
  books_.batches.back().positions.pop_back();
  EXPECT_EQ(audited().strange, 1U);
  books_.batches.front().positions[0].verdict = told::rejected;
  EXPECT_EQ(audited().strange, 2U);
}

TEST_F(AuditOfAJournal, NoticesAnotherPlaceThanTheOneSent) {
  books_.batches[4].positions[1].longitude += 1e-7;
  EXPECT_EQ(audited().strange, 1U);
}

TEST_F(AuditOfAJournal, NoticesWhatIsStoredTwice) {
  post(0, {3}, [](engine::outcome& out) { out.judgements[0].what = engine::verdict::late; });
  books_.batches.pop_back();
  const audit_report r = audited();
  EXPECT_EQ(r.twice, 1U);
  EXPECT_EQ(r.differing, 1U) << "and that the engine would have known";
}

TEST_F(AuditOfAJournal, NoticesATruckThatGoesBack) {
  post(0, {-5}, [](engine::outcome& out) { out.judgements[0].what = engine::verdict::live; });
  EXPECT_EQ(audited().disorder, 1U);
}

TEST_F(AuditOfAJournal, NoticesAJudgementUnlikeThatOfAnUninterruptedRun) {
  post(2, {20, 21}, [](engine::outcome& out) { out.judgements[1].what = engine::verdict::suspect; });
  EXPECT_EQ(audited().differing, 1U);
}

/// What a watcher was told of it.
class AuditOfAWatcher : public AuditOfAJournal {
 protected:
  AuditOfAWatcher() : facts_{read_facts(scratch_.path())}, source_{"/haulcast/" + log_->id()} { told_.connections = 1; }

  void tell(const std::string& truck, const std::vector<int>& steps) {
    for (const int step : steps) {
      std::string json;
      wire::append_position(json, truck, at_step(step));
      told_.position(json);
    }
  }
  void tell_event(std::size_t which) { told_.events.push_back({facts_.events.at(which).id, facts_.events[which].content}); }

  void everything() {
    told_.every_position = true;
    for (const std::string& truck : names) tell(truck, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  }
  void every_event() {
    told_.every_event = true;
    told_.from = "0";
  }
  watch_report audited() const { return audit(told_, facts_); }

  journal_facts facts_;
  std::string source_;
  watcher_ledger told_;
};

TEST_F(AuditOfAWatcher, FindsNothingWhereNothingIsWrong) {
  everything();
  every_event();
  for (const std::size_t which : {0U, 1U, 2U}) tell_event(which);
  const watch_report r = audited();
  EXPECT_TRUE(r.clean()) << r.to_string();
  EXPECT_EQ(r.positions, 30U);
  EXPECT_EQ(r.events, 3U);
}

TEST_F(AuditOfAWatcher, ANewConnectionMayBeginWithTheNewestOnce) {
  everything();
  ++told_.connections;
  tell("A", {9});
  EXPECT_TRUE(audited().clean());
  tell("A", {9});
  EXPECT_EQ(audited().repeats, 1U);
}

TEST_F(AuditOfAWatcher, NoticesAGapOnAConnectionButNotBetweenTwo) {
  told_.every_position = true;
  told_.interests = {"A"};
  tell("A", {2, 3});
  ++told_.connections;
  tell("A", {6, 7, 8, 9});
  EXPECT_TRUE(audited().clean());
  told_.positions.erase(told_.positions.begin() + 3, told_.positions.begin() + 5);  // 7 and 8
  EXPECT_EQ(audited().gaps, 2U);
  told_.every_position = false;
  EXPECT_TRUE(audited().clean()) << "conflated";
}

TEST_F(AuditOfAWatcher, NoticesThatTheNewestOrAWholeTruckWereNotTold) {
  told_.every_position = true;
  told_.interests = {"A", "B"};
  tell("A", {0, 1, 2, 3, 4, 5, 6});
  EXPECT_EQ(audited().gaps, 3U + 10U);
}

TEST_F(AuditOfAWatcher, NoticesATruckThatGoesBackOnTheSameConnectionOrTheNext) {
  tell("A", {4, 3, 5});
  EXPECT_EQ(audited().disorder, 1U);
  ++told_.connections;
  tell("A", {4});
  EXPECT_EQ(audited().disorder, 2U);
}

TEST_F(AuditOfAWatcher, NoticesAPositionThatIsNotInTheJournal) {
  tell("A", {4, 50});
  EXPECT_EQ(audited().strange, 1U);
  tell("NOBODY", {4});
  EXPECT_EQ(audited().strange, 2U);
  std::string json;
  engine::position elsewhere = at_step(5);
  elsewhere.point.longitude += 1e-7;
  wire::append_position(json, "A", elsewhere);
  told_.position(json);
  EXPECT_EQ(audited().strange, 3U);
}

TEST_F(AuditOfAWatcher, NoticesATruckThatWasNotAskedFor) {
  told_.interests = {"A"};
  tell("A", {4});
  tell("B", {4});
  EXPECT_EQ(audited().strange, 1U);
}

TEST_F(AuditOfAWatcher, NoticesAnEventLeftOut) {
  every_event();
  tell_event(0);
  tell_event(2);
  EXPECT_EQ(audited().gaps, 1U);
  told_.from = facts_.events[0].id;
  told_.events.erase(told_.events.begin());
  EXPECT_EQ(audited().gaps, 1U) << "resumed behind the first";
  told_.from = facts_.events[1].id;
  EXPECT_TRUE(audited().clean());
}

TEST_F(AuditOfAWatcher, NoticesAnEventToldTwiceOrOutOfOrder) {
  every_event();
  for (const std::size_t which : {0U, 1U, 1U, 2U}) tell_event(which);
  EXPECT_EQ(audited().repeats, 1U);
  told_.events.clear();
  for (const std::size_t which : {0U, 2U, 1U}) tell_event(which);
  EXPECT_EQ(audited().disorder, 1U);
}

TEST_F(AuditOfAWatcher, NoticesAnEventThatIsNotInTheJournalOrNotAsItIsThere) {
  tell_event(0);
  told_.events.push_back({engine::event_id{999, 0}.to_string(), 1});
  EXPECT_EQ(audited().strange, 1U);
  told_.events.back() = {facts_.events[1].id, facts_.events[1].content + 1};
  EXPECT_EQ(audited().strange, 1U);
}

TEST_F(AuditOfAWatcher, KnowsEventsByTheTextThatGoesOut) {
  engine::event online{.type = engine::event_type::truck_online, .time = noon + 1h, .truck_id = "A"};
  online.where.emplace(at_step(0));
  std::string text;
  wire::append_cloud_event(text, online, {2, 0}, source_);
  every_event();
  told_.event(text);
  EXPECT_TRUE(audited().clean()) << audited().to_string();
  text.replace(text.find("truck.online"), 12, "truck.onlinE");
  told_.events.clear();
  told_.event(text);
  EXPECT_EQ(audited().strange, 1U);
}

TEST_F(AuditOfAWatcher, PassesOnWhatTheWatcherCouldNotBelieve) {
  told_.position(R"({"truck_id":"A"})");
  EXPECT_EQ(audited().contradictions, 1U);
}

TEST(FrameOfPositions, IsTakenApartAtItsObjectsOnly) {
  const std::string_view frame =
      R"({"type":"positions","positions":[{"truck_id":"A","attributes":{"a":"}]\""}},{"truck_id":"B"}]})";
  std::vector<std::string> found;
  EXPECT_TRUE(for_each_position(frame, [&](std::string_view json) { found.emplace_back(json); }));
  EXPECT_EQ(found, (std::vector<std::string>{R"({"truck_id":"A","attributes":{"a":"}]\""}})", R"({"truck_id":"B"})"}));
  EXPECT_FALSE(for_each_position(frame.substr(0, frame.size() - 1), [](std::string_view) {}));
}

}  // namespace
}  // namespace haulcast::support
