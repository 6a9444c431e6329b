// Lists in the configuration: auth.keys.
#pragma once

#include <string>

#include "haulcast/app/config.hpp"

namespace haulcast::app {

/// In one line, as it reads back: [{file: "/etc/idp.pem", alg: RS256}].
std::string text_of(const key_items& items);

}  // namespace haulcast::app
