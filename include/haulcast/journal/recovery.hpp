// Snapshots and the journal's tail -> the world as it was: at start, after a failed commit, and to verify.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "haulcast/engine/world.hpp"
#include "haulcast/journal/record.hpp"
#include "haulcast/journal/segment_log.hpp"
#include "haulcast/journal/snapshot_store.hpp"

namespace haulcast::journal {

struct recovered {
  engine::world world;
  offset_t last = 0;  // the world holds every record up to here
  offset_t replayed_from = 1;
  std::uint64_t records = 0;      // replayed
  std::uint64_t positions = 0;    // in them
  std::uint64_t differences = 0;  // records whose judgements, decision or events came out otherwise than recorded
};

/// Calls `take` for each record from `from` to the newest. Error: a sentence that names the place.
result<void> for_each_record(const segment_log& log, offset_t from,
                             const std::function<result<void>(offset_t, const record_view&)>& take);

/// Applies one record to the world. Returns whether what came out equals what was recorded (where the world already held a
/// part of it, that part is not compared). `out` is cleared first. Error: the record cannot be read.
result<bool> replay(engine::world& world, offset_t offset, const record_view& record, engine::outcome& out);

/// With no snapshots the whole journal is replayed, which must then begin at its first record.
/// A difference is logged with its offset and counted; the recorded events stand.
result<recovered> recover(const segment_log& log, snapshot_store* snapshots, std::size_t max_trucks);

/// SHA-256, in hexadecimal, over rules, trucks in the order of their ids, retry keys in that of their records, and geofences.
std::string digest(const engine::world& world);
/// SHA-256 over all events in the journal with their ids.
result<std::string> digest_events(const segment_log& log);

}  // namespace haulcast::journal
