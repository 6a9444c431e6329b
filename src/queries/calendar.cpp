#include <date/tz.h>

#include <algorithm>
#include <stdexcept>

#include "haulcast/queries/stats.hpp"

namespace haulcast::queries {

namespace {

class zone_calendar final : public calendar {
 public:
  explicit zone_calendar(const date::time_zone* zone) : zone_{zone} {}

  utc_time day_of(utc_time t) const override { return begins(local_day(t)); }
  utc_time day_after(utc_time t) const override { return begins(local_day(t) + date::days{1}); }
  std::string date_of(utc_time t) const override { return date::format("%F", date::year_month_day{local_day(t)}); }

 private:
  date::local_days local_day(utc_time t) const { return date::floor<date::days>(zone_->to_local(t)); }
  // A midnight that clocks skip is where they go on; of one that comes twice, the first counts.
  utc_time begins(date::local_days day) const {
    return std::chrono::floor<milliseconds>(zone_->to_sys(day, date::choose::earliest));
  }

  const date::time_zone* zone_;
};

// Names are looked for among files: none that could lead elsewhere.
bool is_zone_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+' ||
           c == '/';
  };
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, fits);
}

}  // namespace

std::unique_ptr<const calendar> calendar_of(std::string_view zone) try {
  if (!is_zone_name(zone)) return nullptr;
  return std::make_unique<zone_calendar>(date::locate_zone(zone));
} catch (const std::runtime_error&) {
  return nullptr;
}

}  // namespace haulcast::queries
