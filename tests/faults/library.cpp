// libhaulcast_faults.so, preloaded into a server: logs what it does to files below one directory, and makes some of it fail.
//
// Every call on a watched file is carried out and logged under one lock, so the log's order is the order of things. A sync is
// carried out outside of it and covers what was logged before it began. Whoever is killed in between has done more than the log
// says, and a power cut may take that.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

#include "faults/control.hpp"
#include "faults/log.hpp"

namespace {

using namespace haulcast::faults;

// An int among variable arguments leaves the upper half of its register to chance; the kernel reads all of it.
long whole(const void* pointer) { return static_cast<long>(reinterpret_cast<std::intptr_t>(pointer)); }
template <class Number>
  requires std::is_arithmetic_v<Number>
long whole(Number number) {
  return static_cast<long>(number);
}

template <class... Arguments>
long system_call(long number, Arguments... arguments) {
  return ::syscall(number, whole(arguments)...);
}

[[noreturn]] void broken(const char* what) {
  std::string line = "libhaulcast_faults: " + std::string{what} + '\n';
  system_call(SYS_write, STDERR_FILENO, line.data(), line.size());
  ::abort();
}

constexpr std::size_t descriptors_max = 65'536;

struct open_file {
  std::uint64_t id = 0;
  std::string name;  // below the watched directory
};

class library {
 public:
  /// Made at the first call, which may be the allocator's while it begins, so nothing is allocated here; never destroyed.
  static library& self() {
    alignas(library) static std::array<std::byte, sizeof(library)> place;
    static auto* const only = new (place.data()) library;
    return *only;
  }

