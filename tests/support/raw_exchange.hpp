// Bytes that went over a connection -> requests and their answers, as far as they can be made out.
#pragma once

#include <string_view>
#include <vector>

#include "support/contract.hpp"

namespace haulcast::support {

/// In the order of the answers. What was sent may be garbage: an answer whose request cannot be made out has no method. Ends at
/// an upgrade, and at an answer that is not whole but for its head (its body is left out then).
std::vector<exchange> exchanges_in(std::string_view sent, std::string_view received);

}  // namespace haulcast::support
