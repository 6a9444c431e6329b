#include "inflate.hpp"

#include <utility>

#include "haulcast/http/text.hpp"

namespace haulcast::http {
namespace {

constexpr std::size_t slice_bytes = 128 * 1024;
constexpr std::size_t small_bytes = 32 * 1024;

refusal refusal_of(wire::gzip_error failed) noexcept {
  if (failed == wire::gzip_error::too_large) return {code::body_too_large, "The body is too large once it is decompressed."};
  return {code::body_not_decodable, wire::to_string(failed)};
}

}  // namespace

bool is_gzipped(const request& r) noexcept {
  const auto coding = r.header("content-encoding");
  return !r.body.empty() && (iequals(coding, "gzip") || iequals(coding, "x-gzip"));
}

bool inflation::is_small(const request& r) noexcept {
  return r.body.size() <= small_bytes && wire::gunzipper::told(r.body) <= small_bytes;
}

inflation::inflation(const request& r, std::size_t limit, body_share& share)
    : from_{r.body, limit, body_padding}, has_room_{share.hold(from_.memory())} {}

inflation::progress inflation::slice(request& r) {
  if (!has_room_) {
    why_ = no_memory_for_bodies;
    return progress::wrong;
  }
  auto over = from_.slice(slice_bytes);
  if (!over) return progress::more;
  if (!*over) {
    why_ = refusal_of(over->error());
    return progress::wrong;
  }
  auto& text = request_access::inflated(r);
  text = std::move(**over);
  r.body = text;
  return progress::done;
}

}  // namespace haulcast::http
