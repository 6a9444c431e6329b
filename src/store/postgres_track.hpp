// One truck's positions in PostgreSQL: the hours that have any, and for its hourly figures.
#pragma once

#include <vector>

#include "haulcast/store/hours.hpp"
#include "postgres_session.hpp"

namespace haulcast::store {

/// The first hour that positions may be of, since partitions before were dropped.
std::int64_t first_hour_kept(pqxx::transaction_base& in);

/// The hours in [from, to] in which the truck sent something, in order.
std::vector<std::int64_t> hours_of(pqxx::transaction_base& in, std::int64_t truck, std::int64_t from, std::int64_t to);

/// Reads within the transaction that is on. Throws what libpqxx throws.
class postgres_track final : public track {
 public:
  postgres_track(pqxx::transaction_base& in, std::int64_t truck, std::int64_t first_hour)
      : in_{in}, truck_{truck}, first_hour_{first_hour} {}

  std::optional<utc_time> before(utc_time t) override;
  std::optional<utc_time> from(utc_time t) override;
  void read(utc_time from, utc_time to, const std::function<void(const track_point&)>& take) override;

 private:
  std::optional<std::int64_t> hour_near(std::int64_t hour, bool before);
  std::optional<utc_time> one(std::int64_t hour, utc_time from, utc_time to, bool last);

  pqxx::transaction_base& in_;
  std::int64_t truck_;
  std::int64_t first_hour_;
};

/// A truck's slots of that hour as an array of PostgreSQL's, without its end; those outside of [from, to] are left out.
void append_slots(std::string& to_array, std::int64_t truck, std::int64_t hour, utc_time from, utc_time to);

inline constexpr const char* hour_columns =
    "(extract(epoch FROM hour) / 3600)::bigint, distance_m, max_speed_kmh, moving_ms, idle_ms, coordinates_count";
hour_figures figures_in(const pqxx::row& row);  // hour_columns

}  // namespace haulcast::store
