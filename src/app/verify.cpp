#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "haulcast/app/commands.hpp"
#include "haulcast/app/spine.hpp"
#include "haulcast/journal/recovery.hpp"

namespace haulcast::app {

namespace {

int complain(exit_code code, const std::string& why) {
  std::fprintf(stderr, "haulcast: %s\n", why.c_str());
  return code;
}

}  // namespace

int verify(const config& cfg, const verify_options& options) {
  // A misspelt directory must not be created, found empty, and praised.
  if (std::error_code error; !std::filesystem::exists(cfg.data_dir / "journal", error)) {
    return complain(exit_data_directory, fmt::format("there is no journal in {}", cfg.data_dir.string()));
  }
  auto directory = journal::data_directory::open(cfg.data_dir);
  if (!directory) return complain(exit_data_directory, directory.error().what);
  auto files = open_spine(cfg, *directory);
  if (!files) return complain(exit_data_directory, files.error().what);
  if (options.from_start && files->log->first_offset() > 1) {
    return complain(exit_failed, fmt::format("the journal begins at record {}: what was before it is in the snapshots only",
                                             files->log->first_offset()));
  }
  const auto life = journal::recover(*files->log, options.from_start ? nullptr : files->snapshots.get(), cfg.engine.max_trucks);
  if (!life) return complain(exit_failed, life.error().what);
  const auto events = journal::digest_events(*files->log);
  if (!events) return complain(exit_failed, events.error().what);
  std::printf("journal   %s\n", files->log->id().c_str());
  std::printf("records   %llu to %llu\n", static_cast<unsigned long long>(files->log->first_offset()),
              static_cast<unsigned long long>(files->log->last_offset()));
  std::printf("replayed  %llu records with %llu positions from record %llu\n", static_cast<unsigned long long>(life->records),
              static_cast<unsigned long long>(life->positions), static_cast<unsigned long long>(life->replayed_from));
  std::printf("differing %llu\n", static_cast<unsigned long long>(life->differences));
  std::printf("trucks    %zu\n", life->world.size());
  std::printf("world     %s\n", journal::digest(life->world).c_str());
  std::printf("events    %s\n", events->c_str());
  return life->differences == 0 ? exit_stopped : exit_failed;
}

}  // namespace haulcast::app
