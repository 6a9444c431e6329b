// CSV as RFC 4180 says: a header line, fields in quotes where needed, CRLF or LF.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include "track_readers.hpp"

namespace haulcast::client {
namespace {

struct known_member {
  std::string_view name;
  bool text;
  std::array<std::string_view, 7> columns;  // recognised beside the member's own name, best first
};

constexpr known_member known[] = {
    {"truck_id", true, {"truck", "trace", "vehicle_id", "vehicle", "device_id", "device", "id"}},
    {"timestamp", true, {"time", "datetime", "date_time", "recorded_at", "ts"}},
    {"elapsed_ms", true, {}},
    {"latitude", false, {"lat"}},
    {"longitude", false, {"lon", "lng", "long"}},
    {"speed_kmh", false, {}},  // a bare "speed" says no unit
    {"heading", false, {"course", "bearing"}},
    {"altitude_m", false, {"altitude", "elevation", "ele"}},
    {"accuracy_m", false, {"accuracy"}},
    {"odometer_km", false, {}},
    {"fuel_level_pct", false, {}},
    {"battery_pct", false, {}},
    {"engine_status", true, {}},
    {"trip_id", true, {}},
    {"driver_id", true, {}},
};
enum place : std::size_t { truck_id, timestamp, elapsed_ms, latitude, longitude, first_optional };

const known_member* find_member(std::string_view name) {
  const auto it = std::find_if(std::begin(known), std::end(known), [&](const known_member& m) { return m.name == name; });
  return it == std::end(known) ? nullptr : it;
}

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// Reads one record at a time; counts lines as an editor does.
class csv_reader {
 public:
  explicit csv_reader(std::string_view text) : text_{text} {}

  /// False at the end, and when `broken()`.
  bool next(std::vector<std::string>& fields) {
    fields.clear();
    line_ += lines_;
    lines_ = 0;
    if (at_ >= text_.size()) return false;
    for (;;) {
      fields.push_back(field());
      if (broken_) return false;
      if (at_ >= text_.size()) break;
      const char c = text_[at_++];
      if (c == ',') continue;
      if (c == '\r' && at_ < text_.size() && text_[at_] == '\n') ++at_;
      break;
    }
    ++lines_;
    return true;
  }
  std::size_t line() const noexcept { return line_; }
  bool broken() const noexcept { return broken_; }

 private:
  std::string field() {
    if (at_ < text_.size() && text_[at_] == '"') return quoted();
    const auto end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
    std::string found{text_.substr(at_, end - at_)};
    at_ = end;
    return found;
  }

  std::string quoted() {
    std::string found;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        if (at_ < text_.size() && text_[at_] == '"') {
          found += '"';
          continue;
        }
        broken_ = at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\r' && text_[at_] != '\n';
        return found;
      }
      if (text_[at_] == '\n') ++lines_;
      found += text_[at_];
    }
    broken_ = true;
    return found;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;   // where the newest record begins
  std::size_t lines_ = 0;  // that it takes
  bool broken_ = false;    // a quote that does not end, or goes on after its end
};

using places = std::array<std::optional<std::size_t>, std::size(known)>;

std::optional<std::size_t> column_named(const std::vector<std::string>& header, std::string_view name) {
  for (std::size_t i = 0; i < header.size(); ++i)
    if (same_name(header[i], name)) return i;
  return std::nullopt;
}

result<places> find_columns(const std::vector<std::string>& header, std::string_view name, const track_options& options) {
  places found;
  for (std::size_t m = 0; m < std::size(known); ++m) {
    if (const auto mapped = options.columns.find(known[m].name); mapped != options.columns.end()) {
      found[m] = column_named(header, mapped->second);
      if (!found[m]) return at_line(name, 1, "there is no column '" + mapped->second + "'");
      continue;
    }
    found[m] = column_named(header, known[m].name);
    for (const std::string_view other : known[m].columns)
      if (!found[m] && !other.empty()) found[m] = column_named(header, other);
  }
  for (const place needed : {latitude, longitude})
    if (!found[needed])
      return at_line(name, 1, "no column for " + std::string{known[needed].name} + ": name it with --columns");
  if (!found[timestamp] && !found[elapsed_ms])
    return at_line(name, 1, "no column for timestamp or elapsed_ms: name it with --columns");
  if (!found[truck_id] && options.truck_id.empty())
    return at_line(name, 1, "no column for truck_id: name it with --columns, or give --truck");
  return found;
}

std::optional<std::int64_t> read_elapsed(std::string_view text) {
  double ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error != std::errc{} || end != text.data() + text.size() || !(std::abs(ms) < 1e14)) return std::nullopt;
  return std::llround(ms);
}

}  // namespace

result<column_map> parse_column_map(std::string_view text) {
  column_map map;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const auto pair = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || equals + 1 == pair.size())
      return failure{"'" + std::string{pair} + "' is not member=column"};
    const auto member = pair.substr(0, equals);
    if (find_member(member) == nullptr)
      return failure{"'" + std::string{member} + "' is not a member of a position, nor elapsed_ms"};
    if (!map.emplace(member, pair.substr(equals + 1)).second) return failure{"'" + std::string{member} + "' is mapped twice"};
  }
  return result<column_map>{boost::system::in_place_value, std::move(map)};
}

result<track> read_csv(std::string_view text, std::string_view name, const track_options& options) {
  csv_reader reader{text};
  std::vector<std::string> fields;
  if (!reader.next(fields)) return at_line(name, 1, "no header line");
  const auto columns = find_columns(fields, name, options);
  if (!columns) return columns.error();
  const std::size_t width = fields.size();
  const bool relative = !(*columns)[timestamp];

  track_builder builder;
  if (relative) builder.relative();
  while (reader.next(fields)) {
    if (fields.size() == 1 && fields[0].empty()) continue;
    if (fields.size() != width)
      return at_line(name, reader.line(),
                     std::to_string(fields.size()) + " fields where the header has " + std::to_string(width));
    const std::string& when = fields[*(*columns)[relative ? elapsed_ms : timestamp]];
    const auto at = relative ? read_elapsed(when) : read_moment(when);
    if (!at) return at_line(name, reader.line(), "'" + when.substr(0, 60) + "' is not a time");
    std::string members;
    for (std::size_t m = latitude; m < std::size(known); ++m) {
      if (!(*columns)[m]) continue;
      const std::string& value = fields[*(*columns)[m]];
      if (!known[m].text) append_member(members, known[m].name, value);
      if (known[m].text && !value.empty()) append_text_member(members, known[m].name, value);
    }
    const auto id = (*columns)[truck_id];
    builder.add(id ? std::string_view{fields[*id]} : options.truck_id, *at, std::move(members));
  }
  if (reader.broken()) return at_line(name, reader.line(), "a quoted field does not end where it should");
  return builder.finish();
}

}  // namespace haulcast::client
