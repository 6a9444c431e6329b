// The container installs what the binary is linked with, all of it and no more.
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

#include "support/child_process.hpp"

namespace haulcast::support {
namespace {

std::set<std::string> lines_of(const std::string& command) {
  const auto done = run_to_end({.program = "/bin/bash", .arguments = {"-c", command}, .directory = HAULCAST_SOURCE_DIR});
  EXPECT_EQ(done.exit.code, 0) << done.err;
  std::set<std::string> all;
  std::istringstream text{done.out};
  for (std::string line; std::getline(text, line);) all.insert(line);
  return all;
}

TEST(Packages, ThoseOfTheContainerAreThoseThatTheBinaryIsLinkedWith) {
  auto listed =
      lines_of("sed -n '/^runtime=/,/)/p' scripts/install-dependencies | sed 's/.*(//; s/)//' | tr -s ' ' '\\n' | grep .");
  const std::string needed = std::string{"llvm-readelf-19 --needed-libs "} + HAULCAST_BINARY + " | grep -o '[^ ]*\\.so[^ ]*'";
  auto linked = lines_of("for so in $(" + needed + "); do dpkg -S \"*-linux-gnu/$so\" | cut -d: -f1 | head -n 1; done");
  for (const char* everywhere : {"libc6", "libstdc++6", "libgcc-s1"}) linked.erase(everywhere);
  listed.erase("tzdata");                                              // read, not linked: the days of time zones
  if (!linked.contains("libjemalloc2")) listed.erase("libjemalloc2");  // a sanitized server does without
  EXPECT_EQ(linked, listed);
}

}  // namespace
}  // namespace haulcast::support
