#include "inflate.hpp"

#include "haulcast/http/text.hpp"
#include "haulcast/wire/gzip.hpp"

namespace haulcast::http {
namespace {

bool is_gzip(std::string_view coding) noexcept { return iequals(coding, "gzip") || iequals(coding, "x-gzip"); }

refusal refusal_of(wire::gzip_error failed) noexcept {
  if (failed == wire::gzip_error::too_large) return {code::body_too_large, "The body is too large once it is decompressed."};
  return {code::body_not_decodable, wire::to_string(failed)};
}

}  // namespace

std::optional<refusal> inflate_body(request& r, std::size_t limit) {
  if (r.body.empty() || !is_gzip(r.header("content-encoding"))) return std::nullopt;
  auto plain = wire::gunzip(r.body, limit, body_padding);
  if (!plain) return refusal_of(plain.error());
  auto& text = request_access::inflated(r);
  text = std::move(*plain);
  r.body = text;
  return std::nullopt;
}

}  // namespace haulcast::http
