// The frames of `GET /v1/ws`: what a client asks, and what the server answers.
//
// Frames in are hostile: parsing is bounded in depth (16) and strict (unknown and repeated members, wrong types and ranges are
// refused by code), never recursive, and linear in the frame, which the caller has already held to 64 KiB. Frames out are
// appended to a string that the caller owns. No state; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "haulcast/base/result.hpp"
#include "haulcast/engine/event.hpp"
#include "haulcast/geo/point.hpp"

namespace haulcast::wire {

/// Adds interests to a connection. Without any of the first four it only sets what narrows them.
struct subscribe_command {
  std::vector<std::string> trucks, deliveries;  // valid ids, as sent (one may stand there twice)
  std::optional<geo::bbox> bbox;                // `west > east` crosses the antimeridian
  bool all = false;
  std::vector<std::string> events;    // patterns for an event_filter; empty: not given
  std::optional<double> max_rate_hz;  // 0.01 to 50
  std::optional<engine::event_id> since;
};

struct unsubscribe_command {
  std::vector<std::string> trucks, deliveries;
  bool bbox = false;
  bool all = false;
};

struct ping_command {};

using live_command = std::variant<subscribe_command, unsubscribe_command, ping_command>;

/// Why a frame was refused. Codes: malformed_json (also nesting over 16, a number outside double, bad UTF-8),
/// frame_not_an_object, duplicate_key, type_missing, unknown_type, unknown_member, field_type_invalid, truck_id_invalid,
/// delivery_id_invalid, too_many_interests, bbox_invalid, events_invalid, max_rate_out_of_range, since_invalid.
struct command_failure {
  std::string_view code;  // lives for ever
  std::string detail;     // one sentence; quotes at most a few words of the frame, without control characters
};

[[noreturn]] void throw_exception_from_error(const command_failure& error, const boost::source_location& where);

/// Every code that an error frame may have: those of command_failure, and those of the session that obeys.
inline constexpr auto live_error_codes = std::to_array<std::string_view>({
    "malformed_json",
    "frame_not_an_object",
    "frame_not_text",
    "duplicate_key",
    "type_missing",
    "unknown_type",
    "unknown_member",
    "field_type_invalid",
    "truck_id_invalid",
    "delivery_id_invalid",
    "too_many_interests",
    "bbox_invalid",
    "events_invalid",
    "max_rate_out_of_range",
    "since_invalid",
    "not_allowed",
    "resume_in_progress",
    "resume_expired",
});

inline constexpr double max_rate_hz_least = 0.01;
inline constexpr double max_rate_hz_most = 50;
inline constexpr std::size_t event_patterns_most = 64;
inline constexpr std::size_t event_pattern_bytes_most = 64;

/// `max_interests` bounds the interests (ids, bbox, all) of one command. null in an optional member means that it is not given.
/// Several faults: structure first, then the members in the order of subscribe_command.
result<live_command, command_failure> parse_live_command(std::string_view frame, std::size_t max_interests);

/// Which events a subscriber wants: type names, prefixes such as `geofence.*`, or `*`. Without patterns it admits all.
class event_filter {
 public:
  event_filter() = default;
  explicit event_filter(std::vector<std::string> patterns);
  bool admits(std::string_view type) const noexcept;

 private:
  std::vector<std::string> names_;
  std::vector<std::string> prefixes_;  // with the dot; the empty one is a prefix of all
};

enum class interest_kind { truck, delivery };

/// An interest that the caller may not have, or that does not exist: told alike, as not_found.
struct denied_interest {
  interest_kind kind = interest_kind::truck;
  std::string id;
};

/// `at` is the place in the journal from which the client can resume.
void append_subscribed(std::string& out, std::span<const std::string> trucks, std::span<const std::string> deliveries,
                       std::span<const denied_interest> denied, engine::event_id at);
/// Says back what was taken away; `bbox` and `all` only where they were.
void append_unsubscribed(std::string& out, const unsubscribe_command& gone);
void append_pong(std::string& out);
void append_error(std::string& out, std::string_view code, std::string_view detail);
/// `cloud_event` is what append_cloud_event wrote.
void append_event_frame(std::string& out, std::string_view cloud_event);

/// Around positions separated by commas.
inline constexpr std::string_view positions_frame_open = R"({"type":"positions","positions":[)";
inline constexpr std::string_view positions_frame_close = "]}";

}  // namespace haulcast::wire
