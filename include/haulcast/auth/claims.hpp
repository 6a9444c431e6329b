// What a token's payload says, read as strictly as a door should.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/auth/principal.hpp"
#include "haulcast/base/time.hpp"

namespace haulcast::auth {

/// A token's payload. Ids are valid ids, `subject` is text without control characters, times lie between 1970 and 9999.
struct claims {
  std::string subject;
  role who = role::driver;
  std::vector<std::string> trucks{};  // as listed: unsorted, perhaps repeated; none when the claim is absent
  std::string customer_id{};          // set when the role is customer
  std::string merchant_id{};          // set when the role is merchant
  std::optional<std::string> issuer{};
  std::vector<std::string> audience{};
  std::optional<utc_time> issued_at{};
  std::optional<utc_time> not_before{};
  utc_time expires{};
};

/// Nothing unless every rule for claims holds: repeated members at any depth, nesting over 8, wrong types, a missing `sub`,
/// `role`, `exp` or scope claim, and times no clock shows are all refused. Members that are not known are ignored.
std::optional<claims> read_claims(std::string_view json);

std::string write_claims(const claims& what);

}  // namespace haulcast::auth
