#include "haulcast/journal/data_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace haulcast::journal {

namespace fs = std::filesystem;

namespace {

std::string reason(int error) { return std::generic_category().message(error); }

result<void> create(const fs::path& path) {
  std::error_code error;
  const fs::path parent = parent_directory(path);
  fs::create_directories(parent, error);
  if (error) return failure{fmt::format("cannot create the data directory {}: {}", path.string(), error.message())};
  if (::mkdir(path.c_str(), 0700) == 0) {
    error = sync_directory(parent);
    if (error) return failure{fmt::format("cannot create the data directory {}: {}", path.string(), error.message())};
  } else if (errno != EEXIST) {
    return failure{fmt::format("cannot create the data directory {}: {}", path.string(), reason(errno))};
  } else {
    // Whoever made it may have died before its name was durable. Where the parent is not ours to open, somebody else made it.
    sync_directory(parent);
  }
  return {};
}

// Files that one user made there, another could not open later: better to say so at once.
result<void> check_owner(const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return failure{fmt::format("cannot use the data directory {}: {}", path.string(), reason(errno))};
  }
  if (!S_ISDIR(info.st_mode)) return failure{fmt::format("the data directory {} is not a directory", path.string())};
  if (info.st_uid != ::geteuid()) {
    return failure{fmt::format("the data directory {} belongs to another user (uid {}, this server runs as {})", path.string(),
                               info.st_uid, ::geteuid())};
  }
  return {};
}

std::string owner_of(const file& lock) {
  const auto pid = lock.read_at(0, 20);
  if (!pid || pid->empty() || pid->find_first_not_of("0123456789\n") != std::string::npos) return "";
  return fmt::format(" (process {})", pid->substr(0, pid->find('\n')));
}

}  // namespace

result<data_directory> data_directory::open(const fs::path& given) {
  // `data/` and `data` are one; and a later change of the working directory moves nothing.
  fs::path path = fs::absolute(given).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  if (auto created = create(path); !created) return std::move(created).error();
  if (auto owned = check_owner(path); !owned) return std::move(owned).error();
  auto lock = file::open(path / "LOCK", O_RDWR | O_CREAT | O_NOFOLLOW);
  if (!lock) return failure{fmt::format("cannot write to the data directory {}: {}", path.string(), lock.error().message())};
  if (::flock(lock->descriptor(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return failure{fmt::format("cannot lock the data directory {}: {}", path.string(), reason(errno))};
    return failure{fmt::format("the data directory {} is in use by another server{}", path.string(), owner_of(*lock))};
  }
  // Only told to whoever comes second; the lock is what counts. A full disk is no reason not to start.
  if (!lock->truncate(0)) lock->write_at(0, fmt::format("{}\n", ::getpid()));
  return data_directory{std::move(path), std::move(*lock)};
}

}  // namespace haulcast::journal