  /// Before it nothing is watched and nothing fails.
  void begin() {
    if (const char* root = ::getenv(directory_variable)) root_ = root;
    if (const char* log = ::getenv(log_variable)) {
      log_ = static_cast<int>(system_call(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
      if (log_ < 0) broken("the log cannot be opened");
    }
    if (const char* path = ::getenv(control_variable)) {
      const long fd = system_call(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
      void* const at = fd < 0 ? MAP_FAILED
                              : reinterpret_cast<void*>(system_call(SYS_mmap, static_cast<void*>(nullptr), sizeof(control),
                                                                    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
      if (at == MAP_FAILED) broken("the control file cannot be mapped");
      system_call(SYS_close, fd);
      control_ = static_cast<control*>(at);
      control_->operations = 0;
    }
  }

  /// The path below the watched directory; nothing for all others.
  std::optional<std::string> below(int directory, const char* path) const {
    if (root_.empty() || path == nullptr) return std::nullopt;
    std::filesystem::path whole{path};
    if (!whole.is_absolute()) whole = where(directory) / whole;
    std::string text = whole.lexically_normal().string();
    if (text.size() > 1 && text.back() == '/') text.pop_back();
    if (text == root_) return "";
    if (!text.starts_with(root_ + '/')) return std::nullopt;
    return text.substr(root_.size() + 1);
  }

  static bool watched(int fd) noexcept {
    return fd >= 0 && static_cast<std::size_t>(fd) < descriptors_max &&
           watched_[static_cast<std::size_t>(fd)].load(std::memory_order_acquire);
  }

  int open(int directory, const char* path, int flags, mode_t mode) {
    const auto name = below(directory, path);
    if (!name) return static_cast<int>(system_call(SYS_openat, directory, path, flags, mode));
    const bool changes = (flags & (O_CREAT | O_TRUNC)) != 0;
    if (fails(opening, *name)) return -1;
    const std::lock_guard lock{mutex_};
    struct stat before{};
    const bool was_there = ::fstatat(directory, path, &before, 0) == 0;
    const long fd = system_call(SYS_openat, directory, path, flags, mode);
    if (fd < 0) return static_cast<int>(fd);
    const int kept = errno;
    if (static_cast<std::size_t>(fd) >= descriptors_max) broken("too many descriptors");
    const open_file opened{++files_, *name};
    files_by_descriptor_[static_cast<int>(fd)] = opened;
    watched_[static_cast<std::size_t>(fd)].store(true, std::memory_order_release);
    note({.kind = entry_kind::opened, .file = opened.id, .size = was_there ? 0U : 1U}, *name);
    if (was_there && (flags & O_TRUNC) != 0) note({.kind = entry_kind::resized, .file = opened.id});
    if (changes) count();
    errno = kept;
    return static_cast<int>(fd);
  }

  int close(int fd) {
    if (watched(fd)) {
      const std::lock_guard lock{mutex_};
      files_by_descriptor_.erase(fd);
      watched_[static_cast<std::size_t>(fd)].store(false, std::memory_order_release);
    }
    return static_cast<int>(system_call(SYS_close, fd));
  }

  /// At the descriptor's own place when none is given.
  ssize_t write(int fd, const iovec* pieces, int count_of_pieces, std::optional<off_t> offset) {
    std::size_t bytes_max = SIZE_MAX;
    if (fails(writing, name_of(fd), &bytes_max)) return -1;
    std::string bytes;
    for (int i = 0; i < count_of_pieces; ++i) bytes.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
    if (bytes.size() > bytes_max) bytes.resize(bytes_max);
    const std::lock_guard lock{mutex_};
    const off_t at = offset ? *offset : place_of(fd);
    const long done = offset ? system_call(SYS_pwrite64, fd, bytes.data(), bytes.size(), at)
                             : system_call(SYS_write, fd, bytes.data(), bytes.size());
    if (done <= 0) return done;
    note({.kind = entry_kind::written,
          .file = files_by_descriptor_[fd].id,
          .offset = static_cast<std::uint64_t>(at),
          .size = static_cast<std::uint64_t>(done)},
         {}, std::string_view{bytes}.substr(0, static_cast<std::size_t>(done)));
    count();
    return done;
  }

  int resize(int fd, off_t size) {
    if (fails(resizing, name_of(fd))) return -1;
    const std::lock_guard lock{mutex_};
    const long done = system_call(SYS_ftruncate, fd, size);
    if (done != 0) return -1;
    note({.kind = entry_kind::resized, .file = files_by_descriptor_[fd].id, .size = static_cast<std::uint64_t>(size)});
    count();
    return 0;
  }

  int sync(int fd, long call) {
    open_file which;
    std::uint64_t covered = 0;
    {
      const std::lock_guard lock{mutex_};
      which = files_by_descriptor_[fd];
      covered = entries_;
    }
    const bool failed = fails(syncing, which.name);
    const int reason = errno;
    if (!failed && system_call(call, fd) != 0) return -1;
    const std::lock_guard lock{mutex_};
    if (!failed) count();  // a process that dies now has synced, and nobody was told
    note({.kind = failed ? entry_kind::sync_failed : entry_kind::synced, .file = which.id, .offset = covered});
    errno = reason;
    return failed ? -1 : 0;
  }

  /// Carries out what changes names, then logs it. `to` is for what has two.
  template <class Call>
  int change_names(entry_kind kind, const std::optional<std::string>& name, const std::optional<std::string>& to, Call&& call) {
    if (!name && !to) return static_cast<int>(call());
    const bool two = kind == entry_kind::renamed || kind == entry_kind::linked;
    if (two && (!name || !to)) broken("a file crossed the border of the watched directory");
    if (fails(naming, *name)) return -1;
    const std::lock_guard lock{mutex_};
    const long done = call();
    if (done != 0) return static_cast<int>(done);
    const int kept = errno;
    note({.kind = kind}, two ? *name + '\0' + *to : *name);
    count();
    errno = kept;
    return 0;
  }

  void shift(timespec& now) const noexcept {
    const std::int64_t ms = control_ == nullptr ? 0 : control_->clock_ms.load(std::memory_order_relaxed);
    const std::int64_t ns = now.tv_nsec + ms % 1000 * 1'000'000 + 1'000'000'000;
    now.tv_sec += ms / 1000 + ns / 1'000'000'000 - 1;
    now.tv_nsec = ns % 1'000'000'000;
  }

  std::string name_of(int fd) {
    const std::lock_guard lock{mutex_};
    return files_by_descriptor_[fd].name;
  }

 private:
  static std::filesystem::path where(int directory) {
    const std::string link = directory == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/" + std::to_string(directory);
    std::array<char, 4096> target{};
    const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
    return size < 0 ? std::filesystem::path{"/"}
                    : std::filesystem::path{std::string_view{target.data(), static_cast<std::size_t>(size)}};
  }

  static off_t place_of(int fd) {
    if ((::fcntl(fd, F_GETFL) & O_APPEND) != 0) {
      struct stat info{};
      ::fstat(fd, &info);
      return info.st_size;
    }
    return ::lseek(fd, 0, SEEK_CUR);
  }

  // Whether a fault lets it fail; errno is set then. Waits, where a fault says so.
  bool fails(operation what, std::string_view name, std::size_t* bytes_max = nullptr) {
    if (control_ == nullptr) return false;
    for (fault& f : control_->faults) {
      if ((f.operations.load(std::memory_order_acquire) & what) == 0) continue;
      const std::string_view part{f.part.data(), ::strnlen(f.part.data(), f.part.size())};
      if (name.find(part) == std::string_view::npos || !take_one(f.times)) continue;
      ++f.hits;
      wait(f, what);
      if (f.bytes_max > 0 && bytes_max != nullptr) {
        *bytes_max = f.bytes_max;
        return false;
      }
      errno = f.error;
      return f.error != 0;
    }
    return false;
  }

  // No longer than the fault is there: a test ends a stall by switching it off.
  static void wait(const fault& f, operation what) {
    constexpr std::uint32_t slice_ms = 10;
    constexpr timespec slice{0, slice_ms * 1'000'000};
    for (std::uint32_t waited = 0; waited < f.delay_ms && (f.operations & what) != 0; waited += slice_ms) {
      ::nanosleep(&slice, nullptr);
    }
  }

  static bool take_one(std::atomic<std::int32_t>& times) {
    std::int32_t left = times;
    while (left > 0 && !times.compare_exchange_weak(left, left - 1)) {
    }
    return left != 0;
  }

  void count() {
    if (control_ == nullptr) return;
    const std::uint64_t now = ++control_->operations;
    if (now == control_->die_at) ::kill(::getpid(), SIGKILL);
  }

  void note(entry_header head, std::string_view name = {}, std::string_view bytes = {}) {
    head.number = ++entries_;
    if (log_ < 0) return;
    head.name_bytes = static_cast<std::uint32_t>(name.size());
    head.data_bytes = static_cast<std::uint32_t>(bytes.size());
    const std::array<iovec, 3> pieces{iovec{&head, sizeof head}, iovec{const_cast<char*>(name.data()), name.size()},
                                      iovec{const_cast<char*>(bytes.data()), bytes.size()}};
    const auto size = static_cast<long>(sizeof head + name.size() + bytes.size());
    if (system_call(SYS_writev, log_, pieces.data(), pieces.size()) != size) broken("the log cannot be written");
  }

  static std::array<std::atomic<bool>, descriptors_max> watched_;

  std::string root_;
  int log_ = -1;
  control* control_ = nullptr;
  std::mutex mutex_;
  std::uint64_t entries_ = 0;
  std::uint64_t files_ = 0;
  std::unordered_map<int, open_file> files_by_descriptor_;
};

std::array<std::atomic<bool>, descriptors_max> library::watched_{};

[[gnu::constructor]] void begin() { library::self().begin(); }

int open_with_mode(int directory, const char* path, int flags, va_list more) {
  const mode_t mode =
      (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? static_cast<mode_t>(va_arg(more, unsigned)) : 0;
  return library::self().open(directory, path, flags, mode);
}

ssize_t write_pieces(int fd, const iovec* pieces, int count, std::optional<off_t> offset) {
  return library::self().write(fd, pieces, count, offset);
}

ssize_t write_bytes(int fd, const void* bytes, std::size_t size, std::optional<off_t> offset) {
  const iovec piece{const_cast<void*>(bytes), size};
  return write_pieces(fd, &piece, 1, offset);
}

void* map(void* at, std::size_t size, int protection, int flags, int fd, off_t offset) {
  // What is written through a mapping is not seen here. SQLite's -shm is the one file that may be lost.
  const bool writes = (protection & PROT_WRITE) != 0 && (flags & MAP_SHARED) != 0;
  if (writes && library::watched(fd) && !library::self().name_of(fd).ends_with("-shm"))
    broken("a watched file is mapped to be written");
  return reinterpret_cast<void*>(system_call(SYS_mmap, at, size, protection, flags, fd, offset));
}

}  // namespace

// The C library's names, as it declares them.
#pragma clang diagnostic ignored "-Wmissing-prototypes"
extern "C" {

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const int fd = open_with_mode(AT_FDCWD, path, flags, more);
  va_end(more);
  return fd;
}
int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const int fd = open_with_mode(AT_FDCWD, path, flags, more);
  va_end(more);
  return fd;
}
int openat(int directory, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const int fd = open_with_mode(directory, path, flags, more);
  va_end(more);
  return fd;
}
int openat64(int directory, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const int fd = open_with_mode(directory, path, flags, more);
  va_end(more);
  return fd;
}
int creat(const char* path, mode_t mode) { return library::self().open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }
int close(int fd) { return library::self().close(fd); }

ssize_t write(int fd, const void* bytes, std::size_t size) {
  if (!library::watched(fd)) return system_call(SYS_write, fd, bytes, size);
  return write_bytes(fd, bytes, size, std::nullopt);
}
ssize_t writev(int fd, const iovec* pieces, int count) {
  if (!library::watched(fd)) return system_call(SYS_writev, fd, pieces, count);
  return write_pieces(fd, pieces, count, std::nullopt);
}
ssize_t pwrite(int fd, const void* bytes, std::size_t size, off_t offset) {
  if (!library::watched(fd)) return system_call(SYS_pwrite64, fd, bytes, size, offset);
  return write_bytes(fd, bytes, size, offset);
}
ssize_t pwrite64(int fd, const void* bytes, std::size_t size, off_t offset) { return pwrite(fd, bytes, size, offset); }
ssize_t pwritev(int fd, const iovec* pieces, int count, off_t offset) {
  if (!library::watched(fd)) return system_call(SYS_pwritev, fd, pieces, count, offset, 0L);
  return write_pieces(fd, pieces, count, offset);
}
ssize_t pwritev64(int fd, const iovec* pieces, int count, off_t offset) { return pwritev(fd, pieces, count, offset); }

int ftruncate(int fd, off_t size) noexcept {
  if (!library::watched(fd)) return static_cast<int>(system_call(SYS_ftruncate, fd, size));
  return library::self().resize(fd, size);
}
int ftruncate64(int fd, off_t size) noexcept { return ftruncate(fd, size); }
int truncate(const char* path, off_t size) noexcept {
  if (library::self().below(AT_FDCWD, path)) broken("truncate() is not watched");
  return static_cast<int>(system_call(SYS_truncate, path, size));
}
int fallocate(int fd, int mode, off_t offset, off_t size) {
  if (library::watched(fd)) broken("fallocate() is not watched");
  return static_cast<int>(system_call(SYS_fallocate, fd, mode, offset, size));
}
int fallocate64(int fd, int mode, off_t offset, off_t size) { return fallocate(fd, mode, offset, size); }
int posix_fallocate(int fd, off_t offset, off_t size) { return fallocate(fd, 0, offset, size) == 0 ? 0 : errno; }
int posix_fallocate64(int fd, off_t offset, off_t size) { return posix_fallocate(fd, offset, size); }

int fsync(int fd) {
  if (!library::watched(fd)) return static_cast<int>(system_call(SYS_fsync, fd));
  return library::self().sync(fd, SYS_fsync);
}
int fdatasync(int fd) {
  if (!library::watched(fd)) return static_cast<int>(system_call(SYS_fdatasync, fd));
  return library::self().sync(fd, SYS_fdatasync);
}

int rename(const char* from, const char* to) noexcept {
  library& l = library::self();
  return l.change_names(entry_kind::renamed, l.below(AT_FDCWD, from), l.below(AT_FDCWD, to),
                        [&] { return system_call(SYS_rename, from, to); });
}
int link(const char* from, const char* to) noexcept {
  library& l = library::self();
  return l.change_names(entry_kind::linked, l.below(AT_FDCWD, from), l.below(AT_FDCWD, to),
                        [&] { return system_call(SYS_link, from, to); });
}
int unlink(const char* path) noexcept {
  library& l = library::self();
  return l.change_names(entry_kind::removed, l.below(AT_FDCWD, path), std::nullopt,
                        [&] { return system_call(SYS_unlink, path); });
}
int rmdir(const char* path) noexcept {
  library& l = library::self();
  return l.change_names(entry_kind::removed, l.below(AT_FDCWD, path), std::nullopt,
                        [&] { return system_call(SYS_rmdir, path); });
}
int remove(const char* path) noexcept {
  library& l = library::self();
  return l.change_names(entry_kind::removed, l.below(AT_FDCWD, path), std::nullopt, [&] {
    const long done = system_call(SYS_unlink, path);
    return done != 0 && errno == EISDIR ? system_call(SYS_rmdir, path) : done;
  });
}
int unlinkat(int directory, const char* path, int flags) noexcept {
  library& l = library::self();
  return l.change_names(entry_kind::removed, l.below(directory, path), std::nullopt,
                        [&] { return system_call(SYS_unlinkat, directory, path, flags); });
}
int mkdir(const char* path, mode_t mode) noexcept {
  library& l = library::self();
  return l.change_names(entry_kind::made_directory, l.below(AT_FDCWD, path), std::nullopt,
                        [&] { return system_call(SYS_mkdir, path, mode); });
}

void* mmap(void* at, std::size_t size, int protection, int flags, int fd, off_t offset) noexcept {
  if (fd < 0) return reinterpret_cast<void*>(system_call(SYS_mmap, at, size, protection, flags, fd, offset));
  return map(at, size, protection, flags, fd, offset);
}
void* mmap64(void* at, std::size_t size, int protection, int flags, int fd, off_t offset) noexcept {
  return mmap(at, size, protection, flags, fd, offset);
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const long done = system_call(SYS_clock_gettime, clock, now);
  if (done == 0 && clock == CLOCK_REALTIME) library::self().shift(*now);
  return static_cast<int>(done);
}
int gettimeofday(timeval* now, void*) noexcept {
  timespec exact{};
  clock_gettime(CLOCK_REALTIME, &exact);
  *now = {exact.tv_sec, exact.tv_nsec / 1000};
  return 0;
}
time_t time(time_t* now) noexcept {
  timespec exact{};
  clock_gettime(CLOCK_REALTIME, &exact);
  if (now != nullptr) *now = exact.tv_sec;
  return exact.tv_sec;
}

}  // extern "C"
