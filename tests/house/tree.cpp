#include "house/tree.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace haulcast::house {

std::filesystem::path top() { return HAULCAST_SOURCE_DIR; }

std::string read(const std::filesystem::path& path) {
  std::ifstream in{top() / path, std::ios::binary};
  if (!in) throw std::runtime_error{"cannot read " + path.string()};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<source_file> sources() {
  std::vector<source_file> all;
  for (const auto* below : {"include/haulcast", "src"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator{top() / below}) {
      const auto extension = entry.path().extension();
      if (extension != ".hpp" && extension != ".cpp") continue;
      const auto path = entry.path().lexically_relative(top());
      all.push_back({path.generic_string(), read(path)});
    }
  }
  std::ranges::sort(all, {}, &source_file::path);
  return all;
}

outcome shell(const std::string& command) {
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error{"cannot run " + command};
  outcome result;
  std::array<char, 4096> chunk{};
  while (const auto size = std::fread(chunk.data(), 1, chunk.size(), pipe)) result.output.append(chunk.data(), size);
  const int status = ::pclose(pipe);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

}  // namespace haulcast::house
