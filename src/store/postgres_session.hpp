// One connection to PostgreSQL, and what its failures mean.
//
// Inside the PostgreSQL store failures travel as libpqxx throws them; whoever implements a port turns them into values by
// error_of(), in one place.
#pragma once

#include <libpq-fe.h>

#include <exception>
#include <memory>
#include <pqxx/pqxx>
#include <stdexcept>
#include <string>
#include <string_view>

#include "haulcast/store/error.hpp"
#include "haulcast/store/postgres.hpp"
#include "postgres_watch.hpp"

namespace haulcast::store {

/// A row that PostgreSQL would refuse, or take and change.
struct unstorable : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// What no repetition mends.
struct hopeless : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class postgres_session {
 public:
  enum class use : std::uint8_t { writing, reading };

  /// Connects. Throws what libpqxx throws; after it the session belongs to `watch`, which must outlive it.
  postgres_session(const postgres_options& options, use how, postgres_watch& watch);
  ~postgres_session();
  postgres_session(const postgres_session&) = delete;

  pqxx::connection_base& sql() noexcept;
  /// The same connection, for what libpqxx is too slow at.
  PGconn* raw() noexcept;
  /// Finds tables of ours, and PostGIS wherever it is. After a migration, and in each session.
  void set_search_path();

 private:
  class connecting;
  class connection;
  std::unique_ptr<connecting> how_;
  std::unique_ptr<connection> sql_;
};

/// How long the server and then this side waits.
inline constexpr std::chrono::milliseconds grace{2'000};

/// The first line of what PostgreSQL says, for an operator.
std::string first_line(std::string_view text);
/// Throws what went wrong on this connection; `result` may be null.
[[noreturn]] void raise(PGconn* connection, const PGresult* result);

store_error error_of(const std::exception& thrown, const postgres_watch& watch, std::chrono::milliseconds waited);

/// A list as PostgreSQL's text has it: {1,2} or {"a","b"}.
template <class Range>
std::string integer_array(const Range& numbers) {
  std::string text = "{";
  for (const auto number : numbers) text.append(std::to_string(number)).append(1, ',');
  if (text.size() > 1) text.pop_back();
  return text += '}';
}
std::string text_array(const std::vector<std::string_view>& texts);

}  // namespace haulcast::store
