// A database with PostGIS for one test.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "haulcast/store/postgres.hpp"
#include "store/kept.hpp"
#include "support/postgres_server.hpp"

namespace haulcast::store::story {

class postgres_place {
 public:
  static bool installed() { return !support::postgres_server::programs().empty(); }
  /// In the server that the tests of this process share, or one of its own, which it may freeze and kill.
  explicit postgres_place(bool of_its_own = false) : server_{of_its_own ? start() : shared()} {
    static std::atomic<int> made{0};
    database_ = "store_" + std::to_string(++made);
    server_->run("CREATE DATABASE " + database_ + " TEMPLATE with_postgis");
  }

  support::postgres_server& server() { return *server_; }
  /// For libpq, as the superuser; "host=… dbname=…".
  std::string connection() const { return server_->connection(database_); }
  postgres_options options() const {
    return {.url = connection(), .answer_timeout = std::chrono::seconds{60}, .query_timeout = std::chrono::seconds{60}};
  }
  /// "1|2;3|4;", or the error.
  std::string ask(const std::string& sql) const {
    std::string all;
    try {
      all = server_->run("SET search_path = haulcast, public;\n" + sql, std::chrono::minutes{10}, database_);
    } catch (const std::runtime_error& refused) {
      return refused.what();
    }
    for (char& c : all) c = c == '\n' ? ';' : c;
    return all;
  }

 private:
  static std::shared_ptr<support::postgres_server> start() {
    auto made = std::make_shared<support::postgres_server>();
    made->run("CREATE DATABASE with_postgis");
    made->run("CREATE EXTENSION postgis", std::chrono::minutes{10}, "with_postgis");
    return made;
  }
  static std::shared_ptr<support::postgres_server> shared() {
    static const std::shared_ptr<support::postgres_server> one = start();
    return one;
  }

  std::shared_ptr<support::postgres_server> server_;
  std::string database_;
};

/// Where the server's programs are not installed there is nothing to try.
#define NEEDS_POSTGRES()                                                                                \
  if (!::haulcast::store::story::postgres_place::installed()) {                                         \
    GTEST_SKIP() << "PostgreSQL 15 is not installed (scripts/install-dependencies --test installs it)"; \
  }

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
