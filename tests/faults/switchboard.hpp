// The test's side of the preloaded library: a directory that it watches, its log, and switches for faults.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "faults/control.hpp"
#include "support/temp_directory.hpp"

namespace haulcast::faults {

struct fault_plan {
  std::uint32_t operations = 0;
  int error = 0;  // errno
  int times = -1;
  std::chrono::milliseconds delay{0};
  std::uint32_t bytes_max = 0;
  std::string_view part;  // of the path
};

/// Any thread.
class switchboard {
 public:
  switchboard();
  ~switchboard();
  switchboard(const switchboard&) = delete;
  switchboard& operator=(const switchboard&) = delete;

  /// Whether the library can be preloaded here: not into a sanitized server.
  static bool available();
  /// What a server needs to run under the library with its data below root(). `logged`: what disk replays is written.
  std::map<std::string, std::string> environment(bool logged) const;

  const std::filesystem::path& root() const noexcept { return root_; }
  std::filesystem::path data_dir() const { return root_ / "data"; }
  std::filesystem::path log() const { return scratch_ / "log"; }

  void on(std::size_t which, const fault_plan& plan);
  /// Returns how often it held.
  std::uint64_t off(std::size_t which);
  std::uint64_t hits(std::size_t which) const;
  /// The process dies at its so many-th operation from its start; 0: it does not.
  void die_at(std::uint64_t operation);
  std::uint64_t operations() const;
  /// How far the process's wall clock is off.
  void step_clock(std::chrono::milliseconds by);

 private:
  support::temp_directory scratch_;
  std::filesystem::path root_;
  control* shared_;
};

}  // namespace haulcast::faults
