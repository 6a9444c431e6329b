// Feeds a file of positions to a server through HTTP, paced and ordered as the apps of its trucks would have done.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>

#include "haulcast/base/time.hpp"
#include "haulcast/client/base_url.hpp"
#include "haulcast/client/track_file.hpp"

namespace haulcast::client {

struct replay_options {
  std::string file;  // CSV, NDJSON or GPX, each also as .gz; "-" is standard input
  track_format format = track_format::by_name;
  std::string url = "http://127.0.0.1:8080";  // a path before /v1 is kept
  trust_files believed;
  std::string token;               // must cover every truck of the file
  double speed = 60;               // seconds of the file per second; 0: as fast as the server answers
  std::optional<utc_time> end_at;  // where relative or shifted times end; none: now
  bool shift = false;              // move absolute times so that the newest is at `end_at`
  column_map columns;              // CSV only: member = column; the rest is recognised by name
  std::string truck_id;            // for files that name no truck (GPX without a name, CSV without the column)
  std::size_t batch_max = 1000;    // positions in one request, 1-1000
  std::size_t connections = 16;
  bool gzip = false;                   // send bodies compressed
  bool json = false;                   // the summary as one JSON object on `out`
  bool terminal = false;               // draw a progress bar on `err` (see terminal.hpp)
  bool colour = false;                 // and colour it
  milliseconds give_up_after{60'000};  // without any answer from the server; 0: never
};

/// Blocks; runs an event loop of its own; SIGINT and SIGTERM end it early with the summary. The whole file is held in memory
/// (about 150 bytes a position). Positions of one truck go in the order of their times, one request at a time; those that fall
/// due together go in one. 429, 503 and lost connections are retried with the same batch, which is safe: a position sent again
/// is a duplicate. Prints `end at <time>` to `err` when times are moved, for a second run to use. Returns the exit code: 0
/// every position of the file was judged by the server, 1 some were not, 2 the file or the options cannot be used.
int replay(const replay_options& options, std::ostream& out, std::ostream& err);

}  // namespace haulcast::client
