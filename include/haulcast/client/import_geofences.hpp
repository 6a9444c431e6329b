// Sends a file of geofences, GeoJSON or KML, to a server: all of them or none.
#pragma once

#include <iosfwd>
#include <string>

#include "haulcast/base/time.hpp"
#include "haulcast/client/base_url.hpp"

namespace haulcast::client {

struct import_options {
  std::string file;  // GeoJSON or KML, each also as .gz; "-" is standard input
  std::string url = "http://127.0.0.1:8080";
  trust_files believed;
  std::string token;                   // an admin's or a merchant's
  double radius_m = 0;                 // of KML points that have none; 0: they are refused
  double width_m = 0;                  // of KML lines, likewise
  bool dry_run = false;                // check it here, ask no server
  bool gzip = false;                   // send it compressed
  bool json = false;                   // what came of it as one JSON object on `out`
  bool terminal = false;               // draw a progress bar on `err` (see terminal.hpp)
  bool colour = false;                 // and colour it
  milliseconds give_up_after{60'000};  // of a server that cannot be reached or is busy; 0: never
};

/// Blocks. The whole file is held in memory, twice for a while. What may be mended by trying again (no connection, 429, 503)
/// is tried again, which is safe: geofences that are there already are told as unchanged. A refused one is named with its place
/// in the file, its id or name, and what is wrong. Returns the exit code: 0 all are in force (or would be, for what can be
/// checked here), 1 none is, or nobody knows, 2 the file or the options cannot be used.
int import_geofences(const import_options& options, std::ostream& out, std::ostream& err);

}  // namespace haulcast::client
