#include "haulcast/auth/secret.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

#include "haulcast/auth/base64url.hpp"

namespace haulcast::auth {
namespace {

namespace fs = std::filesystem;

class Secret : public testing::Test {
 protected:
  void SetUp() override {
    auto name = (fs::temp_directory_path() / "haulcast-secret-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path data_dir() const { return root_ / "data"; }
  void write(std::string_view text, fs::perms mode = fs::perms::owner_read | fs::perms::owner_write) const {
    fs::create_directories(data_dir());
    std::ofstream{data_dir() / "secret"} << text;
    fs::permissions(data_dir() / "secret", mode);
  }

  fs::path root_;
};

TEST_F(Secret, IsMadeOnceAndStaysTheSame) {
  const auto made = load_or_create_secret(data_dir());
  ASSERT_TRUE(made) << made.error().what;
  EXPECT_TRUE(made->created_now);
  EXPECT_EQ(from_base64url(made->text).value().size(), 48U);
  const auto again = load_or_create_secret(data_dir());
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->created_now);
  EXPECT_EQ(again->text, made->text);
}

TEST_F(Secret, IsReadableByItsOwnerAlone) {
  ASSERT_TRUE(load_or_create_secret(data_dir()));
  EXPECT_EQ(fs::status(data_dir() / "secret").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(data_dir()).permissions(), fs::perms::owner_all);
}

TEST_F(Secret, DiffersFromServerToServer) {
  EXPECT_NE(load_or_create_secret(root_ / "a")->text, load_or_create_secret(root_ / "b")->text);
}

TEST_F(Secret, LeavesNothingElseBehind) {
  ASSERT_TRUE(load_or_create_secret(data_dir()));
  EXPECT_EQ(std::distance(fs::directory_iterator{data_dir()}, fs::directory_iterator{}), 1);
}

TEST_F(Secret, IsOneForAllWhoStartAtOnce) {
  std::vector<std::string> seen(8);
  std::vector<std::thread> starters;
  for (auto& text : seen) starters.emplace_back([&] { text = load_or_create_secret(data_dir()).value().text; });
  for (auto& starter : starters) starter.join();
  EXPECT_EQ(std::count(seen.begin(), seen.end(), seen.front()), 8);
}

TEST_F(Secret, ThatOthersCanReadIsRefused) {
  for (const auto mode : {fs::perms::group_read, fs::perms::others_read, fs::perms::group_write}) {
    write(std::string(64, 's'), fs::perms::owner_read | mode);
    const auto refused = load_or_create_secret(data_dir());
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("chmod 600"), std::string::npos) << refused.error().what;
    fs::remove(data_dir() / "secret");
  }
}

TEST_F(Secret, HasAtLeast32Bytes) {
  write(std::string(31, 's') + "\n");
  EXPECT_FALSE(load_or_create_secret(data_dir()));
  write(std::string(32, 's') + "\n");
  EXPECT_EQ(load_or_create_secret(data_dir())->text, std::string(32, 's'));
  write("");
  EXPECT_FALSE(load_or_create_secret(data_dir()));
}

TEST_F(Secret, ThatIsALinkOrADirectoryIsRefused) {
  fs::create_directories(data_dir());
  std::ofstream{root_ / "elsewhere"} << std::string(64, 's');
  fs::create_symlink(root_ / "elsewhere", data_dir() / "secret");
  EXPECT_FALSE(load_or_create_secret(data_dir()));
  fs::remove(data_dir() / "secret");
  fs::create_directory(data_dir() / "secret");
  EXPECT_FALSE(load_or_create_secret(data_dir()));
}

TEST_F(Secret, IsNotMadeWhereNoDirectoryCanBe) {
  std::ofstream{root_ / "data"} << "a file";
  const auto refused = load_or_create_secret(data_dir());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find(data_dir().string()), std::string::npos) << refused.error().what;
}

}  // namespace
}  // namespace haulcast::auth
