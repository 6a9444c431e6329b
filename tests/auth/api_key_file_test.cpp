#include "haulcast/auth/api_key_file.hpp"

#include <algorithm>
#include <thread>

#include "key_directory.hpp"

namespace haulcast::auth {
namespace {

namespace fs = std::filesystem;
using ApiKeyFile = key_directory;

const std::string sixty_four(64, 'a');

std::string one_key(std::string_view members) {
  return R"({"version":1,"keys":[{"name":"n","sha256":")" + sixty_four + R"(","created":1800000000,)" + std::string{members} +
         "}]}";
}

TEST_F(ApiKeyFile, IsNoKeysWhileItIsNotThere) {
  EXPECT_TRUE(read_api_keys(file()).value().empty());
  EXPECT_FALSE(remove_api_key(file(), "n").value());
  EXPECT_FALSE(fs::exists(file().parent_path())) << "looking makes nothing";
}

TEST_F(ApiKeyFile, GivesBackAllThatWasPutIntoIt) {
  const api_key full{.name = "gateway-7",
                     .digest = sha256{}("hk_1"),
                     .who = role::driver,
                     .trucks = {"TRK-2", "TRK-1"},
                     .requests_per_s = 0.5,
                     .request_burst = 3,
                     .created = noon_of_keys,
                     .expires = noon_of_keys + std::chrono::hours{1}};
  ASSERT_TRUE(add_api_key(file(), full).value());
  ASSERT_TRUE(
      add_api_key(file(), {.name = "c", .digest = sha256{}("hk_2"), .who = role::customer, .customer_id = "C-1"}).value());
  ASSERT_TRUE(
      add_api_key(file(), {.name = "m", .digest = sha256{}("hk_3"), .who = role::merchant, .merchant_id = "M-1"}).value());
  const auto keys = read_api_keys(file()).value();
  ASSERT_EQ(keys.size(), 3U);
  EXPECT_EQ(keys[0].name, full.name);
  EXPECT_EQ(keys[0].digest, full.digest);
  EXPECT_EQ(keys[0].who, role::driver);
  EXPECT_EQ(keys[0].trucks, full.trucks);
  EXPECT_EQ(keys[0].requests_per_s, 0.5);
  EXPECT_EQ(keys[0].request_burst, 3U);
  EXPECT_EQ(keys[0].created, full.created);
  EXPECT_EQ(keys[0].expires, full.expires);
  EXPECT_EQ(keys[1].customer_id, "C-1");
  EXPECT_FALSE(keys[1].expires);
  EXPECT_EQ(keys[2].merchant_id, "M-1");
}

TEST_F(ApiKeyFile, HoldsTheDigestAndNotTheKey) {
  const auto key = new_api_key().value();
  ASSERT_TRUE(add_api_key(file(), admin_key("n", key)).value());
  EXPECT_EQ(text().find(key), std::string::npos);
  EXPECT_EQ(text().find(key.substr(api_key_prefix.size())), std::string::npos);
  EXPECT_EQ(read_api_keys(file()).value().front().digest, sha256{}(key));
}

TEST_F(ApiKeyFile, BelongsToItsOwnerAloneWhateverItWasBefore) {
  ASSERT_TRUE(add_api_key(file(), admin_key("n", "hk_1")).value());
  EXPECT_EQ(fs::status(file()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(file().parent_path()).permissions(), fs::perms::owner_all);
  fs::permissions(file(), fs::perms::others_read, fs::perm_options::add);
  ASSERT_TRUE(add_api_key(file(), admin_key("m", "hk_2")).value());
  EXPECT_EQ(fs::status(file()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(ApiKeyFile, ThatOthersCanChangeIsRefused) {
  ASSERT_TRUE(add_api_key(file(), admin_key("n", "hk_1")).value());
  for (const auto mode : {fs::perms::group_write, fs::perms::others_write}) {
    fs::permissions(file(), mode, fs::perm_options::add);
    const auto refused = read_api_keys(file());
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("chmod 600"), std::string::npos) << refused.error().what;
    EXPECT_FALSE(add_api_key(file(), admin_key("m", "hk_2")));
    fs::permissions(file(), mode, fs::perm_options::remove);
  }
}

TEST_F(ApiKeyFile, TakesANameAndADigestOnce) {
  ASSERT_TRUE(add_api_key(file(), admin_key("n", "hk_1")).value());
  EXPECT_FALSE(add_api_key(file(), admin_key("n", "hk_2")).value());
  EXPECT_FALSE(add_api_key(file(), admin_key("m", "hk_1")).value());
  EXPECT_EQ(read_api_keys(file()).value().size(), 1U);
}

TEST_F(ApiKeyFile, ForgetsWhatIsRemovedAndKeepsTheOthersInOrder) {
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(add_api_key(file(), admin_key(name, name)).value());
  EXPECT_TRUE(remove_api_key(file(), "b").value());
  EXPECT_FALSE(remove_api_key(file(), "b").value());
  const auto keys = read_api_keys(file()).value();
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].name, "a");
  EXPECT_EQ(keys[1].name, "c");
}

TEST_F(ApiKeyFile, LosesNoKeyWhenManyEditAtOnce) {
  std::vector<std::thread> editors;
  for (int i = 0; i < 8; ++i) {
    editors.emplace_back([this, i] {
      const auto name = "k" + std::to_string(i);
      EXPECT_TRUE(add_api_key(file(), admin_key(name, name)).value());
      EXPECT_TRUE(add_api_key(file(), admin_key(name + "-gone", name + "-gone")).value());
      EXPECT_TRUE(remove_api_key(file(), name + "-gone").value());
    });
  }
  for (auto& one : editors) one.join();
  EXPECT_EQ(read_api_keys(file()).value().size(), 8U);
}

TEST_F(ApiKeyFile, IsReadWholeWhileOthersEditIt) {
  ASSERT_TRUE(add_api_key(file(), admin_key("first", "first")).value());
  std::thread editor{[this] {
    for (int i = 0; i < 20; ++i) {
      const auto name = "k" + std::to_string(i);
      EXPECT_TRUE(add_api_key(file(), admin_key(name, name)).value());
    }
  }};
  std::size_t seen = 0;
  for (int i = 0; i < 200; ++i) {
    const auto keys = read_api_keys(file());
    ASSERT_TRUE(keys) << keys.error().what;
    EXPECT_GE(keys->size(), std::max<std::size_t>(seen, 1));
    seen = keys->size();
  }
  editor.join();
}

TEST_F(ApiKeyFile, ThatIsALinkStaysOne) {
  fs::create_directories(root_ / "elsewhere");
  fs::create_directories(file().parent_path());
  ASSERT_TRUE(add_api_key(root_ / "elsewhere" / "keys", admin_key("n", "hk_1")).value());
  fs::create_symlink(root_ / "elsewhere" / "keys", file());
  ASSERT_TRUE(add_api_key(file(), admin_key("m", "hk_2")).value());
  EXPECT_TRUE(fs::is_symlink(file()));
  EXPECT_EQ(read_api_keys(root_ / "elsewhere" / "keys").value().size(), 2U);
}

TEST_F(ApiKeyFile, ThatIsDamagedIsRefusedInOneSentenceAndLeftAsItIs) {
  for (const auto& damaged : {std::string{},
                              std::string{"{"},
                              std::string{"[]"},
                              std::string{"{}"},
                              std::string{R"({"version":2,"keys":[]})"},
                              std::string{R"({"version":1,"keys":{}})"},
                              std::string{R"({"version":1,"keys":[],"more":1})"},
                              std::string{R"({"version":1,"keys":[],"keys":[]})"},
                              std::string{R"({"version":1,"keys":[1]})"},
                              std::string{R"({"version":1,"keys":[{}]})"},
                              one_key(R"("role":"admin","role":"admin")"),
                              one_key(R"("role":"pilot")"),
                              one_key(R"("colour":"red","role":"admin")"),
                              one_key(R"("role":"admin","expires":"2027-01-01")"),
                              one_key(R"("role":"admin","expires":-1)"),
                              one_key(R"("role":"admin","expires":1e300)"),
                              one_key(R"("role":"driver")"),
                              one_key(R"("role":"driver","trucks":[])"),
                              one_key(R"("role":"driver","trucks":["a b"])"),
                              one_key(R"("role":"driver","trucks":"TRK-1")"),
                              one_key(R"("role":"admin","trucks":["TRK-1"])"),
                              one_key(R"("role":"customer")"),
                              one_key(R"("role":"customer","customer_id":"C","merchant_id":"M")"),
                              one_key(R"("role":"admin","requests_per_s":1)"),
                              one_key(R"("role":"admin","burst":1)"),
                              one_key(R"("role":"admin","requests_per_s":-1,"burst":1)"),
                              one_key(R"("role":"admin","requests_per_s":1,"burst":0)"),
                              one_key(R"("role":"admin","requests_per_s":1,"burst":1.5)"),
                              one_key(R"("role":"admin","burst":18446744073709551615)")}) {
    SCOPED_TRACE(damaged);
    write(damaged);
    const auto refused = read_api_keys(file());
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find(file().string()), std::string::npos) << refused.error().what;
    EXPECT_FALSE(add_api_key(file(), admin_key("m", "hk_2")));
    EXPECT_FALSE(remove_api_key(file(), "n"));
    EXPECT_EQ(text(), damaged);
  }
  write(one_key(R"("role":"admin")"));
  EXPECT_TRUE(read_api_keys(file())) << "what the others differ from is good";
}

TEST_F(ApiKeyFile, HasNoNameAndNoDigestTwice) {
  const auto two = [](std::string_view names, std::string_view digests) {
    std::string keys;
    for (std::size_t i = 0; i < 2; ++i) {
      keys += std::string{i == 0 ? "" : ","} + R"({"name":")" + names[i] + R"(","role":"admin","created":1,"sha256":")" +
              std::string(64, digests[i]) + "\"}";
    }
    return R"({"version":1,"keys":[)" + keys + "]}";
  };
  write(two("ab", "12"));
  EXPECT_TRUE(read_api_keys(file()));
  write(two("aa", "12"));
  EXPECT_NE(read_api_keys(file()).error().what.find("key 2"), std::string::npos);
  write(two("ab", "11"));
  EXPECT_FALSE(read_api_keys(file()));
}

TEST_F(ApiKeyFile, HasABoundedNumberOfKeys) {
  std::string keys;
  for (std::size_t i = 0; i < api_keys_max; ++i) {
    const auto number = std::to_string(i);
    keys += R"({"name":"k)" + number + R"(","role":"admin","created":1,"sha256":")" + number +
            std::string(64 - number.size(), 'a') + "\"},";
  }
  keys.pop_back();
  write(R"({"version":1,"keys":[)" + keys + "]}");
  ASSERT_TRUE(read_api_keys(file())) << read_api_keys(file()).error().what;
  const auto full = add_api_key(file(), admin_key("one-more", "hk_1"));
  ASSERT_FALSE(full);
  EXPECT_NE(full.error().what.find("revoke some"), std::string::npos) << full.error().what;
  EXPECT_EQ(read_api_keys(file()).value().size(), api_keys_max);
}

TEST_F(ApiKeyFile, ThatIsADirectoryIsRefused) {
  fs::create_directories(file());
  EXPECT_FALSE(read_api_keys(file()));
  EXPECT_FALSE(add_api_key(file(), admin_key("n", "hk_1")));
}

}  // namespace
}  // namespace haulcast::auth
