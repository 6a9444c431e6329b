// What answers tell browsers about pages of other origins (the Fetch standard's CORS protocol).
#pragma once

#include "haulcast/http/origins.hpp"
#include "haulcast/http/request.hpp"
#include "haulcast/http/response.hpp"

namespace haulcast::http {

/// On every answer, refusals too: a page must be able to read why. Without a list nothing, at no cost.
void tell_origin(const allowed_origins& list, const request& r, head_facts_out& facts);

/// A browser asks before it sends what a plain form could not. `answer`, to OPTIONS, says in `Allow` which methods there are.
void answer_preflight(const allowed_origins& list, const request& r, response& answer);

}  // namespace haulcast::http
