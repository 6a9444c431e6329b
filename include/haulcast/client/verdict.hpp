// What the server said to a batch of positions, and whether it is worth sending it again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/base/result.hpp"
#include "haulcast/client/http_message.hpp"

namespace haulcast::client {

struct rejection {
  std::size_t index = 0;  // in the batch that was sent
  std::string code;
};

/// A 200 to POST /v1/positions: every position of the batch has been judged and need not be sent again.
struct verdict {
  std::uint64_t accepted = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t late = 0;  // of the accepted
  std::vector<rejection> rejected;
};

/// Error: not such an answer, or accepted + duplicates + rejected is not `sent`, or an index is not below it or comes twice.
result<verdict> parse_verdict(std::string_view body, std::size_t sent);

/// 429 and 503, and what proxies say for them: nothing was stored, the same batch may go again.
bool worth_retrying(unsigned status) noexcept;

/// The `code` of a problem document, else "status_<number>".
std::string problem_code(const http_response& answer);

/// Its `detail` or `title`, on one line without control characters; else the status.
std::string problem_sentence(const http_response& answer);

}  // namespace haulcast::client
