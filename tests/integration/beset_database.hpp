// A PostgreSQL for a server to write to, with everything at hand that may befall it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "store/cutting_proxy.hpp"
#include "support/postgres_server.hpp"
#include "support/temp_directory.hpp"

namespace haulcast::support {

/// Has an empty database `haulcast` from the beginning. Not thread-safe.
class beset_database {
 public:
  /// Its PostgreSQL keeps commits to itself for as long as it may, so that a crash takes some back.
  beset_database();

  /// As `store.url`: by the proxy, so that it can be cut.
  std::string url() const;
  /// For whoever looks from aside.
  std::string connection() const { return server_.connection(name); }
  postgres_server& server() noexcept { return server_; }
  store::story::cutting_proxy& proxy() noexcept { return proxy_; }
  /// The first row's first column. Throws std::runtime_error.
  std::string ask(const std::string& sql) const;

  /// Up to which record of the journal the store is written; 0: it has nothing.
  std::uint64_t record() const;
  /// How many there were.
  int terminate_backends() const;
  /// While everything goes on. The newest one is kept.
  void back_up();
  /// Up to which record the backup goes: at most, and exactly from restore() on. 0: it is one of nothing.
  std::uint64_t backed_up() const noexcept { return backed_up_; }
  /// Puts the backup beside the database, and at once into its place; or with an empty one.
  void restore();
  void restore_nothing();

 private:
  static constexpr const char* name = "haulcast";
  void replace();

  postgres_server server_;
  store::story::cutting_proxy proxy_;
  temp_directory scratch_;
  std::uint64_t backed_up_ = 0;
};

}  // namespace haulcast::support
