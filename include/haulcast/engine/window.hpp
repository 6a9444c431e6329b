// What a truck reported lately: the times that make its positions' identity, and where it was, in a few bytes each.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "haulcast/base/bytes.hpp"
#include "haulcast/base/prefetch.hpp"
#include "haulcast/base/time.hpp"
#include "haulcast/geo/point.hpp"

namespace haulcast::engine {

/// Positions ordered by time, delta-coded in chunks of up to 128: two bytes of time and about four of place at one position
/// each five seconds: six hours of them fit in 32 KiB however they came. Places are rounded to 1e-5 degrees (1.1 m), enough to
/// judge whether a truck could have been there. Appending is O(1); finding O(log chunks + chunk); inserting between others
/// rewrites one chunk. Copyable.
class window {
 public:
  struct entry {
    utc_time timestamp;
    geo::point point;
    bool suspect = false;
  };
  /// The nearest positions in time that are not suspect.
  struct neighbours {
    std::optional<entry> before;
    std::optional<entry> after;
  };

  bool contains(utc_time timestamp) const;
  neighbours around(utc_time timestamp) const;
  /// `timestamp` must not be in the window yet.
  void insert(const entry& e);
  /// Forgets whole chunks that end before `oldest`, and the oldest ones while more than `bytes_max` are held.
  void trim(utc_time oldest, std::size_t bytes_max);

  /// The first asks for where the newest chunk is described, the second, which needs that, for where it grows.
  void prefetch_newest() const noexcept {
    if (!chunks_.empty()) prefetch_whole(chunks_.back());
  }
  void prefetch_end() const noexcept {
    if (!chunks_.empty()) prefetch(chunks_.back().bytes.data() + chunks_.back().bytes.size());
  }

  bool empty() const noexcept { return chunks_.empty(); }
  /// Memory held, counted by content rather than capacity: trimming must not depend on how a vector happened to grow.
  std::size_t bytes() const noexcept { return bytes_; }
  void save(byte_writer& out) const;
  bool load(byte_reader& in);

 private:
  /// Times are epoch ms, places 1e-5 degrees. The first entry is coded against the chunk's first time and zeros, each other
  /// against the one before it.
  struct packed {
    std::int64_t time_ms = 0;
    std::int32_t latitude = 0;
    std::int32_t longitude = 0;
    bool suspect = false;
  };
  struct chunk {
    std::int64_t first_ms = 0;
    packed last;
    std::uint32_t count = 0;
    std::uint32_t plain = 0;  // those of them that are not suspect
    std::vector<std::uint8_t> bytes;
  };
  static constexpr std::uint32_t chunk_entries = 128;

  static packed pack(const entry& e);
  static entry unpack(const packed& p);
  void make_room(chunk& c) const;
  static void give_up_room(chunk& c);
  static void append(chunk& c, const packed& p);
  template <class Visit>
  static void walk(const chunk& c, Visit visit);
  static std::size_t footprint(const chunk& c) noexcept { return sizeof(chunk) + c.bytes.size(); }
  std::size_t chunk_for(std::int64_t time_ms) const;
  void replace(std::size_t at, const std::vector<packed>& entries);

  std::vector<chunk> chunks_;
  std::size_t bytes_ = 0;
};

}  // namespace haulcast::engine
