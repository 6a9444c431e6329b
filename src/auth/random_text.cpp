#include "random_text.hpp"

#include <sys/random.h>
#include <sys/types.h>

#include <array>
#include <cassert>

#include "haulcast/auth/base64url.hpp"

namespace haulcast::auth {

std::optional<std::string> random_text(std::size_t bytes) {
  std::array<char, 256> random{};
  assert(bytes <= random.size());
  if (::getrandom(random.data(), bytes, 0) != static_cast<ssize_t>(bytes)) return std::nullopt;
  return to_base64url({random.data(), bytes});
}

}  // namespace haulcast::auth
