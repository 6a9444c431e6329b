// A database with PostGIS for one story of a store.
#pragma once

#include <memory>
#include <string>

#include "haulcast/store/postgres.hpp"
#include "store/kept.hpp"
#include "support/needs.hpp"
#include "support/postgres_database.hpp"

namespace haulcast::store::story {

class postgres_place : public support::postgres_database {
 public:
  using postgres_database::postgres_database;
  postgres_options options() const {
    return {.url = connection(), .answer_timeout = std::chrono::seconds{60}, .query_timeout = std::chrono::seconds{60}};
  }
};

/// For stories that choose how it is reached.
class reached_ground final : public ground {
 public:
  reached_ground(postgres_place& place, postgres_options options) : place_{place}, options_{std::move(options)} {}
  std::unique_ptr<writer> make_writer() override { return make_postgres_writer(options_); }
  std::unique_ptr<reader> make_reader() override { return make_postgres_reader(options_); }
  std::string ask(const std::string& sql) override { return place_.ask(sql); }

 private:
  postgres_place& place_;
  postgres_options options_;
};

}  // namespace haulcast::store::story
