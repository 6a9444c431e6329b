// GeoJSON -> geofences: a Feature, and a whole FeatureCollection that comes piece by piece.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "haulcast/base/result.hpp"
#include "haulcast/engine/geofence.hpp"
#include "haulcast/wire/body_failure.hpp"
#include "haulcast/wire/feature_splitter.hpp"

namespace haulcast::wire {

/// A Feature as append_geofence_feature writes it: a Point with `radius_meters`, a Polygon, or a LineString with `width_meters`
/// becomes circle, polygon or corridor; `properties` carry the other members of the geofence; the id is `id` (a text, or a
/// whole number) or `geofence_id` of the properties, and must be there. `bbox` does not count. Strict as parse_geofence, with
/// the same codes; pointers begin at the feature. The shape has no problem then; no region is made of it yet.
result<engine::geofence, body_failure> parse_geofence_feature(std::string_view text);

struct collection_limits {
  std::size_t features_max = 200'000;
  std::size_t feature_bytes_max = 1 << 20;
};

/// Reads a collection as its text arrives, holding one feature of it and the ids of those that were read. Of the collection
/// `type` and `features` are required; `bbox`, `name` and `next_cursor` do not count; `crs` must name WGS 84. Pointers begin
/// with /features/N. Codes as above, and `body_too_large` for one feature, `too_many_geofences`, `duplicate_id`. Not
/// thread-safe.
class geofence_collection_reader {
 public:
  /// Gets each geofence, which it may keep; may refuse it, with a pointer that begins at the feature.
  using taker = std::function<std::optional<body_failure>(engine::geofence&&)>;

  geofence_collection_reader(collection_limits limits, taker take)
      : limits_{limits}, take_{std::move(take)}, splitter_{limits.feature_bytes_max} {}

  /// False: failure() says why, and what follows does not count.
  bool feed(std::string_view piece);
  /// The text has ended. False: likewise.
  bool finish();

  /// Features that were read.
  std::size_t count() const noexcept { return splitter_.count(); }
  const body_failure& failure() const noexcept { return *failure_; }

 private:
  bool take(std::string_view feature);
  bool fail(body_failure why);

  collection_limits limits_;
  taker take_;
  feature_splitter splitter_;
  std::set<std::string, std::less<>> ids_;  // no choice of ids makes it slow
  std::optional<body_failure> failure_;
};

}  // namespace haulcast::wire
