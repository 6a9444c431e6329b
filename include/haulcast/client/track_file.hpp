// Reads recorded tracks: CSV, NDJSON or GPX, gzip or not, into positions of trucks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/base/result.hpp"
#include "haulcast/base/time.hpp"

namespace haulcast::client {

enum class track_format {
  by_name,  // .csv, .ndjson, .jsonl, .gpx, each also with .gz
  csv,
  ndjson,  // one position as in POST /v1/positions a line
  gpx,     // 1.0 or 1.1: <trkpt lat lon> with <time>
};

/// Member of a position (truck_id, timestamp, latitude, ... or elapsed_ms) -> column of the CSV file.
using column_map = std::map<std::string, std::string, std::less<>>;

/// "truck_id=trace,latitude=y" as the command line takes it. Error: an unknown member, or no '='.
result<column_map> parse_column_map(std::string_view text);

/// One position of a file. `members` is what goes between the braces after truck_id and timestamp: `"latitude":1,...`.
struct track_row {
  std::uint32_t truck = 0;  // place in track::trucks
  std::int64_t at_ms = 0;   // Unix epoch, or since an unknown start when track::relative
  std::string members;
};

struct track {
  std::vector<std::string> trucks;  // distinct, in order of first appearance
  std::vector<track_row> rows;      // in order of time; equal times as in the file
  bool relative = false;            // times count from an unknown start (column elapsed_ms)
};

struct track_options {
  track_format format = track_format::by_name;
  column_map columns;
  std::string truck_id;  // where the file names none
};

/// Reads the file whole ("-": standard input). Values that the server should judge (a latitude of 91) pass; a file that cannot
/// be understood is an error that names the line. O(rows log rows).
result<track> read_track(const std::string& path, const track_options& options);

/// The same from text already at hand; `name` stands in errors and gives the format. Gzip is recognised by its first bytes.
result<track> parse_track(std::string text, std::string_view name, const track_options& options);

/// Moves every time by the same amount so that the newest is at `end`; times are absolute afterwards. No rows: nothing.
void end_track_at(track& t, utc_time end);

}  // namespace haulcast::client
