// The file that API keys are kept in: `<data_dir>/api-keys.json`, or where auth.api_keys says.
//
//   {"version": 1, "keys": [{"name": "erp", "sha256": "<64 hexadecimal digits>", "role": "merchant", "merchant_id": "M-1",
//                            "requests_per_s": 5, "burst": 10, "created": 1790000000, "expires": 1797776000}]}
//
// Times are seconds since 1970, as in tokens. A member that is not known is an error: what a newer version wrote to narrow a
// key must not be left out by an older one. Everything here blocks: for commands, start-up and reloads.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/auth/api_key.hpp"
#include "haulcast/base/result.hpp"

namespace haulcast::auth {

/// In the order in which they were made; names and digests each occur once. No file is no keys. Fails with one sentence when it
/// cannot be read, can be changed by others than its owner, is damaged, or holds more than api_keys_max.
result<std::vector<api_key>> read_api_keys(const std::filesystem::path& path);

/// Adds one to the file, which is replaced whole or not at all and belongs to its owner alone (mode 0600); makes file and
/// directory when they are not there. Processes that edit at once wait for one another. False: the name is taken, or the
/// digest.
result<bool> add_api_key(const std::filesystem::path& path, api_key key);

/// False: there is none of that name.
result<bool> remove_api_key(const std::filesystem::path& path, std::string_view name);

}  // namespace haulcast::auth
