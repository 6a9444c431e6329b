#include "haulcast/app/spine.hpp"

#include "haulcast/pipeline/pipeline.hpp"

namespace haulcast::app {

result<spine_files> open_spine(const config& cfg, const journal::data_directory& directory) {
  spine_files files;
  auto log =
      journal::segment_log::open({.directory = directory.journal(),
                                  .sync = cfg.journal.sync == "full" ? journal::sync_mode::full : journal::sync_mode::normal,
                                  .segment_bytes = cfg.journal.segment_bytes});
  if (!log) return log.error();
  files.log = std::move(*log);
  auto snapshots =
      journal::snapshot_store::open(directory.snapshots(), files.log->id(), [log = files.log.get()] { return log->sync(); });
  if (!snapshots) return snapshots.error();
  files.snapshots = std::move(*snapshots);
  return files;
}

pipeline::pipeline_options pipeline_options_of(const config& cfg) {
  pipeline::pipeline_options o;
  o.rules = {.identity_window = cfg.ingest.identity_window,
             .identity_bytes_max = static_cast<std::uint32_t>(cfg.engine.identity_bytes_max),
             .stop_speed_kmh = cfg.engine.stop_speed_kmh,
             .stop_after = cfg.engine.stop_after,
             .offline_after = cfg.engine.offline_after,
             .filters = cfg.filters.enabled,
             .filter_max_speed_kmh = cfg.filters.max_speed_kmh,
             .filter_max_accuracy_m = cfg.filters.max_accuracy_m,
             .max_segment = cfg.engine.max_segment,
             .default_speed_limit_kmh = cfg.engine.default_speed_limit_kmh};
  o.window_budget_bytes = cfg.engine.window_budget_bytes;
  o.max_trucks = cfg.engine.max_trucks;
  o.max_geofences = cfg.engine.max_geofences;
  o.register_unknown_trucks = cfg.ingest.register_unknown_trucks;
  o.max_pending_bytes = cfg.journal.max_pending_bytes;
  o.memory_bytes = cfg.journal.memory_bytes;
  o.retention = cfg.journal.retention;
  o.journal_max_bytes = cfg.journal.max_bytes.value_or(0);
  o.min_free_bytes = cfg.journal.min_free_bytes;
  o.snapshot_interval = cfg.journal.snapshot_interval;
  o.directory = cfg.data_dir;
  return o;
}

}  // namespace haulcast::app
