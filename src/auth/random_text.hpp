// Random bytes as text: secrets, keys, tickets, names nobody else chooses.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace haulcast::auth {

/// base64url of that many bytes from the kernel (at most 256, which come whole or not at all). Nothing when there are none;
/// errno says why. Blocks only in the first moments of a machine's life.
std::optional<std::string> random_text(std::size_t bytes);

}  // namespace haulcast::auth
