// What a handler answers, and how it becomes bytes.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace haulcast::http {

namespace net = boost::asio;

class response_stream;

struct header {
  std::string_view name;  // static text: names are written in the source, never computed
  std::string value;      // no control characters: the caller sees to it that nothing of a client's gets here unchecked
};

/// Media types, as static texts that `response::content_type` may point to.
namespace media {
inline constexpr std::string_view json = "application/json";
inline constexpr std::string_view problem_json = "application/problem+json";
inline constexpr std::string_view ndjson = "application/x-ndjson";
inline constexpr std::string_view event_stream = "text/event-stream";
inline constexpr std::string_view geo_json = "application/geo+json";
inline constexpr std::string_view csv = "text/csv";
inline constexpr std::string_view gpx = "application/gpx+xml";
inline constexpr std::string_view plain = "text/plain; charset=utf-8";
inline constexpr std::string_view html = "text/html; charset=utf-8";
inline constexpr std::string_view prometheus = "text/plain; version=0.0.4; charset=utf-8";
}  // namespace media

/// Writes a body piece by piece; ends when it returns. The request it answers stays valid until then.
using stream_producer = std::function<net::awaitable<void>(response_stream&)>;

/// `shared_body` wins over `body`: one text for many answers. With `stream` set, both are ignored.
struct response {
  std::uint16_t status = 200;
  std::string_view content_type = media::json;  // static text; empty: none is sent
  std::string body;
  std::shared_ptr<const std::string> shared_body;
  std::vector<header> headers;  // a `Cache-Control` of its own replaces `no-store`
  stream_producer stream;

  /// As new, but for the memory of a `body` up to 4 KiB.
  void reset() noexcept;
  std::string_view content() const noexcept { return shared_body ? std::string_view{*shared_body} : std::string_view{body}; }
};

inline response json_response(std::string body, std::uint16_t status = 200) {
  response r;
  r.status = status;
  r.body = std::move(body);
  return r;
}

/// How the body's end is told.
enum class framing : std::uint8_t {
  length,   // Content-Length
  chunked,  // Transfer-Encoding: chunked
  close,    // by the end of the connection: streams to HTTP/1.0
};

struct head_facts_out {
  framing body = framing::length;
  std::size_t content_length = 0;
  bool keep_alive = true;
  bool http_1_0 = false;
  bool gzipped = false;
  bool secure = false;             // goes out under TLS: browsers shall come back that way only
  bool varies = false;             // the answer depends on Accept-Encoding
  std::string_view traceparent{};  // echoed unless empty
};

/// Appends status line and fields, with the empty line. `Content-Length` is left out for 204 and 304.
void append_head(std::string& out, const response& r, const head_facts_out& facts);

/// The reason phrase of a status, "Unknown" for one we never send.
std::string_view reason_of(std::uint16_t status) noexcept;

/// Whether gzip is worth the time for this type: texts are, images and archives are not.
bool is_compressible(std::string_view content_type) noexcept;

}  // namespace haulcast::http
