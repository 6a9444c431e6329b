#include "support/postgres_database.hpp"

#include <atomic>
#include <stdexcept>

namespace haulcast::support {
namespace {

std::shared_ptr<postgres_server> start() {
  auto made = std::make_shared<postgres_server>();
  made->run("CREATE DATABASE with_postgis");
  made->run("CREATE EXTENSION postgis", std::chrono::minutes{10}, "with_postgis");
  return made;
}

std::shared_ptr<postgres_server> shared() {
  static const std::shared_ptr<postgres_server> one = start();
  return one;
}

}  // namespace

postgres_database::postgres_database(bool of_its_own) : server_{of_its_own ? start() : shared()} {
  static std::atomic<int> made{0};
  name_ = "store_" + std::to_string(++made);
  server_->run("CREATE DATABASE " + name_ + " TEMPLATE with_postgis");
}

std::string postgres_database::ask(const std::string& sql) const {
  std::string all;
  try {
    all = server_->run("SET search_path = haulcast, public;\n" + sql, std::chrono::minutes{10}, name_);
  } catch (const std::runtime_error& refused) {
    return refused.what();
  }
  for (char& c : all) c = c == '\n' ? ';' : c;
  return all;
}

void postgres_database::let_be_there(bool there) const {
  server_->run("ALTER DATABASE " + name_ + " ALLOW_CONNECTIONS " + (there ? "true" : "false"));
  if (!there) server_->run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name_ + "'");
}

}  // namespace haulcast::support
