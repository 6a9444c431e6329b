#include "haulcast/app/config_keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "haulcast/app/config_file.hpp"

namespace haulcast::app {
namespace {

std::string example_file() {
  // tests/app/x.cpp -> the tree it is in
  const auto root = std::filesystem::path{__FILE__}.parent_path().parent_path().parent_path();
  std::ostringstream text;
  text << std::ifstream{root / "config" / "haulcast.example.yaml"}.rdbuf();
  return text.str();
}

TEST(ConfigKeys, DefaultsInTheTableAreThoseOfTheStruct) {
  for (const auto& key : config_keys()) EXPECT_EQ(value_of(config{}, key), key.default_value) << key.name;
}

TEST(ConfigKeys, DefaultsAreValuesThatMayBeSet) {
  for (const auto& key : config_keys()) {
    config cfg;
    const auto set = set_key(cfg, key, std::string{key.default_value});
    EXPECT_TRUE(set) << set.error().what;
  }
}

TEST(ConfigKeys, EachHasANameOfItsOwnASectionAndAnExplanation) {
  std::set<std::string_view> names;
  for (const auto& key : config_keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    EXPECT_TRUE(key.name == "data_dir" || is_section(key.name.substr(0, key.name.find('.')))) << key.name;
    EXPECT_TRUE(key.help.ends_with('.')) << key.name;
    EXPECT_GE(key.help.size(), 20U) << key.name;
  }
}

TEST(ConfigKeys, EachSetsAMemberOfItsOwn) {
  std::set<const void*> members;
  config cfg;
  for (const auto& key : config_keys()) {
    const auto* member = std::visit([](auto* p) -> const void* { return p; }, key.at(cfg));
    EXPECT_TRUE(members.insert(member).second) << key.name;
  }
}

TEST(ConfigKeys, TheExampleFileIsWrittenFromTheTable) {
  EXPECT_TRUE(example_file() == example_config()) << "run: haulcast check-config --example > config/haulcast.example.yaml";
}

TEST(ConfigKeys, TheExampleFileNamesEveryKeyWithItsDefaultAndNothingElse) {
  const auto settings = read_settings(example_file(), "example", is_section).value();
  const auto keys = config_keys();
  ASSERT_EQ(settings.size(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(settings[i].name, keys[i].name);
    EXPECT_EQ(settings[i].value, keys[i].default_value);
  }
}

TEST(ConfigKeys, TheExampleFileHasNoLongLines) {
  std::istringstream text{example_file()};
  for (std::string line; std::getline(text, line);) EXPECT_LE(line.size(), 128U) << line;
}

}  // namespace
}  // namespace haulcast::app
