// Every refusal of this server, in one closed table: code, status and title (RFC 9457). The http room is the only place that
// knows statuses; other rooms have error enums of their own, which the routes turn into these.
#pragma once

#include <array>
#include <boost/assert/source_location.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace haulcast::http {

struct response;

/// Stable names that clients build against: see `problems` for the texts. Append freely, rename never.
enum class code : std::uint8_t {
  bad_request,  // framing: the connection closes behind it
  malformed_json,
  body_not_decodable,
  token_missing,
  token_expired,
  token_invalid,
  role_not_allowed,
  origin_not_allowed,
  truck_not_yours,
  not_found,
  no_position,
  method_not_allowed,
  not_acceptable,
  request_timeout,
  conflict,
  too_many_trucks,
  geofence_exists,
  too_many_geofences,
  offset_expired,
  precondition_failed,
  body_too_large,
  batch_too_large,
  uri_too_long,
  unsupported_media_type,
  expectation_failed,
  positions_missing,
  batch_empty,
  duplicate_key,
  unknown_member,
  member_missing,
  field_type_invalid,
  field_invalid,
  geofence_too_complex,
  parameter_invalid,
  parameter_missing,
  parameter_duplicate,
  idempotency_key_reused,
  duplicate_id,
  upgrade_required,
  too_many_requests,
  head_too_large,
  internal_error,
  not_committed,
  not_ready,
  overloaded,
  import_under_way,
  storage_full,
  store_unavailable,
  shutting_down,
  version_not_supported,
};

struct problem_entry {
  code what;
  std::uint16_t status;
  std::string_view name;   // `code` in the answer, and the last part of `type`
  std::string_view title;  // the same sentence every time; what is special goes into `detail`
};

inline constexpr std::array problems{
    problem_entry{code::bad_request, 400, "bad_request", "The request is not valid HTTP"},
    problem_entry{code::malformed_json, 400, "malformed_json", "The body is not valid JSON"},
    problem_entry{code::body_not_decodable, 400, "body_not_decodable", "The body does not match its Content-Encoding"},
    problem_entry{code::token_missing, 401, "token_missing", "A token or an API key is required"},
    problem_entry{code::token_expired, 401, "token_expired", "The token or key has expired"},
    problem_entry{code::token_invalid, 401, "token_invalid", "The token, key or ticket is not valid"},
    problem_entry{code::role_not_allowed, 403, "role_not_allowed", "The role of this token may not do that"},
    problem_entry{code::origin_not_allowed, 403, "origin_not_allowed", "Pages of this origin may not open a connection here"},
    problem_entry{code::truck_not_yours, 403, "truck_not_yours", "The token does not cover this truck"},
    problem_entry{code::not_found, 404, "not_found", "There is nothing here"},
    problem_entry{code::no_position, 404, "no_position", "No position of this truck is known"},
    problem_entry{code::method_not_allowed, 405, "method_not_allowed", "The method is not allowed here"},
    problem_entry{code::not_acceptable, 406, "not_acceptable", "None of the media types in Accept is offered"},
    problem_entry{code::request_timeout, 408, "request_timeout", "The request did not arrive in time"},
    problem_entry{code::conflict, 409, "conflict", "The request does not fit the present state"},
    problem_entry{code::too_many_trucks, 409, "too_many_trucks", "The server knows as many trucks as it may"},
    problem_entry{code::geofence_exists, 409, "geofence_exists", "A geofence of this id is there already"},
    problem_entry{code::too_many_geofences, 409, "too_many_geofences", "The server has as many geofences as it may"},
    problem_entry{code::offset_expired, 410, "offset_expired", "The journal no longer reaches back that far"},
    problem_entry{code::precondition_failed, 412, "precondition_failed", "The object has changed since it was read"},
    problem_entry{code::body_too_large, 413, "body_too_large", "The body is too large"},
    problem_entry{code::batch_too_large, 413, "batch_too_large", "The batch has too many positions"},
    problem_entry{code::uri_too_long, 414, "uri_too_long", "The request target is too long"},
    problem_entry{code::unsupported_media_type, 415, "unsupported_media_type",
                  "The body's media type or coding is not supported"},
    problem_entry{code::expectation_failed, 417, "expectation_failed", "The expectation cannot be met"},
    problem_entry{code::positions_missing, 422, "positions_missing", "The member `positions` is missing"},
    problem_entry{code::batch_empty, 422, "batch_empty", "The batch has no positions"},
    problem_entry{code::duplicate_key, 422, "duplicate_key", "A member is given twice"},
    problem_entry{code::unknown_member, 422, "unknown_member", "A member is not known"},
    problem_entry{code::member_missing, 422, "member_missing", "A required member is missing"},
    problem_entry{code::field_type_invalid, 422, "field_type_invalid", "A member has the wrong type"},
    problem_entry{code::field_invalid, 422, "field_invalid", "A member has a value that is not allowed"},
    problem_entry{code::geofence_too_complex, 422, "geofence_too_complex", "The geofence has too many vertices"},
    problem_entry{code::parameter_invalid, 422, "parameter_invalid", "A query parameter is not valid"},
    problem_entry{code::parameter_missing, 422, "parameter_missing", "A required query parameter is missing"},
    problem_entry{code::parameter_duplicate, 422, "parameter_duplicate", "A query parameter is given twice"},
    problem_entry{code::idempotency_key_reused, 422, "idempotency_key_reused", "The idempotency key was used for another body"},
    problem_entry{code::duplicate_id, 422, "duplicate_id", "An id is given twice"},
    problem_entry{code::upgrade_required, 426, "upgrade_required", "This address speaks WebSocket only"},
    problem_entry{code::too_many_requests, 429, "too_many_requests", "Too many requests"},
    problem_entry{code::head_too_large, 431, "head_too_large", "The request head is too large"},
    problem_entry{code::internal_error, 500, "internal_error", "The server made a mistake"},
    problem_entry{code::not_committed, 503, "not_committed", "Nothing was stored; sending it again is safe"},
    problem_entry{code::not_ready, 503, "not_ready", "The server is not ready"},
    problem_entry{code::overloaded, 503, "overloaded", "The server has too much to do"},
    problem_entry{code::import_under_way, 503, "import_under_way", "Geofences are being imported"},
    problem_entry{code::storage_full, 503, "storage_full", "The server's storage is full"},
    problem_entry{code::store_unavailable, 503, "store_unavailable", "History cannot be read at present"},
    problem_entry{code::shutting_down, 503, "shutting_down", "The server is shutting down"},
    problem_entry{code::version_not_supported, 505, "version_not_supported", "Only HTTP/1.0 and HTTP/1.1 are spoken here"},
};

/// The row of a code. O(1).
constexpr const problem_entry& entry_of(code what) noexcept { return problems[static_cast<std::size_t>(what)]; }

struct field_error {
  std::string pointer;  // JSON Pointer into the body
  std::string code;
  std::string detail;
};

/// One refusal on its way out. `detail` and the texts of `errors` are valid UTF-8.
struct problem {
  http::code what = code::internal_error;
  std::string detail;  // one clear sentence; empty: the title is told again
  std::vector<field_error> errors;
  std::uint32_t retry_after_s = 0;  // 0: the default of the status (503 and 429: 1 s; others: none)
};

[[noreturn]] void throw_exception_from_error(const problem& p, const boost::source_location& where);

/// The answer, with the headers its status demands: WWW-Authenticate on 401, Retry-After on 429 and 503, Upgrade on 426.
/// `Allow` on 405 is the router's.
response to_response(const problem& p);
response refuse(code what, std::string_view detail = {});

}  // namespace haulcast::http
