// What every error code means and what to do about it: the text of /docs/errors/{code}.
//
// One closed table for all codes that anybody is told: those of `problems`, those of positions that are refused
// (engine::reject_code) and those of the WebSocket's error frames (wire::live_error_codes). A code that means the same in
// several places stands once. A missing row of `problems` does not compile; tests see the others.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "haulcast/http/problem.hpp"

namespace haulcast::http {

struct error_text {
  std::string_view name;
  std::string_view title;  // empty where `problems` has one
  std::string_view meaning;
  std::string_view remedy;
};

inline constexpr auto error_texts = std::to_array<error_text>({
    // ---- problems
    {"bad_request", "", "What arrived breaks the rules of HTTP, or is framed in a way that two readers could take differently.",
     "Send it with an HTTP library as it is. The connection has closed; open a new one."},
    {"malformed_json", "",
     "The text is not JSON: a syntax error, bad UTF-8, a number outside double, or nesting deeper than 16 levels.",
     "Write it with a JSON library. Sending the same text again gives the same answer."},
    {"body_not_decodable", "", "Content-Encoding says gzip, and the body is no gzip, is cut short, or has something behind it.",
     "Compress the whole body once, or send it without Content-Encoding."},
    {"token_missing", "", "The call needs to know who makes it, and nothing in the request says so.",
     "Send Authorization: Bearer with a token, or X-API-Key. On the WebSocket a browser may send a ticket or a subprotocol."},
    {"token_expired", "", "The token or key was valid and is no longer.", "Get a new token where this one came from."},
    {"token_invalid", "",
     "The token is not one that this server trusts: its signature, its form, its issuer, its audience or its claims are "
     "wrong, or its subject has been revoked. Which of these is not told.",
     "Check that it was copied whole and is meant for this server; get a new one."},
    {"role_not_allowed", "", "The token is fine, but its role may not make this call.",
     "Use a token of a role that may; the call's description names them."},
    {"truck_not_yours", "", "The token's trucks do not include this truck, so it may not write for it. Nothing was stored.",
     "Check the truck_id, and that the token's claim trucks names it."},
    {"origin_not_allowed", "", "A page of this origin may not open a WebSocket here. Apps, which send no Origin, may.",
     "The operator may add the origin to the list of those that are allowed."},
    {"not_found", "", "There is nothing at this address, or nothing that the caller may see; the two are not told apart.",
     "Check the path and the id, and whether the token covers what it names."},
    {"no_position", "", "The truck is known, but it has not reported a position yet.",
     "Ask again later, or follow the truck over the WebSocket to get its first position when it comes."},
    {"method_not_allowed", "", "The address exists, but not for this method.", "Use one of the methods that Allow names."},
    {"not_acceptable", "", "The answer exists in none of the media types that Accept asks for.",
     "Ask for one of those that `detail` names, or leave Accept out."},
    {"request_timeout", "", "The request began and did not arrive in time; a body has longer the more of it has come.",
     "Send it again on a new connection. On a slow line, send smaller batches, or compress them."},
    {"conflict", "", "The request is valid, but does not fit what the object is at present.",
     "Read the object again and decide on its present state."},
    {"too_many_trucks", "", "The server knows as many trucks as engine.max_trucks lets it.",
     "The operator may raise engine.max_trucks. Check that ids are stable, and not new ones at each start of a device."},
    {"geofence_exists", "", "Its id is taken: by one that is there already, or by somebody else's.",
     "Choose another id, or leave it out and one is chosen. PUT changes one of your own."},
    {"too_many_geofences", "", "The server has as many geofences as engine.max_geofences lets it.",
     "Delete some that nobody needs; the operator may raise engine.max_geofences."},
    {"offset_expired", "",
     "The place to go on from lies outside what the journal holds: it was dropped by retention, or never was.",
     "Read the present state, then stream again from the id that `detail` names, or from now on."},
    {"precondition_failed", "",
     "If-Match names a version of the object that is not the present one: somebody changed it meanwhile.",
     "Get the object, apply the change to what it is now, and send it with its new ETag."},
    {"body_too_large", "", "The body is larger than this call takes, as sent or once it is decompressed. Many calls take none.",
     "Send less at a time: split the batch."},
    {"batch_too_large", "", "The batch has more positions than one may have (ingest.max_batch, 1000 by default).",
     "Split it, and send the parts one after the other."},
    {"uri_too_long", "", "The request target is over 4 KiB.", "Put less into the query; lists belong into a body."},
    {"unsupported_media_type", "", "The body's Content-Type or Content-Encoding is not one that this call takes.",
     "Send JSON as application/json in UTF-8, plain or gzip."},
    {"expectation_failed", "", "Expect asks for something other than 100-continue.", "Leave Expect out."},
    {"positions_missing", "", "The batch has no member positions.", "Send {\"positions\": [...]}."},
    {"batch_empty", "", "The array positions is empty.", "Send a batch only when there is something in it."},
    {"duplicate_key", "", "A member is given twice, so nobody can say which one counts.", "Give it once."},
    {"unknown_member", "",
     "A member is not known here: most likely a typing mistake, which would otherwise be ignored in silence.",
     "Correct its name (`detail` has a guess where one is near), or leave it out."},
    {"member_missing", "", "A member that is required is not there.", "Add the member that `errors` points to."},
    {"field_type_invalid", "", "A member has the wrong JSON type, such as a text where a number belongs.",
     "Send the type that the contract names; numbers without quotes."},
    {"field_invalid", "",
     "A member has the right type and a value that is not allowed; or an id in the path, or the field Idempotency-Key.",
     "Correct the member that `errors` points to, or what `detail` names."},
    {"geofence_too_complex", "", "A polygon, holes included, or the path of a corridor has more than 10,000 vertices.",
     "Simplify it: GPS is not exact to more than a few metres. Or cut it into several geofences."},
    {"parameter_invalid", "", "A query parameter has a value that is not allowed, or a name that is not known.",
     "Correct it; `detail` says what is taken."},
    {"parameter_missing", "", "A query parameter that is required is not there.", "Add it; `detail` names it."},
    {"parameter_duplicate", "", "A query parameter is given twice, so nobody can say which one counts.", "Give it once."},
    {"idempotency_key_reused", "",
     "The Idempotency-Key was used within the last 24 hours for another request: another method, path or body.",
     "Take a new key for each new request, and the old one only to send the very same again."},
    {"duplicate_id", "", "Two features of an import have the same id, so nobody can say which one counts.",
     "Give each its own; `errors` points to the second one."},
    {"upgrade_required", "", "This address speaks WebSocket, and the request was no handshake.",
     "Connect with a WebSocket client; a proxy in between must pass Upgrade on."},
    {"too_many_requests", "", "The caller, or a truck in its batch, has used up its rate. Nothing was stored.",
     "Wait as long as Retry-After says. Collect positions and send fewer, larger batches."},
    {"head_too_large", "", "The request's head is over 16 KiB, or has more than 100 fields.",
     "Send fewer and smaller fields: look for cookies and forwarded headers."},
    {"internal_error", "", "Something failed that should not. The server's log tells what.",
     "Try again; if it stays, tell the operator the time and the traceparent."},
    {"not_committed", "",
     "The journal could not commit the batch, so it counts as not received, though some of it may be there.",
     "Send it again after Retry-After: what was stored counts as duplicates, and is stored once."},
    {"not_ready", "", "The server is starting, stopping, or cannot commit at present; `detail` says which. Nothing was stored.",
     "Send it again after Retry-After."},
    {"overloaded", "", "There are more requests or connections than the server takes at once. Nothing was stored.",
     "Send it again after Retry-After, and wait longer each time."},
    {"import_under_way", "",
     "Geofences are being imported: there is one import at a time, and nothing else changes its geofences meanwhile. Nothing "
     "was "
     "stored.",
     "Send it again after Retry-After; most imports take seconds."},
    {"storage_full", "", "The disk, or the journal's share of it, is full. Nothing was stored.",
     "Keep it and send it again later. The operator must make room; the server then goes on by itself."},
    {"store_unavailable", "",
     "The store that answers about the past is down, or does not answer in time. Positions are still taken and shown live, and "
     "nothing is lost: the store gets it when it is back.",
     "Ask again after Retry-After; the operator looks at the log and at haulcast_store_up."},
    {"shutting_down", "", "The server is being stopped. Nothing was stored.", "Send it again after Retry-After."},
    {"version_not_supported", "", "The request asks for a version of HTTP that is not spoken here.", "Use HTTP/1.1."},

    // ---- positions that are refused
    {"position_not_an_object", "The position is not an object", "An element of positions is not a JSON object.",
     "Each element is an object with truck_id, timestamp, latitude and longitude."},
    {"truck_id_missing", "The position has no truck_id", "Neither the position nor the batch has a truck_id.",
     "Put truck_id into each position, or once beside positions."},
    {"truck_id_invalid", "The truck_id is not valid", "A truck_id is 1 to 128 of A-Z a-z 0-9 . _ : -, and this one is not.",
     "Correct the id."},
    {"timestamp_missing", "The position has no timestamp", "A position without its own time cannot be put in order.",
     "Send the time of the fix by the device's clock."},
    {"timestamp_invalid", "The timestamp is not valid", "It is neither RFC 3339 nor an integer of epoch milliseconds.",
     "Send a text such as 2026-11-20T10:30:00.000Z, or milliseconds since 1970."},
    {"timestamp_in_future", "The timestamp lies in the future",
     "It is further ahead of the server's clock than ingest.future_tolerance_s (5 minutes) allows.",
     "Set the device's clock by the network. Seconds where milliseconds belong do not lead here, the other way round does."},
    {"timestamp_too_old", "The timestamp lies too far back",
     "It is further back than ingest.max_age_days (30). Seconds sent as milliseconds look like 1970.",
     "Check the unit and the device's clock; drop what is really that old."},
    {"latitude_missing", "The position has no latitude", "A position needs latitude and longitude.",
     "Send positions only when there is a fix."},
    {"latitude_out_of_range", "The latitude is out of range", "Latitude is -90 to 90 degrees.",
     "Check the unit (degrees), and that latitude and longitude are not swapped."},
    {"longitude_missing", "The position has no longitude", "A position needs latitude and longitude.",
     "Send positions only when there is a fix."},
    {"longitude_out_of_range", "The longitude is out of range", "Longitude is -180 to 180 degrees.",
     "Check the unit (degrees)."},
    {"speed_out_of_range", "The speed is out of range", "speed_kmh is 0 to 400; -1 and null mean unknown.",
     "Check the unit: many devices tell metres per second or knots."},
    {"heading_out_of_range", "The heading is out of range", "heading is 0 to 360 degrees from north; -1 and null mean unknown.",
     "Send degrees, not radians."},
    {"accuracy_out_of_range", "The accuracy is out of range", "accuracy_m is 0 to 1,000,000 metres; -1 and null mean unknown.",
     "Send null when the device does not know it."},
    {"altitude_out_of_range", "The altitude is out of range", "altitude_m is -1,000 to 20,000 metres.",
     "Check the unit (metres); send null when it is unknown."},
    {"odometer_out_of_range", "The odometer is out of range", "odometer_km is 0 to 10,000,000 kilometres.",
     "Check the unit (kilometres); send null when it is unknown."},
    {"fuel_level_out_of_range", "The fuel level is out of range", "fuel_level_pct is 0 to 100.",
     "Send per cent, not litres; null when it is unknown."},
    {"battery_out_of_range", "The battery level is out of range", "battery_pct is 0 to 100; -1 and null mean unknown.",
     "Send per cent, not a fraction or volts."},
    {"trip_id_invalid", "The trip_id is not valid", "A trip_id is 1 to 128 of A-Z a-z 0-9 . _ : -, and this one is not.",
     "Correct the id, or leave it out."},
    {"driver_id_invalid", "The driver_id is not valid", "A driver_id is 1 to 128 of A-Z a-z 0-9 . _ : -, and this one is not.",
     "Correct the id, or leave it out."},
    {"engine_status_invalid", "The engine status is not valid",
     "engine_status is a text of 1 to 64 bytes without control characters.", "Shorten it, or leave it out."},
    {"attributes_invalid", "The attributes are not valid", "attributes is a flat object of at most 16 scalars in 1 KiB.",
     "Leave out objects, arrays and what is not needed."},
    {"truck_unknown", "The truck is not registered",
     "The server is configured not to let trucks register themselves, and nobody has registered this one.",
     "Have an admin register it (PUT /v1/trucks/{truck_id}), or check that truck_id is right."},

    // ---- error frames of the WebSocket
    {"frame_not_an_object", "The frame is not an object", "A frame is one JSON object.",
     "Send an object with a member type: subscribe, unsubscribe or ping."},
    {"frame_not_text", "The frame is not text", "A binary frame came; frames are JSON in text frames.",
     "Send text: most clients do so when they are given a string."},
    {"type_missing", "The frame has no type", "Every frame says in type what it is.",
     "Add type: subscribe, unsubscribe or ping."},
    {"unknown_type", "The type is not known", "The type of the frame is none that a client may send.",
     "Send subscribe, unsubscribe or ping; `detail` has a guess where one is near."},
    {"delivery_id_invalid", "The delivery_id is not valid",
     "A delivery_id is 1 to 128 of A-Z a-z 0-9 . _ : -, and this one is not.", "Correct the id."},
    {"too_many_interests", "There are too many interests",
     "Trucks, deliveries, the rectangle and all count as interests, and the connection may have 10,000.",
     "Follow a rectangle of the map, or (as an admin) all, in place of thousands of trucks."},
    {"bbox_invalid", "The rectangle is not valid",
     "bbox is [west, south, east, north] in degrees, south not above north. West greater than east crosses the antimeridian.",
     "Check the order and the unit."},
    {"events_invalid", "The event types are not valid",
     "events holds 1 to 64 types such as truck.offline, or prefixes such as truck.*, or *.",
     "Correct the pattern; leave events out for all."},
    {"max_rate_out_of_range", "The rate is out of range", "max_rate_hz is 0.01 to 50 frames a second.",
     "Leave it out for positions as they come."},
    {"since_invalid", "The id is not an event's", "since is the id of an event, as it stood in an event or in subscribed.at.",
     "Send the id as it came; 0 begins with the oldest."},
    {"not_allowed", "The role may not follow that", "Only an admin may follow all trucks.",
     "Name the trucks, or give a rectangle: what the token covers comes."},
    {"resume_in_progress", "A resume is under way", "The events since an earlier id are still being sent.",
     "Wait for them, or give since only once on a connection."},
    {"resume_expired", "The journal does not reach back that far",
     "Events since that id are no longer there. The subscription holds: the newest positions follow, then what happens from "
     "now.",
     "Take the state as it is now; GET /v1/trucks has the rest."},
});

constexpr const error_text* text_of(std::string_view name) noexcept {
  const auto found =
      std::find_if(error_texts.begin(), error_texts.end(), [name](const error_text& t) { return t.name == name; });
  return found == error_texts.end() ? nullptr : &*found;
}

constexpr const problem_entry* problem_named(std::string_view name) noexcept {
  const auto found = std::find_if(problems.begin(), problems.end(), [name](const problem_entry& p) { return p.name == name; });
  return found == problems.end() ? nullptr : &*found;
}

static_assert(std::all_of(problems.begin(), problems.end(), [](const problem_entry& p) { return text_of(p.name) != nullptr; }),
              "error_texts lacks a code that problems has");
static_assert(std::all_of(error_texts.begin(), error_texts.end(),
                          [](const error_text& t) {
                            return t.title.empty() == (problem_named(t.name) != nullptr) && !t.meaning.empty() &&
                                   !t.remedy.empty();
                          }),
              "a row of error_texts has no meaning, no remedy, or not one title");

}  // namespace haulcast::http
