// The directory that holds everything durable, owned by one server at a time.
#pragma once

#include <filesystem>
#include <utility>

#include "haulcast/base/file.hpp"
#include "haulcast/base/result.hpp"

namespace haulcast::journal {

/// The lock is held for the object's life and goes with the process, however it dies.
class data_directory {
 public:
  /// Creates the directory (mode 0700) when it is missing, and locks it. Blocking. Error: a sentence: in use by another server,
  /// not a directory, somebody else's, not writable.
  static result<data_directory> open(const std::filesystem::path& path);

  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path journal() const { return path_ / "journal"; }  // segment_log's directory
  std::filesystem::path snapshots() const { return path_ / "snapshots.sqlite"; }
  std::filesystem::path checkpoints() const { return path_ / "checkpoints"; }            // checkpoints' directory
  std::filesystem::path stream_consumers() const { return path_ / "stream-consumers"; }  // the same, of the stream of positions
  std::filesystem::path store() const { return path_ / "store.sqlite"; }                 // the embedded store
  std::filesystem::path secret() const { return path_ / "secret"; }                      // the generated signing secret

 private:
  data_directory(std::filesystem::path path, file lock) : path_{std::move(path)}, lock_{std::move(lock)} {}

  std::filesystem::path path_;
  file lock_;
};

}  // namespace haulcast::journal
