#include <gtest/gtest.h>

#include <string>

#include "house/tree.hpp"
#include "support/needs.hpp"

namespace haulcast::house {
namespace {

std::string in_tree(const std::string& command) { return "cd '" + top().string() + "' && " + command; }

TEST(Scripts, ShellcheckFindsNothing) {
  HAULCAST_NEEDS(shell("command -v shellcheck").code == 0, "shellcheck");
  const auto [code, output] =
      shell(in_tree("shellcheck --external-sources --source-path=SCRIPTDIR scripts/* .ci/run config/postgres/*.sh "
                    "tests/contract/tally tests/contract/with-node"));
  EXPECT_EQ(code, 0) << output;
}

TEST(Scripts, AnUnknownOptionIsAnErrorOfOneLineAndHelpIsNot) {
  for (const std::string script : {"install-dependencies", "run", "test"}) {
    const auto [code, output] = shell(in_tree("scripts/" + script + " --no-such-option"));
    EXPECT_NE(code, 0) << script;
    EXPECT_EQ(output.find('\n'), output.size() - 1) << output;
    EXPECT_EQ(shell(in_tree("scripts/" + script + " --help")).code, 0) << script;
  }
}

TEST(Scripts, EveryPackageThatIsInstalledIsExplained) {
  const auto listed =
      shell(in_tree("sed -n '/^runtime=/,/^tools=/p' scripts/install-dependencies | "
                    "sed '/^run=/,$!d; s/.*(//; s/)//' | tr ' ' '\\n' | grep ."));
  ASSERT_EQ(listed.code, 0);
  const auto explained = read("docs/dependencies.md");
  std::size_t count = 0;
  for (std::size_t begin = 0; begin < listed.output.size();) {
    const auto end = listed.output.find('\n', begin);
    const auto package = listed.output.substr(begin, end - begin);
    EXPECT_NE(explained.find("`" + package + "`"), std::string::npos) << package << " is not in docs/dependencies.md";
    begin = end + 1;
    ++count;
  }
  EXPECT_GT(count, 20U) << listed.output;
}

}  // namespace
}  // namespace haulcast::house
