#include "haulcast/consumers/place_to_begin.hpp"

#include <gtest/gtest.h>

namespace haulcast::consumers {
namespace {

const journal_extent whole{.id = "this", .first = 1, .last = 100};
const journal_extent cut{.id = "this", .first = 41, .last = 100};

std::optional<journal::checkpoint> at(journal::offset_t offset, std::string journal = "this") {
  return journal::checkpoint{std::move(journal), offset};
}
std::string why_not(const std::optional<journal::checkpoint>& stored, journal::offset_t noted, const journal_extent& log) {
  const auto place = place_to_begin(stored, noted, log);
  return place ? "it begins at " + std::to_string(place->next) : place.error().what;
}
std::string warning(const std::optional<journal::checkpoint>& stored, journal::offset_t noted, const journal_extent& log) {
  return place_to_begin(stored, noted, log).value().warning;
}

TEST(PlaceToBegin, ANewStoreBeginsWithTheOldestRecord) {
  EXPECT_EQ(why_not({}, 0, whole), "it begins at 1");
  EXPECT_EQ(why_not({}, 0, cut), "it begins at 41");
  EXPECT_EQ(warning({}, 0, cut), "");
}

TEST(PlaceToBegin, AStoreGoesOnBehindItsCheckpoint) {
  EXPECT_EQ(why_not(at(60), 50, cut), "it begins at 61");
  EXPECT_EQ(why_not(at(100), 100, cut), "it begins at 101");
  EXPECT_EQ(why_not(at(40), 40, cut), "it begins at 41");
  EXPECT_EQ(warning(at(60), 50, cut), "");
}

TEST(PlaceToBegin, AnOlderCopyIsWrittenAgainAsFarAsTheJournalReachesAndItIsSaid) {
  EXPECT_EQ(why_not(at(60), 90, cut), "it begins at 61");
  EXPECT_NE(warning(at(60), 90, cut).find("older than it was (record 60, it had come to 90)"), std::string::npos);
  EXPECT_EQ(why_not({}, 90, whole), "it begins at 1");
  EXPECT_NE(warning({}, 90, whole).find("the store is empty and had come to record 90"), std::string::npos);
}

TEST(PlaceToBegin, RecordsThatAreInNeitherStopTheStart) {
  EXPECT_NE(why_not(at(20), 90, cut).find("ends at record 20, but the journal begins at record 41"), std::string::npos);
  EXPECT_NE(why_not({}, 90, cut).find("the store is empty"), std::string::npos);
  EXPECT_NE(why_not({}, 90, cut).find("--adopt"), std::string::npos);
}

TEST(PlaceToBegin, AnotherJournalsStoreAndOneAheadStopTheStart) {
  EXPECT_NE(why_not(at(20, "other"), 0, whole).find("belongs to another journal (other, this one is this)"), std::string::npos);
  EXPECT_NE(why_not(at(101), 0, whole).find("ahead of the journal (record 101 of 100)"), std::string::npos);
}

TEST(PlaceToBegin, AdoptingMovesTheCheckpointToWhereItCanGoOn) {
  EXPECT_EQ(adopted(at(60), 50, whole), std::nullopt);
  EXPECT_EQ(adopted({}, 0, cut), std::nullopt);
  const auto moved = [](const auto& stored, journal::offset_t noted, const journal_extent& log) {
    const auto to = adopted(stored, noted, log).value();
    EXPECT_EQ(to.journal_id, "this");
    EXPECT_EQ(why_not(to, noted, log), "it begins at " + std::to_string(to.offset + 1));
    return to.offset;
  };
  EXPECT_EQ(moved(at(20, "other"), 0, whole), 0u);
  EXPECT_EQ(moved(at(20, "other"), 0, cut), 40u);
  EXPECT_EQ(moved(at(101), 0, whole), 100u);
  EXPECT_EQ(moved(at(20), 90, cut), 40u);
  EXPECT_EQ(moved(std::optional<journal::checkpoint>{}, 90, cut), 40u);
}

}  // namespace
}  // namespace haulcast::consumers
