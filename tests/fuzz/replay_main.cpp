// Runs a fuzz target over the files of the directories (or files) named, and over a few mutations of each, the same ones every
// time: what the fuzzers have found stays found, also where libFuzzer is not linked.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t mutations_most = 200;   // of each seed
constexpr std::size_t inputs_about = 10'000;  // in all, so that many seeds take no longer: seconds, sanitizers included

void run(const std::string& input) {
  const std::vector<std::uint8_t> exact(input.begin(), input.end());  // so that a read behind its end is seen
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::string mutated(std::string input, std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random()) % bound; };
  for (std::size_t times = 1 + below(3); times > 0 && !input.empty(); --times) {
    const std::size_t at = below(input.size());
    switch (below(4)) {
      case 0: input[at] = static_cast<char>(input[at] ^ (1 << below(8))); break;
      case 1: input[at] = static_cast<char>(below(256)); break;
      case 2: input.resize(at); break;
      default: input.insert(at, input.substr(below(input.size()), below(16)));
    }
  }
  return input;
}

void replay(const std::filesystem::path& file, std::size_t mutations) {
  std::ifstream in{file, std::ios::binary};
  const std::string seed{std::istreambuf_iterator<char>{in}, {}};
  run(seed);
  std::mt19937 random{static_cast<unsigned>(seed.size())};
  for (std::size_t i = 0; i < mutations; ++i) run(mutated(seed, random));
}

std::vector<std::filesystem::path> files_in(const std::vector<std::filesystem::path>& named) {
  std::vector<std::filesystem::path> files;
  for (const auto& one : named) {
    if (!std::filesystem::is_directory(one)) {
      files.push_back(one);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator{one}) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  const auto files = files_in({argv + 1, argv + argc});
  if (files.empty()) return EXIT_FAILURE;
  const std::size_t mutations = std::min(mutations_most, inputs_about / files.size());
  for (const auto& file : files) replay(file, mutations);
  std::printf("%zu seeds, %zu inputs\n", files.size(), files.size() * (mutations + 1));
  return EXIT_SUCCESS;
}
