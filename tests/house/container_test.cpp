#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "house/tree.hpp"
#include "support/needs.hpp"

namespace haulcast::house {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The instructions of the stage that is shipped: those after the last FROM, without comments.
std::vector<std::string> shipped_stage() {
  std::vector<std::string> lines;
  std::istringstream text{read("Dockerfile")};
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("FROM ")) lines.clear();
    if (!line.empty() && !line.starts_with('#')) lines.push_back(line);
  }
  return lines;
}

std::string last_instruction(const std::string& name) {
  std::string found;
  for (const auto& line : shipped_stage()) {
    if (line.starts_with(name + " ")) found = line.substr(name.size() + 1);
  }
  return found;
}

const std::vector<std::string> secrets{"HAULCAST_AUTH__HS256_SECRET", "POSTGRES_PASSWORD", "HAULCAST_OWNER_PASSWORD",
                                       "HAULCAST_DB_PASSWORD"};

/// With all secrets but that one, and none of a file .env that may lie here.
outcome compose_config(const std::string& without = "") {
  std::string environment;
  for (const auto& name : secrets) environment += name == without ? " -u " + name : "";
  for (const auto& name : secrets) environment += name == without ? "" : " " + name + "=0123456789abcdef0123456789abcdef";
  return shell("cd '" + top().string() + "' && none=$(mktemp) && trap 'rm -f \"$none\"' EXIT && env" + environment +
               " docker-compose --file docker-compose.yml --env-file \"$none\" config");
}

/// The lines of each service as docker-compose reads it.
std::map<std::string, std::string> services(const std::string& config) {
  std::map<std::string, std::string> all;
  std::istringstream text{config.substr(config.find("\nservices:\n") + 11)};
  std::string name;
  for (std::string line; std::getline(text, line) && line.starts_with("  ");) {
    if (line.starts_with("   "))
      all[name] += line.substr(4) + '\n';
    else
      name = line.substr(2, line.size() - 3);
  }
  return all;
}

int seconds_behind(const std::string& text, const std::string& words) {
  const auto at = text.find(words);
  return at == text.npos ? -1 : std::stoi(text.substr(at + words.size()));
}

class Compose : public testing::Test {
 protected:
  void SetUp() override { HAULCAST_NEEDS(shell("command -v docker-compose").code == 0, "docker-compose"); }
};

TEST(Dockerfile, TheContainerRunsAsAUserWithoutPrivileges) {
  const auto user = last_instruction("USER");
  EXPECT_FALSE(user.empty()) << "no USER";
  EXPECT_FALSE(user.starts_with("root") || user.starts_with("0")) << user;
}

TEST(Dockerfile, DataLivesInAVolumeAndTheServerIsAskedHowItIs) {
  const auto volume = last_instruction("VOLUME");
  ASSERT_FALSE(volume.empty());
  EXPECT_TRUE(has(read("Dockerfile"), "HAULCAST_DATA_DIR=" + volume)) << "the data directory is not the volume " << volume;
  EXPECT_TRUE(has(last_instruction("HEALTHCHECK"), "CMD"));
  EXPECT_TRUE(has(read("Dockerfile"), "\"haulcast\", \"health\""));
  EXPECT_EQ(last_instruction("STOPSIGNAL"), "SIGTERM");
  EXPECT_EQ(last_instruction("EXPOSE"), "8080");
}

TEST(Dockerfile, NoSecretIsBakedIn) { EXPECT_FALSE(has(read("Dockerfile"), "SECRET")); }

TEST_F(Compose, EveryServiceMayDoLittleAndSaysHowItIsAndHowItLeaves) {
  const auto [code, output] = compose_config();
  ASSERT_EQ(code, 0) << output;
  const auto all = services(output);
  EXPECT_EQ(all.size(), 4U);
  for (const auto& [name, text] : all) {
    for (const char* line : {"read_only: true\n", "cap_drop:\n- ALL\n", "- no-new-privileges:true\n", "healthcheck:\n"})
      EXPECT_TRUE(has(text, line)) << name << " lacks " << line;
    EXPECT_FALSE(has(text, "privileged")) << name;
    if (!has(text, "image: haulcast\n")) {
      EXPECT_TRUE(has(text, "user: ")) << name << " is root";
      EXPECT_FALSE(has(text, "ports:")) << name << " can be reached from outside";
    }
    if (name == "migrate") continue;  // it ends by itself, and keeps nothing
    EXPECT_TRUE(has(text, "stop_grace_period: ")) << name;
    EXPECT_TRUE(has(text, "volumes:\n- " + name + "-data:")) << name;
  }
  EXPECT_TRUE(has(all.at("haulcast"), "- 127.0.0.1:8080:8080/tcp\n")) << "it is shown to more than this machine";
  EXPECT_TRUE(has(all.at("haulcast"), ":" + last_instruction("VOLUME") + ":rw")) << "its data is not in the volume";
}

TEST_F(Compose, TheServerHasTwiceTheTimeToLeaveThatItTakesAtMost) {
  const auto server = services(compose_config().output).at("haulcast");
  const auto source = read("src/app/serve.cpp");
  const int drains = seconds_behind(source, "drain_max = ");
  const int writes = seconds_behind(source, "store_drain_max = ");
  ASSERT_TRUE(drains > 0 && writes > 0);
  EXPECT_GE(seconds_behind(server, "stop_grace_period: "), 2 * (drains + 2 * writes));
}

TEST_F(Compose, NoSecretIsInTheFileAndWithoutAnyOfThemItSaysWhatIsMissing) {
  for (const auto& name : secrets) {
    const auto [code, output] = compose_config(name);
    EXPECT_NE(code, 0);
    EXPECT_TRUE(has(output, name)) << output;
  }
}

}  // namespace
}  // namespace haulcast::house
