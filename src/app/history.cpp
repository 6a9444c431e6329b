#include "haulcast/app/history.hpp"

#include "haulcast/store/sqlite.hpp"

namespace haulcast::app {

namespace {

store::sqlite_options embedded(const journal::data_directory& directory) { return {.path = directory.store()}; }

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
  auto consumer = std::make_unique<consumers::store_consumer>(log, store::make_sqlite_writer(embedded(directory)),
                                                              std::move(*notes), options_of(cfg));
  if (auto ready = consumer->prepare(cfg.adopt); !ready) return ready.error();
  return consumer;
}

std::unique_ptr<store::reader> history_reader(const config&, const journal::data_directory& directory) {
  return store::make_sqlite_reader(embedded(directory));
}

}  // namespace haulcast::app
