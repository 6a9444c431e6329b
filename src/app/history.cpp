#include "haulcast/app/history.hpp"

#include <fmt/format.h>

#include <iostream>

#include "haulcast/app/commands.hpp"
#include "haulcast/store/postgres.hpp"
#include "haulcast/store/sqlite.hpp"

namespace haulcast::app {

namespace {

store::sqlite_options embedded(const std::filesystem::path& file) { return {.path = file}; }
store::postgres_options postgres(const config& cfg) { return {.url = *cfg.store.url, .migrates = cfg.store.migrate}; }

std::unique_ptr<store::writer> history_writer(const config& cfg, const journal::data_directory& directory) {
  if (cfg.store.url) return store::make_postgres_writer(postgres(cfg));
  return store::make_sqlite_writer(embedded(directory.store()));
}

/// A database that does not answer soon holds up no start; a file answers or fails.
constexpr std::chrono::seconds patience_with_database{2};

consumers::store_consumer_options options_of(const config& cfg) {
  consumers::store_consumer_options o;
  o.keep = {.positions = cfg.store.retention,
            .events = cfg.store.events_retention,
            .quarantine = cfg.store.quarantine_retention,
            .hours = cfg.store.stats_retention,
            .dead = cfg.store.events_retention};
  return o;
}

}  // namespace

result<std::unique_ptr<consumers::store_consumer>> begin_history(const config& cfg, const journal::data_directory& directory,
                                                                 const journal::segment_log& log) {
  auto notes = journal::checkpoints::open(directory.checkpoints(), log.id(), {std::string{consumers::store_consumer_name}});
  if (!notes) return notes.error();
  auto consumer =
      std::make_unique<consumers::store_consumer>(log, history_writer(cfg, directory), std::move(*notes), options_of(cfg));
  const auto ready = cfg.store.url ? consumer->prepare(cfg.adopt, patience_with_database) : consumer->prepare(cfg.adopt);
  if (!ready) return ready.error();
  return consumer;
}

std::unique_ptr<store::reader> history_reader(const config& cfg, const journal::data_directory& directory) {
  if (cfg.store.url) return store::make_postgres_reader(postgres(cfg));
  return store::make_sqlite_reader(embedded(directory.store()));
}

int migrate(const config& cfg, const migrate_options& options) {
  const auto came = cfg.store.url ? store::migrate_postgres(postgres(cfg), options.dry_run)
                                  : store::migrate_sqlite(embedded(cfg.data_dir / "store.sqlite"), options.dry_run);
  if (!came) {
    std::cerr << "haulcast: " << came.error().why << '\n';
    return exit_failed;
  }
  if (came->from == came->to)
    std::cout << fmt::format("the schema is at version {}: nothing to do\n", came->to);
  else if (options.dry_run)
    std::cout << fmt::format("the schema would go from version {} to {}\n", came->from, came->to);
  else
    std::cout << fmt::format("the schema went from version {} to {}\n", came->from, came->to);
  return exit_stopped;
}

}  // namespace haulcast::app
