#include "haulcast/auth/principal.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace haulcast::auth {
namespace {

constexpr std::array<std::string_view, 4> role_names{"driver", "customer", "merchant", "admin"};

}  // namespace

std::string_view to_string(role who) noexcept { return role_names[static_cast<std::size_t>(who)]; }

std::optional<role> role_named(std::string_view name) noexcept {
  const auto found = std::find(role_names.begin(), role_names.end(), name);
  if (found == role_names.end()) return std::nullopt;
  return static_cast<role>(found - role_names.begin());
}

bool principal::may_post_for(std::string_view truck) const noexcept {
  if (who == role::admin) return true;
  return who == role::driver && std::binary_search(trucks.begin(), trucks.end(), truck, std::less<>{});
}

bool principal::may_see_truck(std::string_view truck) const noexcept { return may_post_for(truck); }

}  // namespace haulcast::auth
