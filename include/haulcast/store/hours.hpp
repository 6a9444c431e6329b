// The hourly figures of a truck, from its positions: the one place where they are computed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "haulcast/base/time.hpp"
#include "haulcast/engine/position.hpp"
#include "haulcast/geo/point.hpp"

namespace haulcast::store {

/// As much of a position as the figures take.
struct track_point {
  utc_time when;
  geo::point where;
  double speed_kmh = engine::unknown;
  double accuracy_m = engine::unknown;
  bool engine_off = false;  // by engine_is_off
  bool suspect = false;     // counted, and nothing else
};

/// "off" and "stopped", in any case of letters: everything else is on or unknown.
bool engine_is_off(std::string_view engine_status) noexcept;
track_point track_point_of(const engine::position& p, bool suspect) noexcept;

/// One UTC hour of one truck. An hour without any position, and that no drive passes through, has none.
struct hour_figures {
  utc_time hour;  // its beginning
  double distance_m = 0;
  double max_speed_kmh = engine::unknown;  // of what was given
  milliseconds moving{0};
  milliseconds idle{0};     // engine on or unknown, and slower than 5 km/h
  std::uint64_t count = 0;  // positions stored, late and suspect ones too

  friend bool operator==(const hour_figures& a, const hour_figures& b) noexcept;
};

utc_time hour_of(utc_time t) noexcept;

/// Takes points in the order of time (each time once) and gives the hours in order. Pure; O(points + hours).
///
/// A segment leads from one position to the next that is not suspect; its time belongs to the position it starts at, its
/// distance is split at the hour by time. It is slow if that position says so, or by the ground covered where it says nothing.
/// Time of slow segments is idle unless the engine is off; time of the others is moving. A segment of more than an hour is
/// silence: it is moving if the ground covered says so, else it is nobody's time.
///
/// The distance of a fast segment counts. Of slow ones a truck has left its place only when it is more than 50 m (or the
/// accuracy given) from where it was when it last moved, or says that it drives: so noise of a parked truck adds nothing, and
/// one that crawls is still followed. The place is taken anew with the first position of each hour, so that an hour rests on
/// its own positions and the neighbours of these alone.
class hour_fold {
 public:
  void add(const track_point& p);
  /// Hours in order. Figures of the first hour lack what led into it, those of the last one what leads out.
  std::vector<hour_figures> take();

 private:
  hour_figures& at(utc_time hour);
  void segment(const track_point& from, const track_point& to);

  std::vector<hour_figures> hours_;
  std::optional<track_point> last_;  // not suspect
  geo::point place_;                 // where the truck was when it last moved
};

/// One truck's stored positions, as a store reads them for the figures.
class track {
 public:
  virtual ~track() = default;
  /// Of the nearest position that is not suspect, before or at-or-after that time.
  virtual std::optional<utc_time> before(utc_time t) = 0;
  virtual std::optional<utc_time> from(utc_time t) = 0;
  /// All positions in [from, to] in the order of time.
  virtual void read(utc_time from, utc_time to, const std::function<void(const track_point&)>& take) = 0;
};

/// The hours whose figures rest on a position of the hours [first, last]: from that of the position before them to that of the
/// position after. Hours that have figures no more are left out of `figures`, so whoever keeps figures replaces all in
/// [from, to].
struct settled_hours {
  utc_time from;
  utc_time to;
  std::vector<hour_figures> figures;
};
/// Reads the positions of these hours and of one hour on each side of them that has any.
settled_hours settle(track& positions, utc_time first, utc_time last);

/// Stored positions, and with them those that are not stored yet. A stored one of the same time stands.
class joined_track final : public track {
 public:
  /// `stored` must outlive it.
  joined_track(track& stored, const std::vector<track_point>& unstored);

  std::optional<utc_time> before(utc_time t) override;
  std::optional<utc_time> from(utc_time t) override;
  void read(utc_time from, utc_time to, const std::function<void(const track_point&)>& take) override;

 private:
  track& stored_;
  std::vector<track_point> unstored_;  // by time, each once
};

/// What a query answers: the figures that are kept, and those of `unsettled` hours (where positions came since they were kept)
/// computed over them. `kept` in order, within [from, to]; likewise what is returned. Hours of both that lie close together are
/// read in one go.
std::vector<hour_figures> current_figures(track& positions, std::vector<hour_figures> kept, std::vector<utc_time> unsettled,
                                          utc_time from, utc_time to);

/// Unsettled hours, in order, as runs that are best settled in one go.
struct hour_run {
  utc_time first;
  utc_time last;
};
std::vector<hour_run> runs_of(const std::vector<utc_time>& unsettled);

}  // namespace haulcast::store
