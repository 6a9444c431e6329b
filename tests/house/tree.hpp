// The project's own files, for tests that read them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "house/house_rules.hpp"

namespace haulcast::house {

/// The top directory of the tree that these tests were built from.
std::filesystem::path top();

/// The text of a file, named from the top. Throws std::runtime_error when it cannot be read.
std::string read(const std::filesystem::path& path);

/// Every .hpp and .cpp below include/haulcast and src, sorted by path.
std::vector<source_file> sources();

/// What a command printed on stdout and stderr, and its exit code (127: the shell does not know it).
struct outcome {
  int code = 0;
  std::string output;
};
outcome shell(const std::string& command);

}  // namespace haulcast::house
