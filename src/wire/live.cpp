#include "haulcast/wire/live.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "haulcast/base/edit_distance.hpp"
#include "haulcast/base/id.hpp"
#include "haulcast/wire/json_out.hpp"

namespace haulcast::wire {

namespace {

namespace dom = simdjson::dom;

/// Nothing, or why the frame is refused.
using refusal = std::optional<command_failure>;

constexpr std::size_t nesting_most = 16;
constexpr std::size_t quoted_bytes_most = 40;

constexpr auto subscribe_members =
    std::to_array<std::string_view>({"type", "trucks", "deliveries", "bbox", "all", "events", "max_rate_hz", "since"});
constexpr auto unsubscribe_members = std::to_array<std::string_view>({"type", "trucks", "deliveries", "bbox", "all"});
constexpr auto ping_members = std::to_array<std::string_view>({"type"});
constexpr auto command_types = std::to_array<std::string_view>({"subscribe", "unsubscribe", "ping"});

// ---- words for a person

/// A client's text in quotes: cut short at a character's boundary, control characters shown as '?'.
std::string quoted(std::string_view text) {
  std::size_t size = std::min(text.size(), quoted_bytes_most);
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  std::string shown{text.substr(0, size)};
  std::replace_if(shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return "\"" + shown + (size < text.size() ? "...\"" : "\"");
}

command_failure wrong_type(std::string_view member, std::string_view wanted) {
  return {"field_type_invalid", quoted(member) + " must be " + std::string{wanted} + "."};
}

// ---- structure

std::optional<dom::element> find(const dom::object& frame, std::string_view member) {
  for (const auto [name, value] : frame) {
    if (name == member) return value.is_null() ? std::nullopt : std::optional{value};
  }
  return std::nullopt;
}

refusal check_members(const dom::object& frame, std::span<const std::string_view> known) {
  std::uint32_t seen = 0;  // a bit for each of the known
  for (const auto [name, value] : frame) {
    const auto at = std::find(known.begin(), known.end(), name);
    if (at == known.end()) {
      return command_failure{"unknown_member", quoted(name) + " is not known here." + did_you_mean(name, known)};
    }
    const auto bit = std::uint32_t{1} << (at - known.begin());
    if ((seen & bit) != 0) return command_failure{"duplicate_key", quoted(name) + " is given twice."};
    seen |= bit;
  }
  return std::nullopt;
}

// ---- members

/// What a command may still name before it has named too much.
class allowance {
 public:
  explicit allowance(std::size_t most) : most_{most}, left_{most} {}
  refusal take() {
    if (left_ == 0)
      return command_failure{"too_many_interests", "At most " + std::to_string(most_) + " interests are allowed."};
    --left_;
    return std::nullopt;
  }

 private:
  std::size_t most_;
  std::size_t left_;
};

refusal read_ids(const dom::object& frame, std::string_view member, std::string_view code, allowance& interests,
                 std::vector<std::string>& ids) {
  const auto given = find(frame, member);
  if (!given) return std::nullopt;
  dom::array array;
  if (given->get(array) != simdjson::SUCCESS) return wrong_type(member, "an array of ids");
  for (const dom::element element : array) {
    std::string_view id;
    if (element.get(id) != simdjson::SUCCESS) return wrong_type(member, "an array of ids");
    if (!is_id(id)) {
      return command_failure{code, quoted(id) + " in " + quoted(member) + " is not an id: 1 to 128 of A-Z a-z 0-9 . _ : -"};
    }
    if (auto refused = interests.take()) return refused;
    ids.emplace_back(id);
  }
  return std::nullopt;
}

refusal read_flag(const dom::object& frame, std::string_view member, bool& flag) {
  const auto given = find(frame, member);
  if (given && given->get(flag) != simdjson::SUCCESS) return wrong_type(member, "true or false");
  return std::nullopt;
}

/// How many numbers there were, up to five; nothing when one of them is none.
std::optional<std::size_t> read_corners(const dom::element& given, std::array<double, 4>& corners) {
  dom::array array;
  if (given.get(array) != simdjson::SUCCESS) return std::nullopt;
  std::size_t count = 0;
  for (const dom::element element : array) {
    if (count == corners.size()) return count + 1;
    if (element.get(corners[count]) != simdjson::SUCCESS) return std::nullopt;
    ++count;
  }
  return count;
}

bool is_longitude(double degrees) noexcept { return degrees >= -180 && degrees <= 180; }
bool is_latitude(double degrees) noexcept { return degrees >= -90 && degrees <= 90; }

refusal read_bbox(const dom::object& frame, allowance& interests, std::optional<geo::bbox>& bbox) {
  const auto given = find(frame, "bbox");
  if (!given) return std::nullopt;
  std::array<double, 4> corners{};
  const auto count = read_corners(*given, corners);
  if (!count) return wrong_type("bbox", "an array of four numbers, [west, south, east, north]");
  const geo::bbox box{.west = corners[0], .south = corners[1], .east = corners[2], .north = corners[3]};
  const bool valid = *count == corners.size() && is_longitude(box.west) && is_longitude(box.east) && is_latitude(box.south) &&
                     is_latitude(box.north) && box.south <= box.north;
  if (!valid) {
    return command_failure{"bbox_invalid", "\"bbox\" must be [west, south, east, north] in degrees, south not above north."};
  }
  if (auto refused = interests.take()) return refused;
  bbox = box;
  return std::nullopt;
}

bool is_type_char(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

/// `stop.started`, `geofence.*`, `*`: words of small letters with dots between, a star only as the last one.
bool is_event_pattern(std::string_view text) noexcept {
  if (text.size() > event_pattern_bytes_most) return false;
  if (text == "*") return true;
  if (text.ends_with(".*")) text.remove_suffix(2);
  bool word = false;  // the current one has begun
  for (const char c : text) {
    if (c == '.' ? !word : !is_type_char(c)) return false;
    word = c != '.';
  }
  return word;
}

refusal read_events(const dom::object& frame, std::vector<std::string>& patterns) {
  const auto given = find(frame, "events");
  if (!given) return std::nullopt;
  dom::array array;
  if (given->get(array) != simdjson::SUCCESS) return wrong_type("events", "an array of texts");
  for (const dom::element element : array) {
    std::string_view pattern;
    if (element.get(pattern) != simdjson::SUCCESS) return wrong_type("events", "an array of texts");
    if (!is_event_pattern(pattern)) {
      return command_failure{"events_invalid",
                             quoted(pattern) + " is neither a type of event, nor a prefix such as geofence.*, nor *."};
    }
    if (patterns.size() == event_patterns_most) {
      return command_failure{"events_invalid",
                             "\"events\" may hold at most " + std::to_string(event_patterns_most) + " patterns."};
    }
    patterns.emplace_back(pattern);
  }
  // Whether [] means all or none is anyone's guess, so it is nobody's to make.
  if (patterns.empty()) return command_failure{"events_invalid", "\"events\" is empty; leave it out, or use * for all."};
  return std::nullopt;
}

refusal read_max_rate(const dom::object& frame, std::optional<double>& max_rate_hz) {
  const auto given = find(frame, "max_rate_hz");
  if (!given) return std::nullopt;
  double rate = 0;
  if (given->get(rate) != simdjson::SUCCESS) return wrong_type("max_rate_hz", "a number");
  if (rate < max_rate_hz_least || rate > max_rate_hz_most) {
    return command_failure{"max_rate_out_of_range", "\"max_rate_hz\" must be from 0.01 to 50."};
  }
  max_rate_hz = rate;
  return std::nullopt;
}

refusal read_since(const dom::object& frame, std::optional<engine::event_id>& since) {
  const auto given = find(frame, "since");
  if (!given) return std::nullopt;
  std::string_view text;
  if (given->get(text) != simdjson::SUCCESS) return wrong_type("since", "the id of an event, a text");
  since = engine::event_id::parse(text);
  if (!since) return command_failure{"since_invalid", quoted(text) + " is not the id of an event."};
  return std::nullopt;
}

// ---- commands

using parsed = result<live_command, command_failure>;

parsed read_subscribe(const dom::object& frame, allowance interests) {
  if (auto refused = check_members(frame, subscribe_members)) return *std::move(refused);
  subscribe_command command;
  if (auto refused = read_ids(frame, "trucks", "truck_id_invalid", interests, command.trucks)) return *std::move(refused);
  if (auto refused = read_ids(frame, "deliveries", "delivery_id_invalid", interests, command.deliveries)) {
    return *std::move(refused);
  }
  if (auto refused = read_bbox(frame, interests, command.bbox)) return *std::move(refused);
  if (auto refused = read_flag(frame, "all", command.all)) return *std::move(refused);
  if (command.all) {
    if (auto refused = interests.take()) return *std::move(refused);
  }
  if (auto refused = read_events(frame, command.events)) return *std::move(refused);
  if (auto refused = read_max_rate(frame, command.max_rate_hz)) return *std::move(refused);
  if (auto refused = read_since(frame, command.since)) return *std::move(refused);
  return live_command{std::move(command)};
}

parsed read_unsubscribe(const dom::object& frame, allowance interests) {
  if (auto refused = check_members(frame, unsubscribe_members)) return *std::move(refused);
  unsubscribe_command command;
  if (auto refused = read_ids(frame, "trucks", "truck_id_invalid", interests, command.trucks)) return *std::move(refused);
  if (auto refused = read_ids(frame, "deliveries", "delivery_id_invalid", interests, command.deliveries)) {
    return *std::move(refused);
  }
  if (auto refused = read_flag(frame, "bbox", command.bbox)) return *std::move(refused);
  if (auto refused = read_flag(frame, "all", command.all)) return *std::move(refused);
  return live_command{std::move(command)};
}

parsed read_ping(const dom::object& frame) {
  if (auto refused = check_members(frame, ping_members)) return *std::move(refused);
  return live_command{ping_command{}};
}

parsed read_command(const dom::object& frame, std::size_t max_interests) {
  const auto type = find(frame, "type");
  if (!type) return command_failure{"type_missing", "\"type\" is missing: subscribe, unsubscribe or ping."};
  std::string_view name;
  if (type->get(name) != simdjson::SUCCESS) return wrong_type("type", "a text");
  if (name == "subscribe") return read_subscribe(frame, allowance{max_interests});
  if (name == "unsubscribe") return read_unsubscribe(frame, allowance{max_interests});
  if (name == "ping") return read_ping(frame);
  return command_failure{"unknown_type", quoted(name) + " is not a type of frame." + did_you_mean(name, command_types)};
}

command_failure malformed(simdjson::error_code why) {
  switch (why) {
    case simdjson::DEPTH_ERROR: return {"malformed_json", "The frame nests deeper than 16 levels."};
    case simdjson::NUMBER_ERROR: return {"malformed_json", "The frame holds a number that is malformed or out of range."};
    case simdjson::UTF8_ERROR: return {"malformed_json", "The frame is not valid UTF-8."};
    default: return {"malformed_json", "The frame is not valid JSON."};
  }
}

void append_ids(std::string& out, std::string_view name, std::span<const std::string> ids) {
  out += name;
  out += '[';
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i != 0) out += ',';
    append_string(out, ids[i]);
  }
  out += ']';
}

}  // namespace

// Called by result::value() on a failure, which only tests do.
void throw_exception_from_error(const command_failure& error, const boost::source_location&) {
  throw std::runtime_error{std::string{error.code} + ": " + error.detail};
}

result<live_command, command_failure> parse_live_command(std::string_view frame, std::size_t max_interests) {
  dom::parser parser;
  // simdjson refuses a scope that reaches its limit, hence one more than may be nested (it does not count an empty innermost
  // one).
  if (parser.allocate(frame.size(), nesting_most + 1) != simdjson::SUCCESS) return malformed(simdjson::MEMALLOC);
  dom::element root;
  if (const auto error = parser.parse(frame.data(), frame.size()).get(root); error != simdjson::SUCCESS)
    return malformed(error);
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return command_failure{"frame_not_an_object", "A frame must be one JSON object."};
  return read_command(object, max_interests);
}

event_filter::event_filter(std::vector<std::string> patterns) {
  for (std::string& pattern : patterns) {
    if (!pattern.ends_with('*')) {
      names_.push_back(std::move(pattern));
    } else {
      pattern.pop_back();
      prefixes_.push_back(std::move(pattern));
    }
  }
}

bool event_filter::admits(std::string_view type) const noexcept {
  if (names_.empty() && prefixes_.empty()) return true;
  return std::any_of(names_.begin(), names_.end(), [type](const std::string& name) { return type == name; }) ||
         std::any_of(prefixes_.begin(), prefixes_.end(),
                     [type](const std::string& prefix) { return type.starts_with(prefix); });
}

void append_subscribed(std::string& out, std::span<const std::string> trucks, std::span<const std::string> deliveries,
                       std::span<const denied_interest> denied, engine::event_id at) {
  append_ids(out, R"({"type":"subscribed","trucks":)", trucks);
  append_ids(out, R"(,"deliveries":)", deliveries);
  out += R"(,"denied":[)";
  for (std::size_t i = 0; i < denied.size(); ++i) {
    if (i != 0) out += ',';
    out += denied[i].kind == interest_kind::truck ? R"({"truck_id":)" : R"({"delivery_id":)";
    append_string(out, denied[i].id);
    out += R"(,"code":"not_found"})";
  }
  out += R"(],"at":")";
  out += at.to_string();
  out += "\"}";
}

void append_unsubscribed(std::string& out, const unsubscribe_command& gone) {
  append_ids(out, R"({"type":"unsubscribed","trucks":)", gone.trucks);
  append_ids(out, R"(,"deliveries":)", gone.deliveries);
  if (gone.bbox) out += R"(,"bbox":true)";
  if (gone.all) out += R"(,"all":true)";
  out += '}';
}

void append_pong(std::string& out) { out += R"({"type":"pong"})"; }

void append_error(std::string& out, std::string_view code, std::string_view detail) {
  out += R"({"type":"error","code":)";
  append_string(out, code);
  out += R"(,"detail":)";
  append_string(out, detail);
  out += '}';
}

void append_event_frame(std::string& out, std::string_view cloud_event) {
  out += R"({"type":"event","event":)";
  out += cloud_event;
  out += '}';
}

}  // namespace haulcast::wire
