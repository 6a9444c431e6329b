#include "haulcast/hub/outbox.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <map>
#include <random>
#include <string>

#include "hub/words.hpp"

namespace haulcast::hub {
namespace {

using words::text_of;

std::string all_of(outbox& o, std::size_t bytes_max = static_cast<std::size_t>(-1)) {
  std::string out;
  o.take_positions(out, bytes_max);
  return out;
}

TEST(Outbox, ASubscriberThatKeepsUpGetsEveryPositionInOrder) {
  outbox o{{.max_pending_bytes = 100}};
  for (const char* p : {",a1", ",b1", ",a2", ",a3"}) EXPECT_EQ(o.offer_position(p[1] == 'a' ? 1 : 2, text_of(p)), 0U);
  EXPECT_EQ(o.pending_bytes(), 12U);
  EXPECT_EQ(all_of(o), ",a1,b1,a2,a3");
  EXPECT_TRUE(o.empty());
  EXPECT_EQ(o.pending_bytes(), 0U);
}

TEST(Outbox, AtTheBoundNothingIsConflatedAndOneByteAboveOnlyTheNewestOfEachTruckWaits) {
  outbox o{{.max_pending_bytes = 9}};
  EXPECT_EQ(o.offer_position(1, text_of(",a1")), 0U);
  EXPECT_EQ(o.offer_position(2, text_of(",b1")), 0U);
  EXPECT_EQ(o.offer_position(1, text_of(",a2")), 0U);  // nine bytes
  EXPECT_EQ(o.offer_position(3, text_of(",")), 1U);    // ten
  EXPECT_EQ(o.pending_bytes(), 7U);
  EXPECT_EQ(all_of(o), ",a2,b1,");
}

TEST(Outbox, ConflatingStopsOnceEverythingWasTaken) {
  outbox o{{.max_pending_bytes = 5}};
  o.offer_position(1, text_of(",a1"));
  EXPECT_EQ(o.offer_position(1, text_of(",a2")), 1U);
  EXPECT_EQ(o.offer_position(1, text_of(",a3")), 1U);
  EXPECT_EQ(all_of(o), ",a3");
  o.offer_position(1, text_of(",a"));
  EXPECT_EQ(o.offer_position(1, text_of(",b")), 0U);
  EXPECT_EQ(all_of(o), ",a,b");
}

TEST(Outbox, WhatIsTakenInPartsStaysInOrderAndIsStillReplacedByNewer) {
  outbox o{{.max_pending_bytes = 0}};
  for (std::uint64_t truck = 0; truck < 10; ++truck) o.offer_position(truck, text_of("," + std::to_string(truck)));
  std::string out;
  o.take_positions(out, 1);
  EXPECT_EQ(out, ",0");
  EXPECT_EQ(o.offer_position(5, text_of(",five")), 1U);
  EXPECT_EQ(o.offer_position(0, text_of(",zero")), 0U);  // the one before is on its way
  out.clear();
  o.take_positions(out, 4);
  EXPECT_EQ(out, ",1,2");
  EXPECT_EQ(o.offer_position(9, text_of(",nine")), 1U);
  EXPECT_EQ(all_of(o), ",3,4,five,6,7,8,nine,zero");
}

TEST(Outbox, WithARateLimitOnlyTheNewestOfEachTruckWaitsHoweverLittleThatIs) {
  outbox o{{}};
  o.offer_position(1, text_of(",a1"));
  o.offer_position(1, text_of(",a2"));
  EXPECT_EQ(o.conflate_always(true), 1U);
  EXPECT_EQ(o.offer_position(1, text_of(",a3")), 1U);
  EXPECT_EQ(all_of(o), ",a3");
  o.offer_position(1, text_of(",a4"));
  EXPECT_EQ(o.offer_position(1, text_of(",a5")), 1U);
  EXPECT_EQ(all_of(o), ",a5");
}

TEST(Outbox, EventsAreTakenWholeUpToTheirBoundAndNeverDropped) {
  outbox o{{.max_pending_events = 2}};
  EXPECT_TRUE(o.offer_event(text_of("one")));
  EXPECT_TRUE(o.offer_event(text_of("two")));
  EXPECT_FALSE(o.offer_event(text_of("three")));
  EXPECT_EQ(o.pending_events(), 2U);
  std::string out;
  o.take_events(out, 1);
  EXPECT_EQ(out, "one");
  EXPECT_TRUE(o.offer_event(text_of("three")));
  o.take_events(out, 1000);
  EXPECT_EQ(out, "onetwothree");
  EXPECT_EQ(o.pending_bytes(), 0U);
}

// Against a plain list: any mix of offers and partial takes.
TEST(Outbox, BehavesAsAListInWhichTheNewestOfATruckTakesThePlaceOfItsFirst) {
  std::mt19937 dice{7};
  for (int round = 0; round < 200; ++round) {
    outbox o{{.max_pending_bytes = 40}};
    std::vector<std::pair<std::uint64_t, std::string>> list;
    bool conflating = false;
    const auto bytes = [&] {
      std::size_t sum = 0;
      for (const auto& [_, text] : list) sum += text.size();
      return sum;
    };
    for (int step = 0; step < 200; ++step) {
      if (dice() % 4 != 0) {
        const std::uint64_t truck = dice() % 12;
        std::string text = "," + std::to_string(truck) + ":" + std::to_string(step);
        o.offer_position(truck, text_of(text));
        const auto old = std::find_if(list.begin(), list.end(), [&](const auto& w) { return conflating && w.first == truck; });
        if (old != list.end())
          old->second = text;
        else
          list.emplace_back(truck, text);
        if (!conflating && bytes() > 40) {
          conflating = true;
          std::vector<std::pair<std::uint64_t, std::string>> kept;
          for (auto& w : list) {
            const auto first = std::find_if(kept.begin(), kept.end(), [&](const auto& k) { return k.first == w.first; });
            if (first == kept.end())
              kept.push_back(w);
            else
              first->second = w.second;
          }
          list = kept;
        }
      } else {
        const std::size_t max = dice() % 30;
        std::string out;
        std::string expected;
        o.take_positions(out, max);
        while (!list.empty() && expected.size() < max) {
          expected += list.front().second;
          list.erase(list.begin());
        }
        if (list.empty()) conflating = false;
        ASSERT_EQ(out, expected);
      }
      ASSERT_EQ(o.pending_bytes(), bytes());
    }
  }
}

std::size_t allocated() {
  const auto info = ::mallinfo2();
  return info.uordblks;
}

// An idle subscriber is one of ten thousand.
TEST(Outbox, HoldsNoMemoryWhileItIsEmpty) {
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "the sanitizer's allocator keeps no such figures";
#endif
  const auto position = text_of(",a");
  const std::size_t before = allocated();
  const auto o = std::make_unique<outbox>(outbox_options{.max_pending_bytes = 100});
  EXPECT_LE(allocated() - before, sizeof(outbox) + 32);
  for (std::uint64_t truck = 0; truck < 1000; ++truck) {
    o->offer_position(truck, position);
    EXPECT_TRUE(o->offer_event(position));
  }
  EXPECT_GT(allocated() - before, 16'000U);
  std::string out;
  out.reserve(10'000);
  o->take_positions(out, 1'000'000);
  o->take_events(out, 1'000'000);
  std::string{}.swap(out);
  constexpr std::size_t kept_by_the_allocator = 8'192;  // small pieces that were freed, in the thread's cache
  EXPECT_LE(allocated() - before, sizeof(outbox) + kept_by_the_allocator);
}

}  // namespace
}  // namespace haulcast::hub
