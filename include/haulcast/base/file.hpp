// A descriptor that closes itself, and the few blocking calls that durable files need. Never used on the event loop.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "haulcast/base/result.hpp"

namespace haulcast {

class file {
 public:
  file() = default;
  explicit file(int descriptor) noexcept : fd_{descriptor} {}
  file(file&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  file& operator=(file&& other) noexcept;
  ~file();

  bool is_open() const noexcept { return fd_ >= 0; }
  int descriptor() const noexcept { return fd_; }

  /// flags as open(2) takes them (O_CLOEXEC is added); mode for files it creates.
  static result<file, std::error_code> open(const std::filesystem::path& path, int flags, unsigned mode = 0600);
  /// All bytes at that place, or an error; what part of them was written is then unknown.
  std::error_code write_at(std::uint64_t position, std::string_view bytes) const;
  /// The same for two pieces, in one call where the kernel takes them so.
  std::error_code write_at(std::uint64_t position, std::string_view head, std::string_view rest) const;
  /// As many bytes as there are, up to `size`.
  result<std::string, std::error_code> read_at(std::uint64_t position, std::size_t size) const;
  std::error_code sync_data() const;
  std::error_code sync() const;
  std::error_code truncate(std::uint64_t size) const;
  result<std::uint64_t, std::error_code> size() const;

 private:
  int fd_ = -1;
};

/// The directory that a name stands in; "." for a bare one.
std::filesystem::path parent_directory(const std::filesystem::path& path);
/// Makes the names in a directory durable.
std::error_code sync_directory(const std::filesystem::path& directory);
/// Replaces the file's content at once and for good: temporary file, sync, rename, sync of the directory.
std::error_code replace_file(const std::filesystem::path& path, std::string_view content);
/// The whole of a small file.
result<std::string, std::error_code> read_file(const std::filesystem::path& path, std::size_t size_max);

}  // namespace haulcast
