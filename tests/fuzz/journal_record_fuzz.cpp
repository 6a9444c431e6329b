#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "fuzz/require.hpp"
#include "haulcast/journal/record.hpp"

using namespace haulcast;

namespace {

bool within(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

std::string_view id_of(const engine::register_truck& asked) { return asked.truck_id; }
std::string_view id_of(const engine::remove_truck& asked) { return asked.truck_id; }
std::string_view id_of(const engine::put_geofence& asked) { return asked.what.id; }
std::string_view id_of(const engine::remove_geofence& asked) { return asked.geofence_id; }

std::string_view id_of(const engine::stage_geofences& asked) {
  return asked.what.empty() ? std::string_view{} : std::string_view{asked.what.front()->id};
}
std::string_view id_of(const engine::import_geofences&) { return {}; }
std::string_view id_of(const engine::enforce_geofences&) { return {}; }

void read_as_batch(const journal::record_view& record, std::string_view bytes) {
  engine::batch input;
  std::vector<engine::judgement> judgements;
  if (!read_batch(record, input, judgements)) return;
  REQUIRE(judgements.size() == input.positions.size());
  for (const auto& p : input.positions) REQUIRE(p.truck < input.trucks.size());
  for (const auto& p : input.positions) REQUIRE(within(p.where.attributes, bytes) && within(p.where.trip_id, bytes));
  for (const auto& r : input.rejected) REQUIRE(!to_string(r.code).empty() && within(r.raw, bytes));
}

}  // namespace

/// Whatever the bytes: reading ends, and what was read points into them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto record = journal::view_record(bytes);
  if (!record) return 0;
  REQUIRE(within(record->events, bytes) && within(record->body, bytes));
  std::vector<engine::event> events;
  if (read_events(*record, events)) {
    REQUIRE(events.size() == record->event_count);
    for (const auto& e : events) REQUIRE(!to_string(e.type).empty());
  }
  read_as_batch(*record, bytes);
  engine::tick tick;
  if (read_tick(*record, tick)) {
    for (const auto id : tick.trucks) REQUIRE(within(id, bytes));
  }
  engine::command command;
  engine::command_status decided{};
  if (read_command(*record, command, decided)) {
    REQUIRE(!to_string(decided).empty());
    REQUIRE(std::visit([](const auto& asked) { return id_of(asked); }, command.what).size() <= size);
  }
  std::vector<std::shared_ptr<engine::geofence>> brought;
  read_enforced(*record, brought);
  engine::started started;
  read_started(*record, started);
  return 0;
}
