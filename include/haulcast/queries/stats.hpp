// A truck's figures by the hour or by the day.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/queries/question.hpp"
#include "haulcast/queries/tail.hpp"

namespace haulcast::queries {

/// The days of a time zone, by the system's IANA database.
class calendar {
 public:
  virtual ~calendar() = default;
  /// The midnight that begins the day which that moment is in. (Where a day begins later than at midnight, that.)
  virtual utc_time day_of(utc_time t) const = 0;
  virtual utc_time day_after(utc_time t) const = 0;
  /// "2026-11-20"
  virtual std::string date_of(utc_time t) const = 0;
};

/// None: there is no such zone. Reads a file the first time: not for the loop.
std::unique_ptr<const calendar> calendar_of(std::string_view zone);

/// One line of an answer: an hour, or the hours that begin in a day.
struct figures_span {
  utc_time begins;
  store::hour_figures sum;
};

/// `hours` in order. Sums of what has figures; a day without any has none.
std::vector<figures_span> by_day(const std::vector<store::hour_figures>& hours, const calendar& days);

struct stats_asked {
  std::string truck_id;
  utc_time from;  // the hour or day that this moment is in, to that of `to`
  utc_time to;
  std::optional<utc_time> after{};  // the cursor: those that begin later
  std::size_t limit = 100;
  std::optional<std::string> days_of{};  // a time zone; none: by the hour
};

/// In order of time; the hour that is not over yet, too. Of a time zone whose days do not begin on a UTC hour, an hour belongs
/// to the day that it begins in.
class stats final : public question {
 public:
  stats(stats_asked asked, tail behind) : asked_{std::move(asked)}, tail_{std::move(behind)} {}
  store::store_result<bool> step(store::reader& from) override;

  /// After an answer: the zone that was asked for is not known.
  bool no_such_zone() const noexcept { return no_such_zone_; }

 private:
  void append(const figures_span& span, const calendar* days);

  stats_asked asked_;
  tail tail_;
  bool no_such_zone_ = false;
};

}  // namespace haulcast::queries
