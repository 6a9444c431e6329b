// What a story needs of the system: where it is missing the story is skipped, and where everything has to be told it fails.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

#include "support/postgres_server.hpp"

namespace haulcast::support {

/// HAULCAST_PROGRAMS=required: continuous integration insists on the programs that tests run.
inline bool programs_are_required() {
  const char* const said = std::getenv("HAULCAST_PROGRAMS");
  return said != nullptr && std::string_view{said} == "required";
}

/// For a test's body or SetUp(). The words of a skip are those that ctest knows it by (tests/CMakeLists.txt).
#define HAULCAST_NEEDS(there, what)                                                                                    \
  if (!(there)) {                                                                                                      \
    if (::haulcast::support::programs_are_required()) FAIL() << what << " is missing, and HAULCAST_PROGRAMS=required"; \
    GTEST_SKIP() << what << " is not installed (scripts/install-dependencies --test installs it)";                     \
  }

#define NEEDS_POSTGRES() HAULCAST_NEEDS(!::haulcast::support::postgres_server::programs().empty(), "PostgreSQL 15")

}  // namespace haulcast::support
