// Who is asking, once a token has been believed, and what that person may do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/base/time.hpp"

namespace haulcast::auth {

enum class role {
  driver,    // posts for the trucks in the token, and sees them
  customer,  // sees its own deliveries
  merchant,  // sees the deliveries and sites of one merchant
  admin,     // everything
};

/// The name as it stands in tokens: "driver".
std::string_view to_string(role who) noexcept;
std::optional<role> role_named(std::string_view name) noexcept;

/// Immutable once made, and shared: requests and WebSocket sessions of one token hold the same one.
struct principal {
  std::string subject;
  role who = role::driver;
  std::vector<std::string> trucks{};  // a driver's; sorted, each once
  std::string customer_id{};          // empty unless a customer
  std::string merchant_id{};          // empty unless a merchant
  utc_time expires{};                 // from this moment on the token holds no more; the leeway is already in it
  double requests_per_s = 0;          // the caller's own rate limit; 0: the server's
  std::uint32_t request_burst = 0;    // with it
  std::uint64_t key_fingerprint = 0;  // the first bytes of the digest of the API key it came in by; 0: by a token

  /// Admins for every truck, drivers for those in the token, others for none. O(log trucks).
  bool may_post_for(std::string_view truck) const noexcept;

  /// By role and token alone. A customer's or merchant's deliveries may open a truck to them; that is not known here.
  bool may_see_truck(std::string_view truck) const noexcept;

  friend bool operator==(const principal&, const principal&) = default;
};

}  // namespace haulcast::auth
