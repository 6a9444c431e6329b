// An import of geofences on its way through the pipeline.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/base/hold.hpp"
#include "haulcast/engine/command.hpp"
#include "haulcast/pipeline/receipts.hpp"

namespace haulcast::pipeline {

/// Made ready aside: each geofence has its region and cover and an id of its own.
struct import_request {
  std::vector<std::shared_ptr<engine::geofence>> geofences;  // in the order of the request
  std::vector<std::string_view> ids;                         // of all of them, sorted
  std::string merchant_id;                                   // who asks; empty: for the operator
  std::optional<engine::retry_key> retry;
};

/// One at a time.
struct import_job {
  std::unique_ptr<import_request> asked;
  command_done done;
  std::vector<bool> there_already{};  // of asked->geofences: there as asked, and so not staged
  std::size_t judged = 0;             // of asked->geofences
  std::size_t looked_at = 0;          // likewise, to be staged
  std::size_t to_stage = 0;           // of those that are judged
  std::size_t to_create = 0;          // places that are kept for it
  bool completed = false;             // the record that says so is applied
  engine::command_outcome decided{};  // then
};

struct import_metrics {
  std::uint64_t imports = 0;  // carried out
  std::uint64_t refused = 0;  // for what the world is
  struct {
    std::uint64_t created = 0, updated = 0, unchanged = 0;
  } geofences;          // of those that were carried out
  hold_metrics slices;  // of the loop's time: judging, staging, bringing into force; the longest ones are of the newest import
};

}  // namespace haulcast::pipeline
