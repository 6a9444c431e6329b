// What a caller shows to be let in, found in one place for every kind of route.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "haulcast/auth/principal.hpp"
#include "haulcast/auth/token.hpp"
#include "haulcast/base/result.hpp"
#include "haulcast/http/request.hpp"
#include "haulcast/http/response.hpp"

namespace haulcast::http {

struct credential {
  enum class kind {
    token,    // Authorization: Bearer; for WebSocket also `bearer.<token>` among the subprotocols
    api_key,  // X-API-Key
    ticket,   // ?ticket=, for WebSocket alone
  } what = kind::token;
  std::string_view text;  // not empty; lives as long as the request
};

/// Believes a credential, or says why not. On the loop.
using authenticate = std::function<result<std::shared_ptr<const auth::principal>, auth::token_error>(const credential& shown)>;

/// From the header fields. missing: there is none (another scheme than Bearer is none). invalid: it is empty, or there are
/// several, whether of one kind or not: nobody can say which one counts. O(fields), no allocation.
result<credential, auth::token_error> find_credential(const request& r);

/// For a WebSocket handshake: there also as a subprotocol, as ?ticket=, and as ?access_token= where `query_token` allows it.
result<credential, auth::token_error> find_live_credential(const request& r, bool query_token);

/// The 401, the same whatever was shown.
response refuse_credential(auth::token_error why);

}  // namespace haulcast::http
