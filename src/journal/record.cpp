#include "haulcast/journal/record.hpp"

#include "haulcast/engine/codec.hpp"

namespace haulcast::journal {

namespace {

// The first byte of a position: its judgement, and whether truck and index go on from the position before.
enum : std::uint8_t { verdict_mask = 3, suspicion_shift = 2, suspicion_mask = 3, same_truck_bit = 16, next_index_bit = 32 };

// Beside a command's status: its retry key follows. Without one the record is as engine version 2 wrote it.
constexpr std::uint8_t retry_key_bit = 128;

void encode_head(byte_writer& out, record_kind kind, utc_time time, const engine::outcome& what) {
  out.u8(static_cast<std::uint8_t>(kind));
  out.svarint(to_epoch_ms(time));
  std::string events;
  byte_writer writer{events};
  for (const engine::event& e : what.events) encode(writer, e, time);
  out.varint(what.events.size());
  out.text(events);
}

void encode_ids(byte_writer& out, const std::vector<std::string_view>& ids) {
  out.varint(ids.size());
  for (const std::string_view id : ids) out.text(id);
}

void read_ids(byte_reader& in, std::vector<std::string_view>& ids) {
  const std::size_t count = in.count();
  for (std::size_t i = 0; i < count && in.ok(); ++i) ids.push_back(in.text());
}

// Wraps instead of overflowing: the bytes read may be anything.
utc_time later(utc_time time, std::int64_t ms) {
  return from_epoch_ms(
      static_cast<std::int64_t>(static_cast<std::uint64_t>(to_epoch_ms(time)) + static_cast<std::uint64_t>(ms)));
}

// Up to what an import brought into force, which is a consequence, and for those who ask for it.
bool read_command(byte_reader& in, const record_view& record, engine::command& input, engine::command_status& decided) {
  input.now = record.time;
  const std::uint8_t head = in.u8();
  const std::uint8_t status = head & static_cast<std::uint8_t>(~retry_key_bit);
  if (status >= engine::command_statuses) return false;
  decided = static_cast<engine::command_status>(status);
  input.retry.reset();
  if ((head & retry_key_bit) != 0 && !input.retry.emplace().load(in)) return false;
  return load(input.what, in) && in.ok() && (in.done() || decided == engine::command_status::enforced);
}

}  // namespace

void encode_record(std::string& out, const engine::batch& input, const engine::outcome& what) {
  byte_writer w{out};
  encode_head(w, record_kind::batch, input.received_at, what);
  encode_ids(w, input.trucks);

  w.varint(input.positions.size());
  engine::position_encoder positions{input.received_at};
  std::uint32_t truck = 0;
  std::uint32_t next_index = 0;
  for (std::size_t i = 0; i < input.positions.size(); ++i) {
    const engine::batch_position& p = input.positions[i];
    const engine::judgement j = what.judgements[i];
    w.u8(static_cast<std::uint8_t>(static_cast<unsigned>(j.what) | static_cast<unsigned>(j.why) << suspicion_shift |
                                   (p.truck == truck ? same_truck_bit : 0u) | (p.index == next_index ? next_index_bit : 0u)));
    if (p.truck != truck) w.varint(p.truck);
    if (p.index != next_index) w.varint(p.index);
    truck = p.truck;
    next_index = p.index + 1;
    if (j.what == engine::verdict::duplicate) {
      w.svarint(to_epoch_ms(p.where.timestamp) - to_epoch_ms(input.received_at));
    } else {
      positions.encode(w, p.where);
    }
  }

  w.varint(input.rejected.size());
  for (const engine::rejected_position& r : input.rejected) {
    w.varint(r.index);
    w.u8(static_cast<std::uint8_t>(r.code));
    w.text(r.truck_id);
    w.text(r.raw);
  }
}

void encode_record(std::string& out, const engine::tick& input, const engine::outcome& what) {
  byte_writer w{out};
  encode_head(w, record_kind::tick, input.now, what);
  encode_ids(w, input.trucks);
}

void encode_record(std::string& out, const engine::trim& input, const engine::outcome& what) {
  byte_writer w{out};
  encode_head(w, record_kind::trim, input.now, what);
  w.varint(input.bytes_max);
  encode_ids(w, input.trucks);
}

void encode_record(std::string& out, const engine::started& input, const engine::outcome& what) {
  byte_writer w{out};
  encode_head(w, record_kind::started, input.now, what);
  w.varint(input.engine_version);
  save(input.rules, w);
}

void encode_record(std::string& out, const engine::command& input, const engine::outcome& what) {
  byte_writer w{out};
  encode_head(w, record_kind::command, input.now, what);
  w.u8(static_cast<std::uint8_t>(static_cast<unsigned>(what.decided.what) | (input.retry ? retry_key_bit : 0u)));
  if (input.retry) input.retry->save(w);
  save(input.what, w);
  for (const auto& each : what.enforced) each->save(w);
}

std::optional<record_view> view_record(std::string_view bytes) {
  byte_reader in{bytes};
  record_view record;
  const std::uint8_t kind = in.u8();
  if (kind < 1 || kind > 5) return std::nullopt;
  record.kind = static_cast<record_kind>(kind);
  record.time = from_epoch_ms(in.svarint());
  record.event_count = in.count();
  record.events = in.text();
  record.body = bytes.substr(bytes.size() - in.left());
  if (!in.ok()) return std::nullopt;
  return record;
}

bool read_events(const record_view& record, std::vector<engine::event>& events) {
  byte_reader in{record.events};
  for (std::size_t i = 0; i < record.event_count && in.ok(); ++i) {
    events.push_back(engine::decode_event(in, record.time));
  }
  return in.ok() && in.done();
}

bool read_batch(const record_view& record, engine::batch& input, std::vector<engine::judgement>& judgements) {
  byte_reader in{record.body};
  input.received_at = record.time;
  read_ids(in, input.trucks);
  const std::size_t trucks = input.trucks.size();

  const std::size_t count = in.count();
  input.positions.reserve(count);
  judgements.reserve(count);
  engine::position_decoder positions{record.time};
  engine::batch_position p;
  std::uint32_t next_index = 0;
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const std::uint8_t head = in.u8();
    const engine::judgement j{static_cast<engine::verdict>(head & verdict_mask),
                              static_cast<engine::suspicion>(head >> suspicion_shift & suspicion_mask)};
    if ((head & same_truck_bit) == 0) p.truck = static_cast<std::uint32_t>(in.varint());
    p.index = (head & next_index_bit) != 0 ? next_index : static_cast<std::uint32_t>(in.varint());
    if (p.truck >= trucks) return false;
    next_index = p.index + 1;
    if (j.what == engine::verdict::duplicate) {
      p.where = {};
      p.where.timestamp = later(record.time, in.svarint());
    } else {
      p.where = positions.decode(in);
    }
    input.positions.push_back(p);
    judgements.push_back(j);
  }

