// Coming back with `since`: every event that was missed, then the live ones, without gap or repeat.
#include <gtest/gtest.h>

#include "ws/stage.hpp"

namespace haulcast::ws {
namespace {

using namespace words;

class Resume : public ::testing::Test {
 protected:
  using offset_t = engine::offset_t;

  // A truck that nobody heard of yet comes online: one event, in a record of its own.
  void event(stage& s) { s.take({{"TRK-" + std::to_string(next_++), 0}}); }
  static std::vector<std::string> ids(offset_t first, offset_t last) {
    std::vector<std::string> all;
    for (offset_t o = first; o <= last; ++o) all.push_back(engine::event_id{o, 0}.to_string());
    return all;
  }
  journal::scratch::directory dir;
  int next_ = 0;
};

class ResumeFrom : public Resume, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(ResumeFrom, EveryMissedEventComesOnceInOrderWhileOthersKeepComing) {
  auto options = stage::roomy();
  options.memory_bytes = GetParam();
  stage s{dir.path(), {}, options};
  for (int i = 0; i < 100; ++i) event(s);
  const auto p = s.connect();
  const std::string since = engine::event_id{11, 0}.to_string();
  p->send({{"type", "subscribe"}, {"all", true}, {"since", since}});
  std::vector<std::string> got;
  std::string at;
  for (int i = 0; i < 100; ++i) {
    event(s);
    p->poll();
    if (at.empty() && !p->texts.empty()) at = json::parse(p->texts.front()).at("at");
    event_ids(p->texts, got);
  }
  ASSERT_TRUE(s.until([&] {
    event_ids(p->texts, got);
    return got.size() >= 190;
  })) << got.size();
  s.pass(20ms);
  event_ids(p->texts, got);
  EXPECT_EQ(got, ids(12, 201));
  EXPECT_EQ(at, since) << "the place to resume from, until more has come";
  EXPECT_EQ(s.live.metrics().resumes, 1U);
}
INSTANTIATE_TEST_SUITE_P(MemoryAndFiles, ResumeFrom, ::testing::Values(std::size_t{32} << 20, std::size_t{1}));

TEST_F(Resume, ZeroIsTheBeginningAndOnlyWhatConcernsTheInterestsComes) {
  stage s{dir.path()};
  for (int i = 0; i < 20; ++i) event(s);
  const auto p = s.connect(driver_of({"TRK-3", "TRK-4"}));
  p->send({{"type", "subscribe"}, {"trucks", {"TRK-3"}}, {"since", "0"}});
  std::vector<std::string> got;
  s.pass(50ms);
  event_ids(p->texts, got);
  EXPECT_EQ(got, ids(5, 5));
}

TEST_F(Resume, WhatTheJournalCannotTellIsSaidAndLiveGoesOn) {
  stage s{dir.path()};
  event(s);
  const auto p = s.connect();
  const json told = s.ask(p, {{"type", "subscribe"}, {"all", true}, {"since", "0000000000000999-00000"}});
  EXPECT_EQ(told.at("at"), "0000000000000002-99999");
  EXPECT_EQ(json::parse(s.next(p)).at("code"), "resume_expired");
  EXPECT_TRUE(is_positions(s.next(p)));
  event(s);
  EXPECT_EQ(json::parse(s.next(p)).at("event").at("id"), "0000000000000003-00000");
}

TEST_F(Resume, RecordsThatWereDroppedAreResumeExpired) {
  auto options = stage::roomy();
  options.retention = std::chrono::hours{0};
  options.snapshot_positions = 1;
  stage s{dir.path(), {}, options, 1'000};
  for (int i = 0; i < 50; ++i) event(s);
  s.p->start();
  ASSERT_TRUE(s.until([&] { return s.p->first_offset() > 5; }));
  const auto resume_from = [&](offset_t since) {
    const auto p = s.connect();
    p->send({{"type", "subscribe"}, {"trucks", {"TRK-49"}}, {"since", engine::event_id{since, 0}.to_string()}});
    s.next(p);
    const std::string second = s.next(p);
    return second.find("resume_expired") != std::string::npos;
  };
  offset_t first = 0;
  bool expired_before = false, expired_just_before = true, expired_at_first = true;
  while (first != s.p->first_offset()) {  // more may be dropped meanwhile
    first = s.p->first_offset();
    expired_before = resume_from(first - 2);
    expired_just_before = resume_from(first - 1);
    expired_at_first = resume_from(first);
  }
  EXPECT_TRUE(expired_before);
  EXPECT_FALSE(expired_just_before) << "all that came after it is there";
  EXPECT_FALSE(expired_at_first);
}

TEST_F(Resume, ASecondResumeDuringTheFirstIsRefused) {
  stage s{dir.path(), stage::tight()};
  for (int i = 0; i < 1'500; ++i) s.submit({{"TRK-" + std::to_string(i), 0}});
  event(s);
  const auto p = s.connect_slow();
  p->send({{"type", "subscribe"}, {"all", true}, {"since", "0"}});
  p->send({{"type", "subscribe"}, {"trucks", {"TRK-1"}}, {"since", "0"}});
  s.pass(50ms);
  s.reads(p);
  bool refused = false;
  EXPECT_TRUE(s.until([&] {
    for (; !p->texts.empty(); p->texts.pop_front()) refused |= p->texts.front().find("resume_in_progress") != std::string::npos;
    return refused;
  }));
}

TEST_F(Resume, WhoCannotTakeItsEventsIsSentAwayAndMissesNoneWhenItComesBack) {
  stage s{dir.path(), {.outbox = {.max_pending_events = 50}, .send_buffer_bytes = 4'096}};
  const auto slow = s.connect_slow();
  slow->send({{"type", "subscribe"}, {"all", true}});
  s.pass(20ms);
  while (s.fan_out.metrics().overflows == 0) event(s);
  s.reads(slow);
  ASSERT_TRUE(s.until([&] { return slow->close_code.has_value(); }));
  EXPECT_EQ(slow->close_code, 1013);
  std::vector<std::string> got;
  event_ids(slow->texts, got);
  ASSERT_FALSE(got.empty());
  for (int i = 0; i < 20; ++i) event(s);
  const auto again = s.connect();
  again->send({{"type", "subscribe"}, {"all", true}, {"since", got.back()}});
  const offset_t last = s.p->told();
  ASSERT_TRUE(s.until([&] {
    event_ids(again->texts, got);
    return got.back() == engine::event_id{last, 0}.to_string();
  }));
  EXPECT_EQ(got, ids(2, last));
  EXPECT_EQ(s.fan_out.metrics().overflows, 1U);
}

// A client that waits for nothing in a long past must not hold up everybody else.
TEST_F(Resume, ALongPastIsReadInShortTurns) {
  stage s{dir.path()};
  s.take(s.trucks(1'000, 0));
  for (int second = 1; second <= 3; ++second) s.take(s.trucks(1'000, second));
  std::vector<std::shared_ptr<pipeline::words::answer>> answers;
  for (int i = 0; i < 30'000; ++i) answers.push_back(s.submit({{"NEW-" + std::to_string(i), i}}));
  ASSERT_TRUE(s.until([&] { return answers.back()->got.has_value(); }));
  s.pass(20ms);
  const auto p = s.connect();
  p->send({{"type", "subscribe"}, {"trucks", {"TRK-1"}}, {"since", "0"}});
  pipeline::words::turn_watch watch;
  std::vector<std::string> got;
  ASSERT_TRUE(s.until([&] {
    watch.turn(s.loop);
    event_ids(p->texts, got);
    return !got.empty();
  }));
  for (int i = 0; i < 2'000; ++i) {
    watch.turn(s.loop);
  }
  RecordProperty("longest_turn_us", static_cast<int>(watch.longest / 1us));
  EXPECT_LT(watch.longest, 20ms);
}

}  // namespace
}  // namespace haulcast::ws
