// The directory that secrets and keys are kept in.
#pragma once

#include <filesystem>
#include <system_error>

namespace haulcast::auth {

/// Makes it (mode 0700), and what it stands in, when it is not there. Blocking.
std::error_code make_private_directory(const std::filesystem::path& directory);

}  // namespace haulcast::auth
