// From the configuration to the certificate that the server shows.
#pragma once

#include <optional>

#include "haulcast/app/config.hpp"
#include "haulcast/base/result.hpp"
#include "haulcast/tls/context.hpp"

namespace haulcast::app {

/// Nothing: no TLS is configured. Reads and checks the files, at start, for `check-config`, and to reload them: then on any
/// thread but the loop, which gives the result to http::server::use_certificate(). Blocking. Error: one sentence.
result<std::optional<tls::loaded_certificate>> load_certificate_of(const config& cfg);

}  // namespace haulcast::app
