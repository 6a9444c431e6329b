#include "haulcast/base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "haulcast/base/failpoint.hpp"

namespace haulcast {

namespace {

std::error_code last_error() noexcept { return {errno, std::system_category()}; }

std::error_code outcome_of(int returned) noexcept { return returned == 0 ? std::error_code{} : last_error(); }

}  // namespace

file& file::operator=(file&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

file::~file() {
  if (fd_ >= 0) ::close(fd_);
}

result<file, std::error_code> file::open(const std::filesystem::path& path, int flags, unsigned mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) return last_error();
  return file{fd};
}

std::error_code file::write_at(std::uint64_t position, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(position));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return last_error();
    if (written == 0) return std::make_error_code(std::errc::no_space_on_device);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    position += static_cast<std::uint64_t>(written);
  }
  return {};
}

std::error_code file::write_at(std::uint64_t position, std::string_view head, std::string_view rest) const {
  const std::array<iovec, 2> pieces{iovec{const_cast<char*>(head.data()), head.size()},
                                    iovec{const_cast<char*>(rest.data()), rest.size()}};
  const ssize_t written = ::pwritev(fd_, pieces.data(), static_cast<int>(pieces.size()), static_cast<off_t>(position));
  if (written < 0 && errno != EINTR) return last_error();
  const std::size_t done = written < 0 ? 0 : static_cast<std::size_t>(written);
  if (done < head.size()) {
    if (const auto error = write_at(position + done, head.substr(done))) return error;
    return write_at(position + head.size(), rest);
  }
  return write_at(position + done, rest.substr(done - head.size()));
}

result<std::string, std::error_code> file::read_at(std::uint64_t position, std::size_t size) const {
  std::string bytes(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::pread(fd_, bytes.data() + have, size - have, static_cast<off_t>(position + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return last_error();
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

std::error_code file::sync_data() const { return outcome_of(::fdatasync(fd_)); }
std::error_code file::sync() const { return outcome_of(::fsync(fd_)); }
std::error_code file::truncate(std::uint64_t size) const { return outcome_of(::ftruncate(fd_, static_cast<off_t>(size))); }

result<std::uint64_t, std::error_code> file::size() const {
  struct stat info{};
  if (::fstat(fd_, &info) != 0) return last_error();
  return static_cast<std::uint64_t>(info.st_size);
}

std::filesystem::path parent_directory(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : ".";
}

std::error_code sync_directory(const std::filesystem::path& directory) {
  const auto opened = file::open(directory, O_RDONLY | O_DIRECTORY);
  return opened ? opened->sync() : opened.error();
}

std::error_code replace_file(const std::filesystem::path& path, std::string_view content) {
  const std::filesystem::path temporary = path.string() + ".new";
  const auto opened = file::open(temporary, O_WRONLY | O_CREAT | O_TRUNC);
  if (!opened) return opened.error();
  if (const auto error = opened->write_at(0, content)) return error;
  HAULCAST_FAILPOINT(replace_written);
  if (const auto error = opened->sync()) return error;
  HAULCAST_FAILPOINT(replace_synced);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return last_error();
  HAULCAST_FAILPOINT(replace_renamed);
  if (const auto error = sync_directory(parent_directory(path))) return error;
  HAULCAST_FAILPOINT(replace_durable);
  return {};
}

result<std::string, std::error_code> read_file(const std::filesystem::path& path, std::size_t size_max) {
  const auto opened = file::open(path, O_RDONLY);
  if (!opened) return opened.error();
  auto bytes = opened->read_at(0, size_max + 1);
  if (bytes && bytes->size() > size_max) return std::make_error_code(std::errc::file_too_large);
  return bytes;
}

}  // namespace haulcast
