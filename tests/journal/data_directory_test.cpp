#include "haulcast/journal/data_directory.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal/scratch.hpp"

namespace haulcast::journal {
namespace {

using namespace scratch;

std::string why_not(const fs::path& path) {
  const auto opened = data_directory::open(path);
  return opened ? "it opened" : opened.error().what;
}

unsigned mode_of(const fs::path& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777u : 0;
}

TEST(DataDirectory, IsMadeForItsOwnerAlone) {
  const directory d;
  const auto opened = data_directory::open(d / "a" / "b" / "data");
  ASSERT_TRUE(opened) << opened.error().what;
  EXPECT_EQ(mode_of(d / "a" / "b" / "data"), 0700u);
  EXPECT_EQ(opened->path(), d / "a" / "b" / "data");
  EXPECT_EQ(opened->journal(), d / "a" / "b" / "data" / "journal");
  EXPECT_EQ(opened->snapshots().parent_path(), opened->path());
  EXPECT_EQ(opened->checkpoints().parent_path(), opened->path());
  EXPECT_EQ(opened->secret(), opened->path() / "secret");
}

TEST(DataDirectory, ASlashAtTheEndAndARelativeNameAreTheSameDirectory) {
  const directory d;
  const auto before = fs::current_path();
  fs::current_path(d.path());
  const auto relative = data_directory::open("data/");
  fs::current_path(before);
  ASSERT_TRUE(relative) << relative.error().what;
  EXPECT_EQ(relative->path(), d / "data");
  EXPECT_NE(why_not(d / "data").find("in use"), std::string::npos);
}

TEST(DataDirectory, IsInUseByOneServerAtATime) {
  const directory d;
  {
    auto first = data_directory::open(d / "data");
    ASSERT_TRUE(first);
    const auto moved = std::move(*first);
    EXPECT_EQ(why_not(d / "data"), "the data directory " + (d / "data").string() + " is in use by another server (process " +
                                       std::to_string(::getpid()) + ")");
  }
  EXPECT_EQ(why_not(d / "data"), "it opened");
}

TEST(DataDirectory, AServerThatWasKilledHoldsNothing) {
  const directory d;
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = data_directory::open(d / "data");
    ::_exit(held ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(why_not(d / "data"), "it opened");
}

TEST(DataDirectory, AFileIsNotADirectory) {
  const directory d;
  write(d / "data", "");
  EXPECT_EQ(why_not(d / "data"), "the data directory " + (d / "data").string() + " is not a directory");
  EXPECT_NE(why_not(d / "data" / "below").find("cannot create the data directory"), std::string::npos);
}

/// While it lives, this process acts as a user that owns nothing.
class nobody {
 public:
  nobody() : changed_{::seteuid(65534) == 0} {}
  nobody(const nobody&) = delete;
  ~nobody() {
    if (changed_ && ::seteuid(0) != 0) std::abort();
  }

 private:
  bool changed_;
};

TEST(DataDirectory, SomebodyElsesIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be two users";
  const directory d;
  fs::permissions(d.path(), fs::perms::all);
  fs::create_directory(d / "data");
  fs::permissions(d / "data", fs::perms::all);
  std::string why;
  {
    const nobody now;
    why = why_not(d / "data");
  }
  EXPECT_EQ(why, "the data directory " + (d / "data").string() + " belongs to another user (uid 0, this server runs as 65534)");
}

TEST(DataDirectory, OneThatCannotBeWrittenIsRefused) {
  const directory d;
  fs::permissions(d.path(), fs::perms::all);
  std::string why;
  std::string why_not_made;
  {
    const nobody now;
    fs::create_directory(d / "data");
    fs::permissions(d / "data", fs::perms::owner_read | fs::perms::owner_exec);
    why = why_not(d / "data");
    why_not_made = why_not(d / "data" / "deeper");
    fs::permissions(d / "data", fs::perms::all);
  }
  EXPECT_EQ(why, "cannot write to the data directory " + (d / "data").string() + ": Permission denied");
  EXPECT_NE(why_not_made.find("cannot create the data directory"), std::string::npos) << why_not_made;
}

TEST(DataDirectory, ALockThatPointsElsewhereIsNotFollowed) {
  const directory d;
  fs::create_directory(d / "data");
  write(d / "precious", "kept");
  fs::create_symlink(d / "precious", d / "data" / "LOCK");
  EXPECT_NE(why_not(d / "data"), "it opened");
  EXPECT_EQ(content(d / "precious"), "kept");
}

}  // namespace
}  // namespace haulcast::journal
