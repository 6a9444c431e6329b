// A database with PostGIS for one test.
#pragma once

#include <memory>
#include <string>

#include "support/postgres_server.hpp"

namespace haulcast::support {

class postgres_database {
 public:
  /// In the server that the tests of this process share, or in one of its own, which it may freeze and kill.
  explicit postgres_database(bool of_its_own = false);

  postgres_server& server() const { return *server_; }
  const std::string& name() const noexcept { return name_; }
  /// For libpq, as the superuser; "host=… dbname=…".
  std::string connection() const { return server_->connection(name_); }
  /// "1|2;3|4;", or the error.
  std::string ask(const std::string& sql) const;

  /// Ends all connections and takes no more, for as long as `there` is false: to everybody else the server is as it was.
  void let_be_there(bool there) const;

 private:
  std::shared_ptr<postgres_server> server_;
  std::string name_;
};

}  // namespace haulcast::support
