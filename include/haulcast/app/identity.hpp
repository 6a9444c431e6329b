// From the configuration to whom the server believes.
#pragma once

#include <string>
#include <vector>

#include "haulcast/app/config.hpp"
#include "haulcast/auth/token.hpp"
#include "haulcast/base/result.hpp"

namespace haulcast::app {

/// Whether tokens signed with HS256 are believed, and `haulcast token` has something to sign with. Not with keys of another
/// issuer, no secret configured and an address that other machines reach: the generated secret is for this machine alone.
bool believes_hs256(const config& cfg);

/// Everything that tokens are judged by: reads the secret (and makes one where none is, if HS256 is believed), the keys and the
/// revoked subjects. The configuration has been validated. Blocking. Error: one sentence that begins with the place in the
/// configuration, if it is about one.
result<auth::token_rules> token_rules_of(const config& cfg);

/// The same for the files that the configuration names alone; makes nothing.
result<void> check_identity_files(const config& cfg);

/// Sentences about what is allowed and probably not meant.
std::vector<std::string> identity_warnings(const config& cfg);

}  // namespace haulcast::app
