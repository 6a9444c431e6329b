// What a run of the journal's records comes to, as rows: what a store is given to write.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/engine/batch.hpp"
#include "haulcast/engine/event.hpp"
#include "haulcast/engine/geofence.hpp"
#include "haulcast/engine/registration.hpp"
#include "haulcast/engine/truck.hpp"
#include "haulcast/journal/group.hpp"

namespace haulcast::store {

using engine::offset_t;

/// Where in the journal something was said: the record, and the place in it (of a position: in the array that was sent).
/// No two rows of a kind have the same.
struct place {
  offset_t offset = 0;
  std::uint32_t index = 0;

  friend auto operator<=>(const place&, const place&) = default;
};

/// A position that was accepted: live, late or suspect. Duplicates have no row.
struct position_row {
  place at;
  std::uint32_t truck = 0;   // in batch::trucks
  bool may_repeat = false;   // false: this truck has sent no other position of this timestamp. True: it may have, long ago; the
                             // one that came first stands, and this one is to be stored only if there is none
  engine::judgement judged;  // never a duplicate
  utc_time received_at;      // the server's
  engine::position what;     // its texts are views into batch::sources
};

struct event_row {
  engine::event_id id;
  engine::event_type type{};
  utc_time time;         // when it happened
  std::string truck_id;  // empty: it is about none
  std::string subject;   // "truck/TRK-1"
  std::string text;      // CloudEvents 1.0, one JSON object on one line
};

/// A position that was refused.
struct quarantine_row {
  place at;
  utc_time received_at;
  engine::reject_code code{};
  std::string_view truck_id;  // as sent, at most an id's length; empty: it could not be read. View into batch::sources, as raw
  std::string_view raw;       // JSON as sent, cut to rejected_raw_bytes: any bytes that are valid UTF-8
};

/// A truck as a command left it; the newest of each truck in the batch. A truck that only sent positions has none: it is there
/// by its positions, and comes back by them if it was removed before this batch (with nothing said of it).
struct truck_row {
  std::string truck_id;
  offset_t offset = 0;                               // of the record that said it
  std::shared_ptr<const engine::registration> said;  // null: removed
};

/// A geofence as a command left it; the newest of each in the batch.
struct geofence_row {
  std::string geofence_id;
  offset_t offset = 0;                          // its version
  std::shared_ptr<const engine::geofence> now;  // null: removed. No region is made of it
};

/// What could not be stored, and why.
struct dead_letter {
  enum class kind : std::uint8_t { record = 0, position = 1, event = 2, quarantine = 3, truck = 4, geofence = 5 };  // append

  place at;
  kind what = kind::record;
  utc_time when;         // the server's, of the record
  std::string truck_id;  // or the geofence's; empty: about none
  std::string reason;    // the store's words, one sentence
  std::string text;      // what it was, as readable as can be; valid UTF-8 without NUL, cut to 4 KiB
};

/// The rows of consecutive records, each vector in the order of the journal. Written whole, together with the checkpoint that
/// `reaches` makes. Movable only: rows view into the sources.
struct batch {
  batch() = default;
  batch(batch&&) = default;
  batch& operator=(batch&&) = default;

  offset_t begins = 0;      // the first record it covers
  offset_t reaches = 0;     // the last one
  std::uint64_t bytes = 0;  // of these records in the journal
  utc_time heard;           // server time of the last one

  std::vector<std::string_view> trucks;  // distinct, of the positions
  std::vector<position_row> positions;
  std::vector<event_row> events;
  std::vector<quarantine_row> quarantine;
  std::vector<truck_row> registry;
  std::vector<geofence_row> geofences;
  std::vector<dead_letter> dead;
  std::vector<journal::shared_group> sources;  // keep the texts that rows view

  std::size_t rows() const noexcept {
    return positions.size() + events.size() + quarantine.size() + registry.size() + geofences.size() + dead.size();
  }
};

}  // namespace haulcast::store