  const std::size_t rejected = in.count();
  for (std::size_t i = 0; i < rejected && in.ok(); ++i) {
    engine::rejected_position r;
    r.index = static_cast<std::uint32_t>(in.varint());
    const std::uint8_t code = in.u8();
    if (code >= engine::reject_codes) return false;
    r.code = static_cast<engine::reject_code>(code);
    r.truck_id = in.text();
    r.raw = in.text();
    input.rejected.push_back(r);
  }
  return in.ok() && in.done();
}

bool read_command(const record_view& record, engine::command& input, engine::command_status& decided) {
  byte_reader in{record.body};
  return read_command(in, record, input, decided);
}

bool read_enforced(const record_view& record, std::vector<std::shared_ptr<engine::geofence>>& brought) {
  byte_reader in{record.body};
  engine::command input;
  engine::command_status decided{};
  if (!read_command(in, record, input, decided)) return false;
  while (in.ok() && !in.done()) {
    if (!brought.emplace_back(std::make_shared<engine::geofence>())->load(in)) return false;
  }
  return in.ok();
}

bool read_tick(const record_view& record, engine::tick& input) {
  byte_reader in{record.body};
  input.now = record.time;
  read_ids(in, input.trucks);
  return in.ok() && in.done();
}

bool read_trim(const record_view& record, engine::trim& input) {
  byte_reader in{record.body};
  input.now = record.time;
  input.bytes_max = static_cast<std::uint32_t>(in.varint());
  read_ids(in, input.trucks);
  return in.ok() && in.done();
}

bool read_started(const record_view& record, engine::started& input) {
  byte_reader in{record.body};
  input.now = record.time;
  input.engine_version = static_cast<std::uint32_t>(in.varint());
  if (in.ok() && input.engine_version > engine::version) return true;  // its rules may have members of which we know nothing
  return load(input.rules, in, input.engine_version) && in.done();
}

}  // namespace haulcast::journal
