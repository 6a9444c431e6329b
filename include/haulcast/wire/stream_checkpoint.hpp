// The body of POST /v1/consumers/{name}/checkpoint -> how far a consumer has come.
#pragma once

#include <cstdint>
#include <string_view>

#include "haulcast/base/result.hpp"
#include "haulcast/wire/body_failure.hpp"

namespace haulcast::wire {

/// `{"offset": 123}`. Strict: nothing else, nothing twice. O(bytes).
result<std::uint64_t, body_failure> parse_stream_checkpoint(std::string_view body);

}  // namespace haulcast::wire
