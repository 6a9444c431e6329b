// What a server takes from the heap, counted while it runs by libcount_allocations.so, which is preloaded into it.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace haulcast::bench {

/// A file that the library counts in (BENCH_ALLOCATIONS names it), mapped here. Throws std::runtime_error when it cannot be.
class allocation_counter {
 public:
  explicit allocation_counter(const std::filesystem::path& file) {
    std::ofstream{file} << std::string(sizeof(std::uint64_t), '\0');
    const int handle = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    page_ = ::mmap(nullptr, sizeof(std::uint64_t), PROT_READ, MAP_SHARED, handle, 0);
    ::close(handle);
    if (page_ == MAP_FAILED) throw std::runtime_error{"cannot map " + file.string()};
  }
  allocation_counter(const allocation_counter&) = delete;
  allocation_counter& operator=(const allocation_counter&) = delete;
  ~allocation_counter() { ::munmap(page_, sizeof(std::uint64_t)); }

  const volatile std::uint64_t* value() const { return static_cast<const volatile std::uint64_t*>(page_); }

 private:
  void* page_;
};

}  // namespace haulcast::bench
