// The signing secret a server makes for itself when none is configured: `<data_dir>/secret`.
#pragma once

#include <filesystem>
#include <string>

#include "haulcast/base/result.hpp"

namespace haulcast::auth {

struct generated_secret {
  std::string text;          // base64url of 48 random bytes; the text itself is the HMAC key, so it can be copied elsewhere
  bool created_now = false;  // false: it was there
};

/// Reads the secret, or makes the directory (mode 0700) and the file (mode 0600) when they are not there. Two processes that
/// start at once end up with the same secret: it appears whole or not at all, and the first one stands. Blocking, for start-up.
/// Fails with one sentence when the file is a link, readable by others, too short, or cannot be read or written.
result<generated_secret> load_or_create_secret(const std::filesystem::path& data_dir);

}  // namespace haulcast::auth
