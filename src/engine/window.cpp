#include "haulcast/engine/window.hpp"

#include <algorithm>
#include <cmath>

namespace haulcast::engine {

namespace {

constexpr double places = 1e5;

void put(std::vector<std::uint8_t>& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

std::string_view as_text(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

window::packed window::pack(const entry& e) {
  return {to_epoch_ms(e.timestamp), static_cast<std::int32_t>(std::lround(e.point.latitude * places)),
          static_cast<std::int32_t>(std::lround(e.point.longitude * places)), e.suspect};
}

window::entry window::unpack(const packed& p) {
  return {from_epoch_ms(p.time_ms), {p.latitude / places, p.longitude / places}, p.suspect};
}

// Room for one more entry. A truck's first chunk grows in steps, for many trucks never fill one; each further one is taken
// whole, as large as the one before turned out: whoever reports steadily takes the heap once a chunk.
void window::make_room(chunk& c) const {
  constexpr std::size_t entry_bytes_max = 20;
  constexpr std::size_t first_bytes = 24;  // the least that malloc gives; 8 of twice as much are its own
  if (c.bytes.capacity() - c.bytes.size() >= entry_bytes_max) return;
  const std::size_t before = c.bytes.empty() && chunks_.size() > 1 ? chunks_[chunks_.size() - 2].bytes.size() : 0;
  c.bytes.reserve(before > 0 ? before + entry_bytes_max : std::max(first_bytes, c.bytes.capacity() * 2 + 8));
}

// A full chunk keeps what it has too much when that is little.
void window::give_up_room(chunk& c) {
  if (c.bytes.capacity() - c.bytes.size() > c.bytes.size() / 8) c.bytes.shrink_to_fit();
}

void window::append(chunk& c, const packed& p) {
  if (c.count == 0) c.first_ms = p.time_ms;
  const packed before = c.count == 0 ? packed{p.time_ms, 0, 0, false} : c.last;
  put(c.bytes, static_cast<std::uint64_t>(p.time_ms - before.time_ms) << 1 | (p.suspect ? 1 : 0));
  put(c.bytes, zigzag(std::int64_t{p.latitude} - before.latitude));
  put(c.bytes, zigzag(std::int64_t{p.longitude} - before.longitude));
  c.last = p;
  ++c.count;
  c.plain += p.suspect ? 0 : 1;
}

// Visits the entries in the order of time until `visit` says false.
template <class Visit>
void window::walk(const chunk& c, Visit visit) {
  byte_reader in{as_text(c.bytes)};
  packed p;
  // Unsigned, so that bytes that no save wrote wrap instead of overflowing.
  auto time_ms = static_cast<std::uint64_t>(c.first_ms);
  std::uint64_t latitude = 0;
  std::uint64_t longitude = 0;
  for (std::uint32_t i = 0; i < c.count; ++i) {
    const std::uint64_t time = in.varint();
    p.suspect = (time & 1) != 0;
    p.time_ms = static_cast<std::int64_t>(time_ms += time >> 1);
    p.latitude = static_cast<std::int32_t>(latitude += static_cast<std::uint64_t>(in.svarint()));
    p.longitude = static_cast<std::int32_t>(longitude += static_cast<std::uint64_t>(in.svarint()));
    if (!visit(p)) return;
  }
}

// The last chunk that begins at or before the time, else the first.
std::size_t window::chunk_for(std::int64_t time_ms) const {
  const auto after =
      std::upper_bound(chunks_.begin(), chunks_.end(), time_ms, [](std::int64_t t, const chunk& c) { return t < c.first_ms; });
  return after == chunks_.begin() ? 0 : static_cast<std::size_t>(after - chunks_.begin() - 1);
}

bool window::contains(utc_time timestamp) const {
  const std::int64_t time_ms = to_epoch_ms(timestamp);
  if (chunks_.empty() || time_ms > chunks_.back().last.time_ms || time_ms < chunks_.front().first_ms) return false;
  const chunk& c = chunks_[chunk_for(time_ms)];
  if (time_ms == c.last.time_ms || time_ms == c.first_ms) return true;
  if (time_ms > c.last.time_ms) return false;
  bool found = false;
  walk(c, [&](const packed& p) {
    found = p.time_ms == time_ms;
    return p.time_ms < time_ms;
  });
  return found;
}

window::neighbours window::around(utc_time timestamp) const {
  neighbours found;
  if (chunks_.empty()) return found;
  const std::int64_t time_ms = to_epoch_ms(timestamp);
  const auto keep = [](std::optional<entry>& place, const std::optional<packed>& p) {
    if (p) place = unpack(*p);
  };
  const std::size_t home = chunk_for(time_ms);
  for (std::size_t i = home + 1; i-- > 0 && !found.before;) {
    if (chunks_[i].plain == 0) continue;
    std::optional<packed> before;
    std::optional<packed> after;
    walk(chunks_[i], [&](const packed& p) {
      if (p.suspect || p.time_ms == time_ms) return true;
      (p.time_ms < time_ms ? before : after) = p;
      return !after;
    });
    keep(found.before, before);
    if (i == home) keep(found.after, after);
  }
  for (std::size_t i = home + 1; i < chunks_.size() && !found.after; ++i) {
    if (chunks_[i].plain == 0) continue;
    std::optional<packed> after;
    walk(chunks_[i], [&](const packed& p) {
      if (!p.suspect) after = p;
      return !after;
    });
    keep(found.after, after);
  }
  return found;
}

void window::insert(const entry& e) {
  const packed p = pack(e);
  if (chunks_.empty() || p.time_ms > chunks_.back().last.time_ms) {
    if (chunks_.empty() || chunks_.back().count >= chunk_entries) {
      if (!chunks_.empty()) give_up_room(chunks_.back());
      chunks_.emplace_back();
      bytes_ += footprint(chunks_.back());
    }
    chunk& c = chunks_.back();
    bytes_ -= footprint(c);
    make_room(c);
    append(c, p);
    bytes_ += footprint(c);
    return;
  }
  const std::size_t home = chunk_for(p.time_ms);
  std::vector<packed> entries;
  entries.reserve(chunks_[home].count + 1);
  walk(chunks_[home], [&](const packed& each) {
    entries.push_back(each);
    return true;
  });
  const auto place = std::upper_bound(entries.begin(), entries.end(), p,
                                      [](const packed& a, const packed& b) { return a.time_ms < b.time_ms; });
  entries.insert(place, p);
  replace(home, entries);
}

// Writes a chunk anew; one that has grown too large becomes two.
void window::replace(std::size_t at, const std::vector<packed>& entries) {
  const auto write = [](auto first, auto last) {
    chunk c;
    c.bytes.reserve(static_cast<std::size_t>(last - first) * 8);
    for (; first != last; ++first) append(c, *first);
    c.bytes.shrink_to_fit();
    return c;
  };
  const auto middle = entries.size() > chunk_entries ? entries.begin() + chunk_entries / 2 : entries.end();
  bytes_ -= footprint(chunks_[at]);
  chunks_[at] = write(entries.begin(), middle);
  bytes_ += footprint(chunks_[at]);
  if (middle == entries.end()) return;
  const auto second = chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(at) + 1, write(middle, entries.end()));
  bytes_ += footprint(*second);
}

void window::trim(utc_time oldest, std::size_t bytes_max) {
  const std::int64_t oldest_ms = to_epoch_ms(oldest);
  std::size_t gone = 0;
  while (gone + 1 < chunks_.size() && (chunks_[gone].last.time_ms < oldest_ms || bytes_ > bytes_max)) {
    bytes_ -= footprint(chunks_[gone++]);
  }
  if (gone > 0) chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(gone));
}

void window::save(byte_writer& out) const {
  out.varint(chunks_.size());
  for (const chunk& c : chunks_) {
    out.varint(c.count);
    out.varint(c.plain);
    out.svarint(c.first_ms);
    out.svarint(c.last.time_ms);
    out.svarint(c.last.latitude);
    out.svarint(c.last.longitude);
    out.u8(c.last.suspect ? 1 : 0);
    out.text(as_text(c.bytes));
  }
}

bool window::load(byte_reader& in) {
  chunks_.clear();
  bytes_ = 0;
  const std::size_t count = in.count();
  chunks_.reserve(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    chunk c;
    c.count = static_cast<std::uint32_t>(in.varint());
    c.plain = static_cast<std::uint32_t>(in.varint());
    c.first_ms = in.svarint();
    c.last.time_ms = in.svarint();
    c.last.latitude = static_cast<std::int32_t>(in.svarint());
    c.last.longitude = static_cast<std::int32_t>(in.svarint());
    c.last.suspect = in.u8() != 0;
    const std::string_view bytes = in.text();
    if (c.count == 0 || c.count > bytes.size()) return false;
    c.bytes.assign(bytes.begin(), bytes.end());
    bytes_ += footprint(c);
    chunks_.push_back(std::move(c));
  }
  return in.ok();
}

}  // namespace haulcast::engine
