// Files in gzip form. Unlike a body of HTTP, a file may have several members, one after the other.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "haulcast/base/result.hpp"

namespace haulcast::client {

/// All members of it. Error: damaged, cut short, followed by something else, or over `max` bytes unpacked. O(size).
result<std::string> gunzip_file(std::string_view packed, std::size_t max);

/// By the first two bytes.
bool looks_gzipped(std::string_view bytes) noexcept;

}  // namespace haulcast::client
