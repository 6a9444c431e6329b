#include "disk_space.hpp"

#include <sys/statvfs.h>

namespace haulcast::pipeline {

std::uint64_t free_bytes(const std::filesystem::path& directory, std::uint64_t* total) {
  struct statvfs info{};
  if (::statvfs(directory.c_str(), &info) != 0) return 0;
  if (total != nullptr) *total = info.f_blocks * info.f_frsize;
  return info.f_bavail * info.f_frsize;
}

}  // namespace haulcast::pipeline
