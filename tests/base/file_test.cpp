#include "haulcast/base/file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

namespace haulcast {
namespace {

namespace fs = std::filesystem;

class File : public testing::Test {
 protected:
  void SetUp() override {
    auto name = (fs::temp_directory_path() / "haulcast-file-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }
  file opened() const { return std::move(file::open(root_ / "f", O_RDWR | O_CREAT)).value(); }

  fs::path root_;
};

TEST_F(File, WritesAndReadsAtAnyPlace) {
  const file f = opened();
  ASSERT_FALSE(f.write_at(0, "abcdef"));
  ASSERT_FALSE(f.write_at(3, "XY", "Zuvw"));
  ASSERT_FALSE(f.write_at(9, "", "!"));
  ASSERT_FALSE(f.write_at(10, "", ""));
  ASSERT_FALSE(f.write_at(10, "?", ""));
  EXPECT_EQ(*f.read_at(0, 100), "abcXYZuvw!?");
  EXPECT_EQ(*f.read_at(4, 3), "YZu");
  EXPECT_EQ(*f.read_at(100, 3), "");
  EXPECT_EQ(*f.size(), 11u);
  EXPECT_FALSE(f.sync() || f.sync_data());
  ASSERT_FALSE(f.truncate(3));
  EXPECT_EQ(*f.read_at(0, 100), "abc");
}

TEST_F(File, AFullDiskIsAnErrorWhereverItHits) {
  const file f = opened();
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  for (rlim_t room = 0; room < 8; ++room) {
    ASSERT_FALSE(f.truncate(0));
    rlimit now = before;
    now.rlim_cur = room;
    ::setrlimit(RLIMIT_FSIZE, &now);
    const auto error = f.write_at(0, "head", "rest");
    ::setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_EQ(error, std::errc::file_too_large) << room;
  }
}

TEST_F(File, ErrorsAreValues) {
  EXPECT_EQ(file::open(root_ / "none", O_RDONLY).error(), std::errc::no_such_file_or_directory);
  EXPECT_EQ(file{}.write_at(0, "x"), std::errc::bad_file_descriptor);
  EXPECT_EQ(file{}.read_at(0, 1).error(), std::errc::bad_file_descriptor);
  EXPECT_EQ(file{}.size().error(), std::errc::bad_file_descriptor);
  EXPECT_EQ(sync_directory(root_ / "none"), std::errc::no_such_file_or_directory);
  EXPECT_EQ(replace_file(root_ / "none" / "f", "x"), std::errc::no_such_file_or_directory);
}

TEST_F(File, ClosesWhatItHolds) {
  int descriptor = -1;
  {
    file f = opened();
    descriptor = f.descriptor();
    file moved = std::move(f);
    EXPECT_FALSE(f.is_open());  // NOLINT(bugprone-use-after-move): a moved-from file is a closed one
    f = std::move(moved);
    EXPECT_EQ(f.descriptor(), descriptor);
    f = opened();
    EXPECT_EQ(::fcntl(descriptor, F_GETFD), -1);
    EXPECT_NE(::fcntl(f.descriptor(), F_GETFD) & FD_CLOEXEC, 0);
    descriptor = f.descriptor();
  }
  EXPECT_EQ(::fcntl(descriptor, F_GETFD), -1);
}

TEST_F(File, IsReplacedWholeAndForItsOwnerAlone) {
  ASSERT_FALSE(replace_file(root_ / "f", "a long first content"));
  ASSERT_FALSE(replace_file(root_ / "f", "second"));
  EXPECT_EQ(*read_file(root_ / "f", 100), "second");
  EXPECT_FALSE(fs::exists(root_ / "f.new"));
  struct stat info{};
  ASSERT_EQ(::stat((root_ / "f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
}

TEST_F(File, IsReplacedByABareNameToo) {
  const auto before = fs::current_path();
  fs::current_path(root_);
  const auto error = replace_file("bare", "content");
  fs::current_path(before);
  EXPECT_FALSE(error) << error.message();
  EXPECT_EQ(*read_file(root_ / "bare", 100), "content");
}

TEST_F(File, ASmallFileIsReadUpToItsBound) {
  ASSERT_FALSE(replace_file(root_ / "f", "12345678"));
  EXPECT_EQ(*read_file(root_ / "f", 8), "12345678");
  EXPECT_EQ(read_file(root_ / "f", 7).error(), std::errc::file_too_large);
  EXPECT_EQ(read_file(root_ / "none", 7).error(), std::errc::no_such_file_or_directory);
}

}  // namespace
}  // namespace haulcast
