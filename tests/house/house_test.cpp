#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "house/house_rules.hpp"
#include "house/tree.hpp"

namespace haulcast::house {
namespace {

const std::string opening = "// What it is.\n#pragma once\n";

std::vector<std::string> inspect(std::string path, std::string text) { return violations({std::move(path), std::move(text)}); }

TEST(House, EveryFileKeepsTheRules) {
  const auto all = sources();
  ASSERT_GT(all.size(), 10U) << "the tree was not found";
  for (const auto& file : all) {
    for (const auto& violation : violations(file)) ADD_FAILURE() << violation;
  }
}

TEST(House, EveryDirectoryIsARoomOfThePlan) {
  for (const auto* below : {"include/haulcast", "src"}) {
    for (const auto& entry : std::filesystem::directory_iterator{top() / below}) {
      EXPECT_TRUE(entry.is_directory() && floor_of(entry.path().filename().string()))
          << entry.path() << " is no room of the plan";
    }
  }
}

TEST(House, TheTopHasTheRoomsItHadAndNoMore) {
  const std::set<std::string> all{"build", "config", "docs", "include", "scripts", "src", "tests", "web"};
  for (const auto& entry : std::filesystem::directory_iterator{top()}) {
    const auto name = entry.path().filename().string();
    EXPECT_TRUE(!entry.is_directory() || name.starts_with('.') || all.contains(name)) << name;
  }
}

TEST(HouseRules, AnArrowUpIsNamedWithFileLineAndFloors) {
  EXPECT_EQ(
      inspect("include/haulcast/engine/world.hpp", opening + "#include <vector>\n#include \"haulcast/journal/journal.hpp\"\n"),
      (std::vector<std::string>{"include/haulcast/engine/world.hpp:4: an arrow up: engine (floor 1) includes "
                                "haulcast/journal/journal.hpp (floor 2)"}));
}

TEST(HouseRules, AnArrowSidewaysIsNamed) {
  const auto found = inspect("src/ws/session.cpp", "  #  include <haulcast/http/server.hpp>\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find("src/ws/session.cpp:1: an arrow sideways: ws (floor 5)"), std::string::npos) << found[0];
}

TEST(HouseRules, ConsumersMayUseTheStoreButNotTheOtherWayRound) {
  EXPECT_TRUE(inspect("src/consumers/store_writer.cpp", "#include \"haulcast/store/store.hpp\"\n").empty());
  EXPECT_EQ(inspect("src/store/sqlite.cpp", "#include \"haulcast/consumers/consumer.hpp\"\n").size(), 1U);
}

TEST(HouseRules, ArrowsDownAndWithinARoomAreFine) {
  EXPECT_TRUE(
      inspect("src/app/main.cpp", "#include \"haulcast/http/server.hpp\"\n#include \"haulcast/base/time.hpp\"\n").empty());
  EXPECT_TRUE(inspect("src/hub/hub.cpp", "#include \"haulcast/hub/hub.hpp\"\n").empty());
}

TEST(HouseRules, AnUnknownRoomIsNamedOnEitherEndOfAnArrow) {
  EXPECT_EQ(inspect("src/attic/box.cpp", "").size(), 1U);
  EXPECT_EQ(inspect("src/loose.cpp", "").size(), 1U);
  EXPECT_EQ(inspect("src/app/main.cpp", "#include \"haulcast/attic/box.hpp\"\n").size(), 1U);
}

TEST(HouseRules, PureRoomsIncludeNoNetworkNoSqlNoFilesAndReadNoClock) {
  for (const std::string room : {"geo", "engine", "wire"}) {
    for (const std::string header :
         {"<boost/asio.hpp>", "<boost/beast/http.hpp>", "<sqlite3.h>", "<fstream>", "<filesystem>"}) {
      EXPECT_EQ(inspect("src/" + room + "/x.cpp", "#include " + header + "\n").size(), 1U) << room << " " << header;
    }
    EXPECT_EQ(inspect("src/" + room + "/x.cpp", "auto t = system_now();\n").size(), 1U) << room;
    EXPECT_EQ(inspect("src/" + room + "/x.cpp", "auto t = std::chrono::steady_clock::now();\n").size(), 1U) << room;
  }
  EXPECT_TRUE(inspect("src/journal/x.cpp", "#include <fstream>\nauto t = system_now();\n").empty());
}

TEST(HouseRules, AHeaderOpensWithACommentAndIsIncludedOnce) {
  EXPECT_TRUE(inspect("include/haulcast/hub/hub.hpp", opening).empty());
  EXPECT_EQ(inspect("include/haulcast/hub/hub.hpp", "#pragma once\n").size(), 2U);
  EXPECT_EQ(inspect("include/haulcast/hub/hub.hpp", "// What it is.\n#ifndef X\n").size(), 1U);
  EXPECT_TRUE(inspect("src/hub/hub.cpp", "int x;\n").empty());
}

TEST(HouseRules, HeavyHeadersStayOutOfPublicHeaders) {
  EXPECT_EQ(inspect("include/haulcast/http/server.hpp", opening + "#include <boost/beast/http.hpp>\n").size(), 1U);
  EXPECT_EQ(inspect("include/haulcast/wire/json.hpp", opening + "#include <nlohmann/json.hpp>\n").size(), 1U);
  EXPECT_TRUE(inspect("src/http/server.cpp", "#include <boost/beast/http.hpp>\n").empty());
  EXPECT_TRUE(inspect("src/http/session.hpp", opening + "#include <boost/beast/http.hpp>\n").empty());
}

TEST(HouseRules, ADirectoryOfOneMachineIsNamed) {
  const std::string path = std::string{"/ro"} + "ot/x";
  EXPECT_EQ(inspect("src/app/main.cpp", "open(\"" + path + "\");\n").size(), 1U);
}

}  // namespace
}  // namespace haulcast::house
