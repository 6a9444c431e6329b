#include "haulcast/auth/api_key_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "api_key_json.hpp"
#include "haulcast/base/file.hpp"
#include "private_directory.hpp"

namespace haulcast::auth {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t file_bytes_max = 64U << 20;

std::error_code last_error() noexcept { return {errno, std::generic_category()}; }

failure cannot(const char* what, const fs::path& path, std::error_code error) {
  return {std::string{"cannot "} + what + " " + path.string() + ": " + error.message()};
}

failure wrong(const fs::path& path, const std::string& why) { return {"the file of API keys " + path.string() + " " + why}; }

/// Whoever can write to it can make himself an admin. Reading it helps nobody: it holds digests.
result<std::vector<api_key>> read_guarded(const file& opened, const fs::path& path) {
  struct stat status{};
  if (::fstat(opened.descriptor(), &status) != 0) return cannot("read", path, last_error());
  if (!S_ISREG(status.st_mode)) return wrong(path, "is not a regular file");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return wrong(path, "can be changed by others; run chmod 600 on it");
  if (status.st_size > static_cast<off_t>(file_bytes_max)) return wrong(path, "is larger than 64 MiB");
  auto text = opened.read_at(0, file_bytes_max);
  if (!text) return cannot("read", path, text.error());
  auto keys = parse_api_keys(*text);
  if (!keys) return wrong(path, keys.error().what);
  return keys;
}

/// Held until the process lets go of it or ends. The lock is a file of its own, because the file itself is replaced.
result<file> lock(const fs::path& path) {
  const fs::path beside = path.string() + ".lock";
  auto opened = file::open(beside, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!opened) return cannot("open", beside, opened.error());
  while (::flock(opened->descriptor(), LOCK_EX) != 0) {
    if (errno != EINTR) return cannot("lock", beside, last_error());
  }
  return std::move(*opened);
}

/// `change` makes the change, or says that there is none to make.
template <class Change>
result<bool> edit(const fs::path& named, Change&& change) {
  std::error_code ignored;
  const auto resolved = fs::canonical(named, ignored);  // a link stays one, and what it points to is edited
  const auto& path = resolved.empty() ? named : resolved;
  const auto held = lock(path);
  if (!held) return held.error();
  auto keys = read_api_keys(path);
  if (!keys) return keys.error();
  if (!change(*keys)) return false;
  if (keys->size() > api_keys_max) {
    return wrong(path, "would have more than " + std::to_string(api_keys_max) + " keys; revoke some first");
  }
  if (const auto error = replace_file(path, write_api_keys(*keys))) return cannot("write", path, error);
  return true;
}

}  // namespace

result<std::vector<api_key>> read_api_keys(const fs::path& path) {
  const auto opened = file::open(path, O_RDONLY | O_NONBLOCK);  // a pipe would wait for its writer
  if (!opened && opened.error() == std::errc::no_such_file_or_directory) return std::vector<api_key>{};
  if (!opened) return cannot("open", path, opened.error());
  return read_guarded(*opened, path);
}

result<bool> add_api_key(const fs::path& path, api_key key) {
  const auto directory = parent_directory(path);
  if (const auto error = make_private_directory(directory)) return cannot("create the directory", directory, error);
  return edit(path, [&](std::vector<api_key>& keys) {
    const auto taken = [&](const api_key& one) { return one.name == key.name || one.digest == key.digest; };
    if (std::any_of(keys.begin(), keys.end(), taken)) return false;
    keys.push_back(std::move(key));
    return true;
  });
}

result<bool> remove_api_key(const fs::path& path, std::string_view name) {
  std::error_code ignored;
  if (!fs::exists(path, ignored) && !ignored) return false;
  return edit(path, [&](std::vector<api_key>& keys) {
    return std::erase_if(keys, [&](const api_key& one) { return one.name == name; }) > 0;
  });
}

}  // namespace haulcast::auth
