// A directory that is gone afterwards.
#pragma once

#include <filesystem>

namespace haulcast::support {

/// Below the system's temporary directory; its name begins with "haulcast-". Removed with all it holds, unless `keep()` was
/// called.
class temp_directory {
 public:
  temp_directory();
  ~temp_directory();
  temp_directory(const temp_directory&) = delete;
  temp_directory& operator=(const temp_directory&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  /// For looking at it after a failure.
  void keep() noexcept { kept_ = true; }

 private:
  std::filesystem::path path_;
  bool kept_ = false;
};

}  // namespace haulcast::support
