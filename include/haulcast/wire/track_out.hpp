// A truck's track -> text in the formats that tracks travel in.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "haulcast/base/time.hpp"
#include "haulcast/engine/truck.hpp"

namespace haulcast::wire {

enum class track_format : std::uint8_t {
  json,      // {"items": [...]}: every member, as of a position anywhere
  geo_json,  // a Feature: a LineString with its `times`
  csv,       // RFC 4180, with a header of the member names
  gpx,       // GPX 1.1, one track of one segment; what it has no element for, as an extension of ours
};

/// What is said of a track besides its positions.
struct track_end {
  std::string_view next_cursor;            // empty: the track is complete; plain characters only
  std::optional<utc_time> complete_until;  // what was received later may be missing; none: nothing is
};

/// `"received_at"`, and `"late"` and `"suspect"` where they hold, each behind a comma: what marks a position.
void append_judgement_members(std::string& out, engine::judgement judged, utc_time received_at);

/// Grows a text by one position after the other. CSV and GPX have no place for a cursor: whoever sends them tells it beside
/// them. Any thread, one at a time; nothing fails.
class track_writer {
 public:
  virtual ~track_writer() = default;
  virtual void add(const engine::position& p, engine::judgement judged, utc_time received_at) = 0;
  /// About how long the text is.
  virtual std::size_t bytes() const noexcept = 0;
  /// The whole text, once.
  virtual std::string finish(const track_end& end) = 0;
};

std::unique_ptr<track_writer> make_track_writer(track_format format, std::string truck_id);

}  // namespace haulcast::wire
