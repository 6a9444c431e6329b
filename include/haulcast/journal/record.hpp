// One entry of the journal as bytes: an input, what the engine judged of it, and the events it caused.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/engine/world.hpp"

namespace haulcast::journal {

using engine::offset_t;

/// The numbers are written to journals: append, never renumber.
enum class record_kind : std::uint8_t { started = 1, batch = 2, tick = 3, trim = 4, command = 5 };

/// Appends one record to `out`. Duplicates keep their identity only; rejected positions their reason and raw text.
void encode_record(std::string& out, const engine::batch& input, const engine::outcome& what);
void encode_record(std::string& out, const engine::tick& input, const engine::outcome& what);
void encode_record(std::string& out, const engine::trim& input, const engine::outcome& what);
void encode_record(std::string& out, const engine::started& input, const engine::outcome& what);
/// Only of a command that changed something. Of an import's that bring geofences into force, these too: who reads the record
/// need not have read where they were staged.
void encode_record(std::string& out, const engine::command& input, const engine::outcome& what);

/// A record before its parts are read: the events come first, so that who wants only them reads no further.
/// Everything is a view into the record's bytes.
struct record_view {
  record_kind kind = record_kind::started;
  utc_time time;  // the input's server time
  std::size_t event_count = 0;
  std::string_view events;
  std::string_view body;
};
/// None: bytes that no encode_record wrote.
std::optional<record_view> view_record(std::string_view bytes);

/// False as above. The texts of what is read are views into the record's bytes.
bool read_events(const record_view& record, std::vector<engine::event>& events);
bool read_batch(const record_view& record, engine::batch& input, std::vector<engine::judgement>& judgements);
bool read_command(const record_view& record, engine::command& input, engine::command_status& decided);
/// The geofences that this record of an import brought into force; of other commands none. Their version is its offset; no
/// regions are made.
bool read_enforced(const record_view& record, std::vector<std::shared_ptr<engine::geofence>>& brought);
bool read_tick(const record_view& record, engine::tick& input);
/// Of a newer engine version only that number is read.
bool read_trim(const record_view& record, engine::trim& input);
bool read_started(const record_view& record, engine::started& input);

}  // namespace haulcast::journal
