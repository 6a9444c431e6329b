#include "store/kept.hpp"

#include <sqlite3.h>

#include "haulcast/store/postgres.hpp"
#include "haulcast/store/sqlite.hpp"
#include "journal/scratch.hpp"
#include "store/postgres_place.hpp"

namespace haulcast::store::story {
namespace {

class sqlite_file final : public ground {
 public:
  explicit sqlite_file(std::filesystem::path path) : path_{path.empty() ? directory_ / "store.sqlite" : std::move(path)} {}
  std::unique_ptr<writer> make_writer() override { return make_sqlite_writer({.path = path_}); }
  std::unique_ptr<reader> make_reader() override { return make_sqlite_reader({.path = path_}); }
  std::string ask(const std::string& sql) override {
    sqlite3* db = nullptr;
    sqlite3_open(path_.c_str(), &db);
    std::string all;
    const auto add = [](void* out, int columns, char** values, char**) {
      for (int i = 0; i < columns; ++i) {
        *static_cast<std::string*>(out) += (i > 0 ? "|" : "") + std::string{values[i] == nullptr ? "null" : values[i]};
      }
      *static_cast<std::string*>(out) += ";";
      return 0;
    };
    char* why = nullptr;
    if (sqlite3_exec(db, sql.c_str(), add, &all, &why) != SQLITE_OK) all = why;
    sqlite3_free(why);
    sqlite3_close(db);
    return all;
  }

 private:
  journal::scratch::directory directory_;
  std::filesystem::path path_;
};

class postgres_database final : public ground {
 public:
  explicit postgres_database(std::shared_ptr<postgres_place> place) : place_{std::move(place)} {}
  std::unique_ptr<writer> make_writer() override { return make_postgres_writer(place_->options()); }
  std::unique_ptr<reader> make_reader() override { return make_postgres_reader(place_->options()); }
  std::string ask(const std::string& sql) override { return place_->ask(sql); }

 private:
  std::shared_ptr<postgres_place> place_;
};

}  // namespace

std::unique_ptr<ground> sqlite_ground(std::filesystem::path path) { return std::make_unique<sqlite_file>(std::move(path)); }

std::unique_ptr<ground> postgres_ground() {
  if (support::postgres_server::programs().empty()) return nullptr;
  return std::make_unique<postgres_database>(std::make_shared<postgres_place>());
}

event_row told(offset_t offset, std::uint32_t index, milliseconds when, engine::event_type type, std::string truck) {
  return {.id = {offset, index},
          .type = type,
          .time = morning + when,
          .truck_id = truck,
          .subject = "truck/" + truck,
          .text = "{\"n\":" + std::to_string(offset * 10 + index) + "}"};
}

engine::position full(milliseconds when) {
  engine::position p = at(when, 10, 33.3);
  p.heading = 90.5;
  p.altitude_m = -3;
  p.accuracy_m = 4.25;
  p.odometer_km = 120'345.6;
  p.fuel_level_pct = 0;
  p.battery_pct = 80;
  p.engine_status = "running";
  p.trip_id = "T-1";
  p.driver_id = "D-1";
  p.attributes = R"({"reefer_c":-18.5})";
  return p;
}

}  // namespace haulcast::store::story
