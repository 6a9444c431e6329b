// Tracks as files that other programs open.
#pragma once

#include "haulcast/wire/track_out.hpp"

namespace haulcast::wire {

std::unique_ptr<track_writer> make_csv_track(std::string truck_id);
std::unique_ptr<track_writer> make_gpx_track(std::string truck_id);

}  // namespace haulcast::wire
