#include "operators_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "haulcast/base/file.hpp"

namespace haulcast::auth {

result<operators_text> read_operators_file(const std::filesystem::path& path, std::size_t bytes_max) {
  const auto opened = file::open(path, O_RDONLY | O_NONBLOCK);
  if (!opened) return failure{"cannot be read: " + opened.error().message()};
  struct stat status{};
  if (::fstat(opened->descriptor(), &status) != 0) {
    return failure{"cannot be read: " + std::error_code{errno, std::generic_category()}.message()};
  }
  if (!S_ISREG(status.st_mode)) return failure{"is not a regular file"};
  if ((status.st_mode & S_IWOTH) != 0) return failure{"may be changed by everyone; run chmod o-w on it"};
  auto text = opened->read_at(0, bytes_max + 1);
  if (!text) return failure{"cannot be read: " + text.error().message()};
  if (text->size() > bytes_max) return failure{"has more than " + std::to_string(bytes_max >> 10U) + " KiB"};
  return operators_text{std::move(*text)};
}

}  // namespace haulcast::auth
