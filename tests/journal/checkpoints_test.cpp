#include "haulcast/journal/checkpoints.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "journal/scratch.hpp"

namespace haulcast::journal {
namespace {

using namespace scratch;

const std::string ours(32, 'a');
const std::string theirs(32, 'b');

class Checkpoints : public testing::Test {
 protected:
  checkpoints open(const std::string& journal = ours, std::vector<std::string> holding = {"store"}) const {
    return std::move(checkpoints::open(d_ / "checkpoints", journal, std::move(holding))).value();
  }
  fs::path file_of(const std::string& name) const { return d_ / "checkpoints" / (name + ".checkpoint"); }
  static std::string sentence(const result<void>& r) { return r ? "fine" : r.error().what; }

  directory d_;
};

TEST_F(Checkpoints, AConsumerThatIsNewBeginsAtTheBeginning) {
  const auto all = open();
  const auto c = all.load("store");
  ASSERT_TRUE(c);
  EXPECT_EQ(c->offset, 0u);
  EXPECT_EQ(c->journal_id, ours);
  EXPECT_FALSE(fs::exists(file_of("store")));
  struct stat info{};
  ASSERT_EQ(::stat((d_ / "checkpoints").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0700u);
}

TEST_F(Checkpoints, AreKeptAcrossAReopen) {
  {
    auto all = open();
    ASSERT_TRUE(all.store("store", 41));
    ASSERT_TRUE(all.store("store", 42));
    ASSERT_TRUE(all.store("fleet:dashboard-1", 7));
  }
  const auto all = open();
  EXPECT_EQ(all.load("store")->offset, 42u);
  EXPECT_EQ(all.load("fleet:dashboard-1")->offset, 7u);
  EXPECT_EQ(content(file_of("store")), "journal " + ours + "\noffset 42\n");
}

TEST_F(Checkpoints, AnOffsetMayGoBackToHandleRecordsAgain) {
  auto all = open();
  ASSERT_TRUE(all.store("store", 42));
  ASSERT_TRUE(all.store("store", 3));
  EXPECT_EQ(all.load("store")->offset, 3u);
  EXPECT_EQ(all.holds(), 4u);
}

TEST_F(Checkpoints, NamesPlayNoTricks) {
  auto all = open();
  for (const char* name : {"", "a/b", "../a", "/etc/passwd", "a b", "a\n", "ä"}) {
    EXPECT_FALSE(all.store(name, 1)) << name;
    EXPECT_FALSE(all.load(name)) << name;
  }
  EXPECT_FALSE(all.store(std::string_view{"a\0b", 3}, 1));
  EXPECT_FALSE(all.store(std::string(129, 'x'), 1));
  for (const std::string& name : {std::string{"."}, std::string{".."}, std::string{"a.checkpoint"}, std::string{"a.new"},
                                  std::string{"a"}, std::string{"A"}, std::string(128, 'x')}) {
    ASSERT_TRUE(all.store(name, name.size())) << name;
  }
  EXPECT_EQ(all.load(".")->offset, 1u);
  EXPECT_EQ(all.load("..")->offset, 2u);
  EXPECT_EQ(all.load("a")->offset, 1u);
  EXPECT_EQ(all.load("a.new")->offset, 5u);
  EXPECT_EQ(all.load("a.checkpoint")->offset, 12u);
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator{d_ / "checkpoints"}) files += entry.is_regular_file() ? 1 : 0;
  EXPECT_EQ(files, 7u);
  EXPECT_EQ(sentence(all.check(1000)), "fine");
}

TEST_F(Checkpoints, AheadOfTheJournalIsOneClearSentence) {
  auto all = open();
  ASSERT_TRUE(all.store("store", 100));
  EXPECT_EQ(sentence(all.check(101)), "fine");
  EXPECT_EQ(sentence(all.check(100)), "fine");
  EXPECT_NE(sentence(all.check(99)).find("the checkpoint of consumer store is ahead of the journal (record 100 of 99)"),
            std::string::npos);
  EXPECT_NE(sentence(all.check(99)).find("--adopt"), std::string::npos);
  ASSERT_TRUE(all.adopt(99));
  EXPECT_EQ(sentence(all.check(99)), "fine");
  EXPECT_EQ(all.load("store")->offset, 99u);
  EXPECT_EQ(all.holds(), 100u);
}

TEST_F(Checkpoints, AnotherJournalsIsOneClearSentence) {
  ASSERT_TRUE(open(theirs).store("store", 100));
  auto all = open();
  EXPECT_NE(sentence(all.check(1000)).find("the checkpoint of consumer store belongs to another journal"), std::string::npos);
  EXPECT_EQ(all.load("store")->journal_id, theirs);
  EXPECT_EQ(all.holds(), 1u) << "what it says of another journal lets nothing of this one go";
  ASSERT_TRUE(all.adopt(1000));
  EXPECT_EQ(sentence(all.check(1000)), "fine");
  EXPECT_EQ(all.load("store")->offset, 0u);
}

TEST_F(Checkpoints, HoldBackWhatTheSlowestHasNotHandled) {
  auto all = open(ours, {"store", "archive"});
  EXPECT_EQ(all.holds(), 1u) << "nobody has begun";
  ASSERT_TRUE(all.store("store", 50));
  EXPECT_EQ(all.holds(), 1u);
  ASSERT_TRUE(all.store("archive", 20));
  EXPECT_EQ(all.holds(), 21u);
  ASSERT_TRUE(all.store("a-dashboard", 3));
  EXPECT_EQ(all.holds(), 21u) << "a stream's consumer holds nothing back";
  ASSERT_TRUE(all.store("archive", 60));
  EXPECT_EQ(all.holds(), 51u);
  EXPECT_EQ(open(ours, {"store", "archive"}).holds(), 51u);
  EXPECT_EQ(open(ours, {}).holds(), std::numeric_limits<offset_t>::max());
}

TEST_F(Checkpoints, ADamagedOneIsNamed) {
  ASSERT_TRUE(open().store("store", 100));
  const std::string whole = content(file_of("store"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write(file_of("store"), whole.substr(0, size));
    const auto all = checkpoints::open(d_ / "checkpoints", ours, {});
    ASSERT_FALSE(all) << size;
    ASSERT_NE(all.error().what.find(file_of("store").string() + " is damaged"), std::string::npos) << all.error().what;
  }
  for (const std::string& text : {whole + "x", whole + whole, "journal " + ours + "\noffset -1\n",
                                  "journal " + ours + "\noffset 99999999999999999999999\n", std::string(10'000, 'x')}) {
    write(file_of("store"), text);
    EXPECT_FALSE(checkpoints::open(d_ / "checkpoints", ours, {})) << text.substr(0, 100);
  }
}

TEST_F(Checkpoints, AFullDiskKeepsTheOldOne) {
  auto all = open();
  ASSERT_TRUE(all.store("store", 1));
  {
    const full_disk full{5};
    EXPECT_FALSE(all.store("store", 2));
  }
  EXPECT_EQ(all.load("store")->offset, 1u);
  EXPECT_EQ(all.holds(), 2u);
  EXPECT_TRUE(all.store("store", 2));
}

}  // namespace
}  // namespace haulcast::journal
