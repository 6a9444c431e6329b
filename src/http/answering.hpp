// Turns a response into bytes on the channel, and counts it.
#pragma once

#include "channel.hpp"
#include "exchange.hpp"
#include "haulcast/http/response.hpp"

namespace haulcast::http {

/// Head and content, in one write where the kernel takes it; gzip where it is wanted and worth it; no content to HEAD, 204,
/// 304. False: flush() of the channel is due, and `answer` must stay until then. Up to 32 KiB of content are copied behind the
/// head, more are sent from where they are.
[[nodiscard]] bool send_answer(channel& to, const exchange& one, response& answer);

/// The head of an answer whose body is a stream: chunked, or up to the end of the connection for HTTP/1.0. False: as above.
[[nodiscard]] bool send_stream_head(channel& to, const exchange& one, const response& answer);
bool is_chunked_for(const request& r) noexcept;

/// Status class and latency, by route. The moment is when the kernel has the answer, or the head of a stream.
void count(server_core& core, const exchange& one, const response& answer);

/// For the log and the metrics, what failed; for the peer, only that something did.
response answer_failure(server_core& core, std::string_view where, std::string_view what);

}  // namespace haulcast::http
