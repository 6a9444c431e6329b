// The body of an import, piece by piece, -> what the pipeline takes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "haulcast/auth/principal.hpp"
#include "haulcast/http/idempotency_key.hpp"
#include "haulcast/http/problem.hpp"
#include "haulcast/pipeline/geofence_import.hpp"
#include "haulcast/wire/geofence_collection.hpp"
#include "haulcast/wire/gunzip_stream.hpp"

namespace haulcast::http {

/// Made on the loop from the head of the request, which need not stay; then used at the desk alone until finish() is over. Each
/// geofence is checked, and made ready for the index: 60 us on average, milliseconds for thousands of vertices.
class geofence_reading {
 public:
  geofence_reading(const request& r, std::optional<std::string_view> key, std::size_t geofences_max);
  geofence_reading(const geofence_reading&) = delete;
  geofence_reading& operator=(const geofence_reading&) = delete;

  /// False: wrong() says why, and what follows does not count.
  bool take(std::string_view piece);
  bool finish();
  /// Frees what was read.
  bool clear();

  const std::optional<problem>& wrong() const noexcept { return wrong_; }
  /// Once, when finish() said that all is well.
  std::unique_ptr<pipeline::import_request> take_request() { return std::move(made_); }

 private:
  bool take_plain(std::string_view text);
  std::optional<wire::body_failure> keep(engine::geofence&& read);
  bool fail(problem why);

  std::string merchant_id_;  // empty: an admin's
  std::optional<piecewise_retry_key> key_;
  std::optional<wire::gunzip_stream> gzip_;
  std::optional<wire::geofence_collection_reader> reader_;
  std::unique_ptr<pipeline::import_request> made_;
  std::optional<problem> wrong_;
};

}  // namespace haulcast::http
