#include <cmath>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "fuzz/require.hpp"
#include "haulcast/base/id.hpp"
#include "haulcast/wire/batch_parser.hpp"
#include "haulcast/wire/position_reader.hpp"
#include "wire/json_oracle.hpp"

using namespace haulcast;

namespace {

constexpr utc_time now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20} + std::chrono::hours{12}};
const wire::batch_limits limits{.max_positions = 50};

bool within(double value, double low, double high) { return std::isnan(value) || (value >= low && value <= high); }

bool clean(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
  }
  return true;
}

void check(const engine::position& p) {
  REQUIRE(p.timestamp <= now + limits.future_tolerance && p.timestamp >= now - limits.max_age);
  REQUIRE(std::abs(p.point.latitude) <= 90 && std::abs(p.point.longitude) <= 180);
  REQUIRE(within(p.speed_kmh, 0, 400) && within(p.heading, 0, 360) && within(p.accuracy_m, 0, 1e6));
  REQUIRE(within(p.altitude_m, -1000, 20000) && within(p.odometer_km, 0, 1e7));
  REQUIRE(within(p.fuel_level_pct, 0, 100) && within(p.battery_pct, 0, 100));
  REQUIRE(p.trip_id.empty() || is_id(p.trip_id));
  REQUIRE(p.driver_id.empty() || is_id(p.driver_id));
  REQUIRE(p.engine_status.size() <= 64 && clean(p.engine_status));
  REQUIRE(p.attributes.size() <= 1024 && clean(p.attributes));
  REQUIRE(p.attributes.empty() || wire::oracle::is_json(p.attributes));
}

void check(const engine::batch& batch) {
  REQUIRE(batch.positions.size() + batch.rejected.size() > 0);
  REQUIRE(batch.positions.size() + batch.rejected.size() <= limits.max_positions);
  std::set<std::uint32_t> indexes;
  std::set<std::uint32_t> named;
  for (const auto& p : batch.positions) {
    check(p.where);
    REQUIRE(p.truck < batch.trucks.size());
    indexes.insert(p.index);
    named.insert(p.truck);
  }
  for (const auto& r : batch.rejected) {
    REQUIRE(r.raw.size() <= engine::rejected_raw_bytes && !r.raw.empty());
    REQUIRE(r.truck_id.empty() || is_id(r.truck_id));
    indexes.insert(r.index);
  }
  REQUIRE(indexes.size() == batch.positions.size() + batch.rejected.size());
  REQUIRE(*indexes.rbegin() + 1 == indexes.size());
  REQUIRE(named.size() == batch.trucks.size());
  const std::set<std::string_view> distinct(batch.trucks.begin(), batch.trucks.end());
  REQUIRE(distinct.size() == batch.trucks.size());
  for (const auto id : batch.trucks) REQUIRE(is_id(id) && id.front() != 'X');
}

}  // namespace

/// Agrees with a second parser on what is JSON, and what passes keeps every bound that api and engine rely on.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static wire::batch_parser parser;
  std::vector<char> body(size + wire::batch_parser::padding(), '9');
  if (size > 0) std::memcpy(body.data(), data, size);
  const std::string_view text{body.data(), size};
  const auto parsed = parser.parse(text, now, limits, [](std::string_view id) { return id.front() != 'X'; });
  std::memset(body.data(), '#', body.size());  // nothing may point into it any more
  const bool json = parsed || parsed.error().code != wire::batch_error::malformed_json;
  REQUIRE(json == wire::oracle::is_json({reinterpret_cast<const char*>(data), size}));
  if (parsed) {
    check(*parsed->batch);
    REQUIRE(parsed->batch->positions.empty() || parsed->covered);
  } else {
    REQUIRE(parsed.error().pointer.size() <= 200);
  }
  return 0;
}
