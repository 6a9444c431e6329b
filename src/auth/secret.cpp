#include "haulcast/auth/secret.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "haulcast/base/file.hpp"
#include "private_directory.hpp"
#include "random_text.hpp"

namespace haulcast::auth {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t secret_bytes_min = 32;
constexpr std::size_t secret_file_bytes_max = 4096;

std::error_code last_error() noexcept { return {errno, std::generic_category()}; }

failure cannot(const char* what, const fs::path& path, std::error_code error) {
  return {std::string{"cannot "} + what + " " + path.string() + ": " + error.message()};
}

/// Nothing in the result: there is no such file.
result<std::optional<std::string>> load(const fs::path& path) {
  const auto opened = file::open(path, O_RDONLY | O_NOFOLLOW);
  if (!opened && opened.error() == std::errc::no_such_file_or_directory) return std::optional<std::string>{};
  if (!opened) return cannot("open the signing secret", path, opened.error());
  struct stat status{};
  if (::fstat(opened->descriptor(), &status) != 0) return cannot("read the signing secret", path, last_error());
  if (!S_ISREG(status.st_mode)) return failure{"the signing secret " + path.string() + " is not a regular file"};
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return failure{"the signing secret " + path.string() + " can be read or changed by others; run chmod 600 on it"};
  }
  auto text = opened->read_at(0, secret_file_bytes_max);
  if (!text) return cannot("read the signing secret", path, text.error());
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (text->size() < secret_bytes_min) {
    return failure{"the signing secret " + path.string() + " is shorter than 32 bytes; remove it and a new one is made"};
  }
  return std::optional{std::move(*text)};
}

std::error_code write_draft(const fs::path& draft, std::string_view text) {
  const auto opened = file::open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!opened) return opened.error();
  const auto error = opened->write_at(0, text);
  return error ? error : opened->sync();
}

/// Written under another name and then linked: whoever sees the name sees the whole secret, and link() does not replace one
/// that another process has put there meanwhile (then false).
result<bool> create(const fs::path& path, std::string_view text) {
  const auto suffix = random_text(12);
  if (!suffix) return cannot("get random bytes for", path, last_error());
  const fs::path draft = path.string() + "." + *suffix;
  auto error = write_draft(draft, text);
  if (!error && ::link(draft.c_str(), path.c_str()) != 0) error = last_error();
  ::unlink(draft.c_str());
  if (error == std::errc::file_exists) return false;
  if (!error) error = sync_directory(path.parent_path());
  if (error) return cannot("create the signing secret", path, error);
  return true;
}

}  // namespace

result<generated_secret> load_or_create_secret(const fs::path& data_dir) {
  const auto path = data_dir / "secret";
  auto there = load(path);
  if (!there) return there.error();
  if (*there) return generated_secret{std::move(**there), false};

  if (const auto error = make_private_directory(data_dir)) return cannot("create the data directory", data_dir, error);
  auto text = random_text(48);
  if (!text) return cannot("get random bytes for", path, last_error());
  const auto created = create(path, *text + "\n");
  if (!created) return created.error();
  if (*created) return generated_secret{std::move(*text), true};

  auto theirs = load(path);  // another process was faster
  if (!theirs) return theirs.error();
  if (!*theirs) return failure{"the signing secret " + path.string() + " vanished while it was being read"};
  return generated_secret{std::move(**theirs), false};
}

}  // namespace haulcast::auth
