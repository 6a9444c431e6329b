#include "haulcast/auth/algorithm.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace haulcast::auth {
namespace {

constexpr std::array<std::string_view, 3> names{"HS256", "RS256", "ES256"};

}  // namespace

std::string_view to_string(algorithm alg) noexcept { return names[static_cast<std::size_t>(alg)]; }

std::optional<algorithm> algorithm_named(std::string_view name) noexcept {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<algorithm>(found - names.begin());
}

}  // namespace haulcast::auth
