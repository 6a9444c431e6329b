// What this server reads again on SIGHUP.
#pragma once

#include <functional>
#include <vector>

#include "haulcast/app/config.hpp"
#include "haulcast/app/reload.hpp"
#include "haulcast/auth/principal.hpp"

namespace haulcast::http {
class server;
}

namespace haulcast::app {

class credential_check;

/// Ends what is open of those of whom it is true.
using end_those = std::function<void(std::function<bool(const auth::principal&)>)>;

/// Tokens, API keys and revoked subjects as the configuration has them now; and the certificate, if one is served. `running` is
/// the configuration that the server began with. All that is referred to must outlive the reloader.
std::vector<reloadable> reloadables(const config& running, credential_check& credentials, http::server& door, end_those end);

}  // namespace haulcast::app
