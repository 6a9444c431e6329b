#include "haulcast/journal/recovery.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <memory>

#include "geofence_rows.hpp"
#include "haulcast/base/failpoint.hpp"
#include "haulcast/engine/codec.hpp"

namespace haulcast::journal {

namespace {

failure unreadable(offset_t offset, std::string_view why) {
  return {fmt::format("record {} of the journal {}; restore the journal from a backup", offset, why)};
}

failure unreadable(const segment_log& log, offset_t offset, std::string_view why) {
  const auto file = log.file_of(offset);
  if (file.empty()) return unreadable(offset, why);
  return {fmt::format("record {} of the journal {}; restore {} from a backup", offset, why, file.string())};
}

std::string_view to_text(read_error error) {
  switch (error) {
    case read_error::expired: return "is older than the oldest one kept";
    case read_error::corrupt: return "is damaged";
    case read_error::failed: return "cannot be read";
  }
  return "";
}

class sha256 {
 public:
  sha256() : context_{EVP_MD_CTX_new()} { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string hex() {
    std::array<unsigned char, 32> bytes{};
    EVP_DigestFinal_ex(context_.get(), bytes.data(), nullptr);
    return fmt::format("{:02x}", fmt::join(bytes, ""));
  }

 private:
  struct free {
    void operator()(EVP_MD_CTX* c) const noexcept { EVP_MD_CTX_free(c); }
  };
  std::unique_ptr<EVP_MD_CTX, free> context_;
};

bool same_events(const record_view& record, const engine::outcome& out) {
  if (record.event_count != out.events.size()) return false;
  std::string bytes;
  byte_writer writer{bytes};
  for (const engine::event& e : out.events) encode(writer, e, record.time);
  return bytes == record.events;
}

offset_t newest_held(const engine::world& world) {
  offset_t newest = world.rules_changed_at();
  if (const auto* const key = world.retries().newest()) newest = std::max(newest, key->offset);
  for (engine::truck_index i = 0; i < world.size(); ++i) newest = std::max(newest, world.at(i).changed_at);
  for (const auto& [id, fence] : world.geofences().all()) newest = std::max(newest, fence->version);
  return newest;
}

// Keys that are not trucks' come together: a row alone does not say what is missing beside it.
result<void> load_world(snapshot_store& from, engine::world& world) {
  std::vector<std::string> retries;
  geofence_rows fences{world};
  auto loaded = from.load([&](const entity& e) {
    if (e.key == rules_key) return world.restore_rules(e.bytes);
    if (e.key.starts_with(geofence_prefix)) {
      fences.take(e);
      return true;
    }
    if (!e.key.starts_with(retries_prefix)) return world.restore_truck(e.bytes);
    retries.push_back(e.bytes);
    return true;
  });
  if (const auto bad = fences.finish(); loaded && bad) return failure{fmt::format("the snapshot of {} is damaged", *bad)};
  if (loaded && !world.restore_retries({retries.begin(), retries.end()}))
    return failure{"the snapshots of retry keys are damaged"};
  return loaded;
}

}  // namespace

result<void> for_each_record(const segment_log& log, offset_t from,
                             const std::function<result<void>(offset_t, const record_view&)>& take) {
  while (from <= log.last_offset()) {
    const auto group = log.read(from);
    if (!group) return unreadable(log, from, to_text(group.error()));
    for (record_cursor c{**group}; c.valid(); c.next()) {
      if (c.offset() < from) continue;
      const auto record = view_record(c.bytes());
      if (!record) return unreadable(log, c.offset(), "is of no known kind");
      if (auto taken = take(c.offset(), *record); !taken) return taken;
      from = c.offset() + 1;
    }
    if (from <= (*group)->last()) return unreadable(log, from, "is damaged");
  }
  return {};
}

result<bool> replay(engine::world& world, offset_t offset, const record_view& record, engine::outcome& out) {
  out.clear();
  bool same_decision = true;
  if (record.kind == record_kind::batch) {
    engine::batch input;
    std::vector<engine::judgement> judgements;
    if (!read_batch(record, input, judgements)) return unreadable(offset, "is damaged");
    world.apply(input, offset, out);
    same_decision = judgements == out.judgements;
  } else if (record.kind == record_kind::command) {
    engine::command input;
    engine::command_status decided{};
    if (!read_command(record, input, decided)) return unreadable(offset, "is damaged");
    world.apply(input, offset, out);
    if (out.partly_skipped) world.recall(input, decided, offset);
    same_decision = decided == out.decided.what && !out.decided.again;
  } else if (record.kind == record_kind::tick) {
    engine::tick input;
    if (!read_tick(record, input)) return unreadable(offset, "is damaged");
    world.apply(input, offset, out);
  } else if (record.kind == record_kind::trim) {
    engine::trim input;
    if (!read_trim(record, input)) return unreadable(offset, "is damaged");
    world.apply(input, offset, out);
  } else {
    engine::started input;
    if (!read_started(record, input)) return unreadable(offset, "is damaged");
    if (input.engine_version > engine::version) {
      return failure{fmt::format("record {} was written by a newer version (engine {}, this one is {})", offset,
                                 input.engine_version, engine::version)};
    }
    world.apply(input, offset, out);
  }
  return out.partly_skipped || (same_decision && same_events(record, out));
}

result<recovered> recover(const segment_log& log, snapshot_store* snapshots, std::size_t max_trucks) {
  recovered r{.world = engine::world{max_trucks}};
  if (snapshots != nullptr) {
    const auto replay_from = snapshots->replay_from();
    if (!replay_from) return replay_from.error();
    r.replayed_from = *replay_from;
    if (auto loaded = load_world(*snapshots, r.world); !loaded) return std::move(loaded).error();
    HAULCAST_FAILPOINT(recovery_loaded);
  }
  if (const offset_t newest = std::max(r.replayed_from - 1, newest_held(r.world)); newest > log.last_offset()) {
    return failure{
        fmt::format("the snapshots are ahead of the journal (record {} of {}): was the journal restored from an older backup?",
                    newest, log.last_offset())};
  }
  engine::outcome out;
  auto replayed = for_each_record(log, r.replayed_from, [&](offset_t offset, const record_view& record) -> result<void> {
    const auto same = replay(r.world, offset, record, out);
    if (!same) return same.error();
    if (!*same) {
      ++r.differences;
      spdlog::error("replaying record {} gave other events than were recorded; the recorded ones stand", offset);
    }
    ++r.records;
    r.positions += out.judgements.size();
    HAULCAST_FAILPOINT(recovery_replayed);
    return {};
  });
  if (!replayed) return std::move(replayed).error();
  r.world.prepare_import();
  r.last = log.last_offset();
  return r;
}

std::string digest(const engine::world& world) {
  std::vector<engine::truck_index> order(world.size());
  for (engine::truck_index i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return world.at(a).id < world.at(b).id; });
  sha256 sum;
  std::string bytes;
  byte_writer writer{bytes};
  world.save_rules(writer);
  sum.add(bytes);
  for (const auto index : order) {
    bytes.clear();
    world.save_truck(index, writer);
    sum.add(bytes);
  }
  bytes.clear();
  world.retries().save(writer);
  sum.add(bytes);
  for (const auto& [id, fence] : world.geofences().all()) {
    bytes.clear();
    fence->save(writer);
    sum.add(bytes);
  }
  bytes.clear();
  world.save_import(writer);
  sum.add(bytes);
  return sum.hex();
}

result<std::string> digest_events(const segment_log& log) {
  sha256 sum;
  auto read = for_each_record(log, log.first_offset(), [&](offset_t offset, const record_view& record) -> result<void> {
    if (record.event_count == 0) return {};
    sum.add(fmt::format("{} {} {}\n", offset, to_epoch_ms(record.time), record.event_count));
    sum.add(record.events);
    return {};
  });
  if (!read) return std::move(read).error();
  return {boost::system::in_place_value, sum.hex()};
}

}  // namespace haulcast::journal
