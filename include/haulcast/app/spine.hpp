// From the configuration to the files and options that the spine begins with: the same for serving and for verifying.
#pragma once

#include <memory>

#include "haulcast/app/config.hpp"
#include "haulcast/base/result.hpp"
#include "haulcast/journal/data_directory.hpp"
#include "haulcast/journal/segment_log.hpp"
#include "haulcast/journal/snapshot_store.hpp"

namespace haulcast::pipeline {
struct pipeline_options;
}

namespace haulcast::app {

struct spine_files {
  std::unique_ptr<journal::segment_log> log;
  std::unique_ptr<journal::snapshot_store> snapshots;
};

/// Opens journal and snapshots of a locked data directory. Error: one sentence. Blocking.
result<spine_files> open_spine(const config& cfg, const journal::data_directory& directory);

pipeline::pipeline_options pipeline_options_of(const config& cfg);

}  // namespace haulcast::app
