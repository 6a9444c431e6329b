// Stories that are told of either store: their parameter says which one the server keeps.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "integration/story.hpp"
#include "support/postgres_database.hpp"

namespace haulcast::support {

enum class store_kind : std::uint8_t { sqlite, postgres };

/// Whose writers wait while it lives; readers do not. Somebody with a lock, as a backup that is made the wrong way.
class write_lock {
 public:
  virtual ~write_lock() = default;
};

class EitherStore : public testing::TestWithParam<store_kind> {
 protected:
  EitherStore();
  void SetUp() override;

  static bool in_postgres() { return GetParam() == store_kind::postgres; }
  /// Of a server that keeps this store: a file in its data directory, or a database of this test's own. And what else its
  /// environment says.
  server_options kept(std::map<std::string, std::string> environment = {}) const;

  /// Of a server that has ended. It cannot be opened until it is brought back, as it was.
  void take_store_away(const server& of) const;
  void bring_store_back(const server& of) const;
  std::unique_ptr<write_lock> lock_store(const server& of) const;
  /// What the store says to a client that is not ours, "1|2;3|4;"; for what both understand.
  std::string ask_store(const server& of, const std::string& sql) const;

  const postgres_database& database() const { return *database_; }

 private:
  std::optional<postgres_database> database_;
};

/// Those of PostgreSQL have it in their names: they run in one process, and share its server (tests/CMakeLists.txt).
#define TOLD_OF_EITHER_STORE(suite)                                                                                     \
  INSTANTIATE_TEST_SUITE_P(                                                                                             \
      Kept, suite, testing::Values(::haulcast::support::store_kind::sqlite, ::haulcast::support::store_kind::postgres), \
      [](const auto& of) { return of.param == ::haulcast::support::store_kind::sqlite ? "InSqlite" : "InPostgres"; })

}  // namespace haulcast::support
