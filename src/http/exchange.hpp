// One request and what is known of it, while it is read and answered.
#pragma once

#include <optional>

#include "haulcast/http/head.hpp"
#include "haulcast/http/request.hpp"
#include "haulcast/http/response.hpp"
#include "haulcast/http/router.hpp"

namespace haulcast::http {

/// Owned by a connection, used for one request after the other.
struct exchange {
  http::request request;
  head_facts facts;
  const route* to = nullptr;
  response answer;
  bool keep_alive = true;  // after its answer

  bool answers_with_stream() const noexcept { return answer.stream && request.method != method::head; }
};

/// What became of reading a part of a request. Neither: the peer is gone, or silent, and there is nobody to tell.
struct arrival {
  bool whole = false;
  std::optional<refusal> wrong{};  // the answer that ends the connection
};

}  // namespace haulcast::http
