// One HTTP request and its answer, as the client side of the house passes them about.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace haulcast::client {

using http_headers = std::vector<std::pair<std::string, std::string>>;

struct http_request {
  std::string method = "GET";
  std::string target = "/";  // after the base URL's prefix, query included, already percent-encoded
  std::string body;
  std::string content_type = "application/json";  // sent only with a body; empty: none
  http_headers headers;                           // beside those of every request; given twice is sent twice
  bool gzip = false;                              // compress the body
  /// Called as the bytes go out, head included, the last time with all of them; none: they go in one piece.
  std::function<void(std::uint64_t sent, std::uint64_t all)> progress{};
};

struct http_response {
  unsigned status = 0;
  std::string body;  // decompressed
  http_headers headers;

  /// The first header of that name, in any case.
  std::optional<std::string_view> header(std::string_view name) const noexcept;

  /// Retry-After in seconds; none when absent, a date, or over an hour.
  std::optional<std::chrono::seconds> retry_after() const noexcept;
};

struct http_options {
  std::string token;                                // sent as Authorization: Bearer; empty: none
  std::chrono::milliseconds connect_within{5000};   // resolving and connecting
  std::chrono::milliseconds answer_within{30'000};  // from the first byte sent to the last received
  std::size_t body_max = 64 * 1024 * 1024;          // of an answer, compressed or not
  bool accept_gzip = false;
  bool keep_alive = true;
};

}  // namespace haulcast::client
