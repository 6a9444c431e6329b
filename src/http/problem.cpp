#include "haulcast/http/problem.hpp"

#include <stdexcept>

#include "haulcast/http/response.hpp"
#include "haulcast/wire/json_out.hpp"

namespace haulcast::http {
namespace {

constexpr bool in_order() {
  for (std::size_t i = 0; i < problems.size(); ++i) {
    if (static_cast<std::size_t>(problems[i].what) != i) return false;
  }
  return problems.size() == static_cast<std::size_t>(code::version_not_supported) + 1;
}
static_assert(in_order(), "problems[] has one row for each code, in the order of the enum");

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  wire::append_string(out, value);
}

std::string to_json(const problem& p, const problem_entry& entry) {
  std::string out;
  out.reserve(256);
  out += R"({"type":"/docs/errors/)";
  out += entry.name;
  out += '"';
  append_member(out, "title", entry.title);
  out += ",\"status\":";
  out += std::to_string(entry.status);
  append_member(out, "code", entry.name);
  append_member(out, "detail", p.detail.empty() ? std::string{entry.title} + '.' : p.detail);  // clients may rely on it
  if (!p.errors.empty()) {
    out += ",\"errors\":[";
    for (const auto& e : p.errors) {
      if (out.back() != '[') out += ',';
      out += "{\"pointer\":";
      wire::append_string(out, e.pointer);
      append_member(out, "code", e.code);
      append_member(out, "detail", e.detail);
      out += '}';
    }
    out += ']';
  }
  out += '}';
  return out;
}

/// RFC 6750: a request without a token gets the bare challenge, one with a bad token is told that it was bad.
std::string challenge(code what) { return what == code::token_missing ? "Bearer" : "Bearer error=\"invalid_token\""; }

}  // namespace

// Called by result::value() on an error, which only tests do.
void throw_exception_from_error(const problem& p, const boost::source_location&) {
  throw std::runtime_error{std::string{entry_of(p.what).name} + ": " + p.detail};
}

response to_response(const problem& p) {
  const auto& entry = entry_of(p.what);
  response r;
  r.status = entry.status;
  r.content_type = media::problem_json;
  r.body = to_json(p, entry);
  if (entry.status == 401) r.headers.push_back({"WWW-Authenticate", challenge(p.what)});
  if (entry.status == 426) r.headers.push_back({"Upgrade", "websocket"});
  const std::uint32_t after = p.retry_after_s != 0 ? p.retry_after_s : entry.status == 503 || entry.status == 429 ? 1 : 0;
  if (after != 0) r.headers.push_back({"Retry-After", std::to_string(after)});
  return r;
}

response refuse(code what, std::string_view detail) {
  problem p;
  p.what = what;
  p.detail = detail;
  return to_response(p);
}

}  // namespace haulcast::http
