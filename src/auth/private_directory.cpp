#include "private_directory.hpp"

#include <sys/stat.h>

#include <cerrno>

namespace haulcast::auth {

std::error_code make_private_directory(const std::filesystem::path& directory) {
  std::error_code error;
  if (std::filesystem::is_directory(directory, error)) return {};
  if (directory.has_parent_path()) std::filesystem::create_directories(directory.parent_path(), error);
  if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) return {errno, std::generic_category()};
  return {};
}

}  // namespace haulcast::auth
