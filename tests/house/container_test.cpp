#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "house/tree.hpp"

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

outcome compose_config(const std::string& environment) {
  return shell("cd '" + top().string() + "' && env -u HAULCAST_AUTH__HS256_SECRET " + environment +
               " docker-compose --file docker-compose.yml config");
}

class Compose : public testing::Test {
 protected:
  void SetUp() override {
    if (shell("command -v docker-compose").code != 0) GTEST_SKIP() << "docker-compose is not installed";
  }
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

TEST_F(Compose, TheFileIsValidAndSaysHowToLeaveAndHowItIs) {
  const auto [code, output] = compose_config("HAULCAST_AUTH__HS256_SECRET=0123456789abcdef0123456789abcdef");
  ASSERT_EQ(code, 0) << output;
  EXPECT_TRUE(has(output, "healthcheck:")) << output;
  EXPECT_TRUE(has(output, "stop_grace_period: 20s")) << output;
  EXPECT_TRUE(has(output, ":/var/lib/haulcast")) << output;
}

TEST_F(Compose, WithoutASecretItSaysWhatIsMissing) {
  const auto [code, output] = compose_config("");
  EXPECT_NE(code, 0);
  EXPECT_TRUE(has(output, "HAULCAST_AUTH__HS256_SECRET")) << output;
}

}  // namespace
}  // namespace haulcast::house
