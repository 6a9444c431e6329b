// What the file system of a directory has left.
#pragma once

#include <cstdint>
#include <filesystem>

namespace haulcast::pipeline {

/// Bytes that may still be written there; 0 when it cannot be told. `total`: of the whole file system. Blocking, never on the
/// loop.
std::uint64_t free_bytes(const std::filesystem::path& directory, std::uint64_t* total = nullptr);

}  // namespace haulcast::pipeline
