#include "haulcast/http/response.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "haulcast/http/text.hpp"

namespace haulcast::http {
namespace {

constexpr std::array<std::pair<std::uint16_t, std::string_view>, 33> reasons{{
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
}};

void append_number(std::string& out, std::size_t n) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, n).ptr;
  out.append(digits, end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

void append_status_line(std::string& out, std::uint16_t status) {
  if (status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
    return;
  }
  out += "HTTP/1.1 ";
  append_number(out, status);
  out += ' ';
  out += reason_of(status);
  out += "\r\n";
}

void append_framing(std::string& out, const response& r, const head_facts_out& facts) {
  if (facts.body == framing::chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (facts.body == framing::length && r.status != 204 && r.status != 304) {
    out += "Content-Length: ";
    append_number(out, facts.content_length);
    out += "\r\n";
  }
}

constexpr std::string_view cache_control = "Cache-Control: no-store\r\n";
constexpr std::string_view referrer_policy = "Referrer-Policy: no-referrer\r\n";
constexpr std::string_view content_security_policy = "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";
/// All of the above and `nosniff`, for the many answers without fields of their own.
constexpr std::string_view usual_protection =
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";
constexpr std::string_view exposed_to_pages =
    "Access-Control-Expose-Headers: Complete-Until, ETag, Idempotency-Replayed, Link, Location, RateLimit-Limit, "
    "RateLimit-Remaining, "
    "RateLimit-Reset, Retry-After\r\n";

void append_rate(std::string& out, const told_rate& rate) {
  out += "RateLimit-Limit: ";
  append_number(out, rate.limit);
  out += "\r\nRateLimit-Remaining: ";
  append_number(out, rate.remaining);
  out += "\r\nRateLimit-Reset: ";
  append_number(out, rate.reset_s);
  out += "\r\n";
}

bool has_header(const response& r, std::string_view name) {
  return std::any_of(r.headers.begin(), r.headers.end(), [name](const header& h) { return iequals(h.name, name); });
}

void append_protection(std::string& out, const response& r) {
  if (r.headers.empty()) {
    out += usual_protection;
    return;
  }
  out += "X-Content-Type-Options: nosniff\r\n";
  for (const auto field : {cache_control, referrer_policy, content_security_policy}) {
    if (!has_header(r, field.substr(0, field.find(':')))) out += field;
  }
}

void append_origin(std::string& out, const head_facts_out& facts) {
  if (facts.varies_by_origin) out += "Vary: Origin\r\n";
  if (facts.allowed_origin.empty()) return;
  append_field(out, "Access-Control-Allow-Origin", facts.allowed_origin);
  out += exposed_to_pages;
}

}  // namespace

void response::reset() noexcept {
  constexpr std::size_t kept_bytes_max = 4 * 1024;
  if (body.capacity() > kept_bytes_max) std::string{}.swap(body);
  body.clear();
  *this = response{.body = std::move(body), .shared_body = {}, .headers = {}, .stream = {}};
}

std::string_view reason_of(std::uint16_t status) noexcept {
  const auto found = std::lower_bound(reasons.begin(), reasons.end(), status,
                                      [](const auto& row, std::uint16_t wanted) { return row.first < wanted; });
  return found != reasons.end() && found->first == status ? found->second : "Unknown";
}

void append_head(std::string& out, const response& r, const head_facts_out& facts) {
  append_status_line(out, r.status);
  if (!r.content_type.empty() && r.status != 204 && r.status != 304) append_field(out, "Content-Type", r.content_type);
  append_framing(out, r, facts);
  if (facts.gzipped) out += "Content-Encoding: gzip\r\n";
  if (facts.varies) out += "Vary: Accept-Encoding\r\n";
  append_protection(out, r);
  if (facts.over_tls) out += "Strict-Transport-Security: max-age=31536000\r\n";  // a year, RFC 6797
  append_origin(out, facts);
  if (!facts.traceparent.empty()) append_field(out, "traceparent", facts.traceparent);
  if (facts.rate.limit != 0) append_rate(out, facts.rate);
  for (const auto& h : r.headers) append_field(out, h.name, h.value);
  // 426 must carry `Connection: upgrade` beside its Upgrade field.
  if (!facts.keep_alive) {
    out += r.status == 426 ? "Connection: close, upgrade\r\n" : "Connection: close\r\n";
  } else if (r.status == 426) {
    out += "Connection: upgrade\r\n";
  } else if (facts.http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
}

bool is_compressible(std::string_view content_type) noexcept {
  const auto type = trim(content_type.substr(0, content_type.find(';')));
  return type.starts_with("text/") || type.ends_with("json") || type.ends_with("xml") || type == "application/javascript" ||
         type == "image/svg+xml";
}

}  // namespace haulcast::http
