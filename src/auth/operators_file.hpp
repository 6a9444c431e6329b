// A file on which it depends who is believed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "haulcast/base/result.hpp"

namespace haulcast::auth {

struct operators_text {
  std::string text;
};

/// The whole of it. Never waits for a pipe or a device. A failure goes on a sentence about the file: cannot be read, is no
/// regular file (a link to one is fine: that is how secrets are mounted), may be changed by everyone, is too large.
result<operators_text> read_operators_file(const std::filesystem::path& path, std::size_t bytes_max);

}  // namespace haulcast::auth
