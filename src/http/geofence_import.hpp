// POST /v1/geofences:import: a FeatureCollection, read as it arrives.
#pragma once

#include "desk.hpp"
#include "haulcast/http/router.hpp"

namespace haulcast::pipeline {
class pipeline;
}

namespace haulcast::http {

/// The most bytes of an import, as sent and decompressed.
inline constexpr std::size_t import_body_bytes = std::size_t{256} << 20;

/// 200 with what became of its geofences, once all of them are in force. One at a time, from the head of the request to its
/// answer: another gets 503, unread. Bound: of the text some pieces of 64 KiB and one feature are held at a time; what is held
/// longer is the geofences, `max_geofences` of them at most. Read on a thread of its own that gives way to the loop.
upload_handler import_geofences_handler(pipeline::pipeline& spine, net::any_io_executor loop);

}  // namespace haulcast::http
