#include "haulcast/engine/command.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace haulcast::engine {

namespace {

enum : std::uint8_t { match_bit = 1, match_any_bit = 2, none_match_bit = 4, none_match_any_bit = 8, precondition_bits = 15 };

void save_versions(const std::optional<version_set>& from, byte_writer& out) {
  if (!from) return;
  out.varint(from->versions.size());
  for (const std::uint64_t version : from->versions) out.varint(version);
}

void load_versions(std::optional<version_set>& into, bool any, byte_reader& in) {
  into.emplace().any = any;
  const std::size_t count = in.count();
  for (std::size_t i = 0; i < count && in.ok(); ++i) into->versions.push_back(in.varint());
}

bool load_count(std::uint32_t& into, byte_reader& in) {
  const std::uint64_t count = in.varint();
  into = static_cast<std::uint32_t>(count);
  return in.ok() && count == into;
}

template <std::size_t... Place>
bool load_alternative(any_command& what, std::uint64_t place, byte_reader& in, std::index_sequence<Place...>) {
  return ((Place == place && what.emplace<Place>().load(in)) || ...);
}

}  // namespace

bool version_set::has(std::uint64_t version) const noexcept {
  return any || std::ranges::find(versions, version) != versions.end();
}

bool precondition::holds(std::optional<std::uint64_t> present) const noexcept {
  if (match && !(present && match->has(*present))) return false;
  return !none_match || !present || !none_match->has(*present);
}

void precondition::save(byte_writer& out) const {
  out.u8(static_cast<std::uint8_t>((match ? match_bit : 0) | (match && match->any ? match_any_bit : 0) |
                                   (none_match ? none_match_bit : 0) |
                                   (none_match && none_match->any ? none_match_any_bit : 0)));
  save_versions(match, out);
  save_versions(none_match, out);
}

bool precondition::load(byte_reader& in) {
  const std::uint8_t flags = in.u8();
  if ((flags & ~precondition_bits) != 0) return false;
  if ((flags & match_bit) != 0) load_versions(match, (flags & match_any_bit) != 0, in);
  if ((flags & none_match_bit) != 0) load_versions(none_match, (flags & none_match_any_bit) != 0, in);
  return in.ok();
}

void retry_key::save(byte_writer& out) const {
  for (const digest* const part : {&key, &request}) {
    for (const std::uint64_t word : *part) out.fixed64(word);
  }
}

bool retry_key::load(byte_reader& in) {
  for (digest* const part : {&key, &request}) {
    for (std::uint64_t& word : *part) word = in.fixed64();
  }
  return in.ok();
}

void register_truck::save(byte_writer& out) const {
  out.text(truck_id);
  what.save(out);
  only_if.save(out);
}

bool register_truck::load(byte_reader& in) {
  truck_id = in.text();
  return what.load(in) && only_if.load(in);
}

void remove_truck::save(byte_writer& out) const {
  out.text(truck_id);
  only_if.save(out);
}

bool remove_truck::load(byte_reader& in) {
  truck_id = in.text();
  return only_if.load(in);
}

void put_geofence::save(byte_writer& out) const {
  what.save(out);
  out.u8(only_new ? 1 : 0);
  out.text(merchant_id);
  only_if.save(out);
}

bool put_geofence::load(byte_reader& in) {
  if (!what.load(in)) return false;
  const std::uint8_t flag = in.u8();
  only_new = flag == 1;
  merchant_id = in.text();
  return flag <= 1 && only_if.load(in);
}

void remove_geofence::save(byte_writer& out) const {
  out.text(geofence_id);
  out.text(merchant_id);
  only_if.save(out);
}

bool remove_geofence::load(byte_reader& in) {
  geofence_id = in.text();
  merchant_id = in.text();
  return only_if.load(in);
}

void stage_geofences::save(byte_writer& out) const {
  out.u8(first ? 1 : 0);
  out.varint(what.size());
  for (const auto& each : what) each->save(out);
}

bool stage_geofences::load(byte_reader& in) {
  const std::uint8_t flag = in.u8();
  first = flag == 1;
  const std::size_t count = in.count();
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    if (!what.emplace_back(std::make_shared<geofence>())->load(in)) return false;
  }
  return flag <= 1 && in.ok();
}

void import_geofences::save(byte_writer& out) const {
  out.varint(staged);
  out.varint(unchanged);
}

bool import_geofences::load(byte_reader& in) { return load_count(staged, in) && load_count(unchanged, in); }

void enforce_geofences::save(byte_writer& out) const { out.varint(count); }

bool enforce_geofences::load(byte_reader& in) { return load_count(count, in); }

std::string_view to_string(command_status status) noexcept {
  static constexpr std::array<std::string_view, command_statuses> names{
      "created", "updated", "removed",  "unchanged", "not_found", "precondition_failed", "no_room", "key_reused",
      "exists",  "staged",  "imported", "enforced",  "importing"};
  return names[static_cast<std::size_t>(status)];
}

command_outcome recorded_outcome(command_status status, std::uint64_t offset) noexcept {
  return {status, status == command_status::removed ? 0 : offset};
}

void save(const any_command& what, byte_writer& out) {
  out.varint(what.index());
  std::visit([&out](const auto& each) { each.save(out); }, what);
}

bool load(any_command& what, byte_reader& in) {
  return load_alternative(what, in.varint(), in, std::make_index_sequence<std::variant_size_v<any_command>>{});
}

}  // namespace haulcast::engine
