// What PostgreSQL takes at most: a bare libpq that sends bytes that lie ready by COPY BINARY, in transactions, and does nothing
// else.
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace haulcast::bench {

/// One connection; synchronous_commit is off, as the store's writer has it. Failures throw std::runtime_error.
class bare_copy {
 public:
  explicit bare_copy(const std::string& url);

  int backend() const { return PQbackendPID(db_.get()); }
  void run(const std::string& sql) { must(PQexec(db_.get(), sql.c_str()), PGRES_COMMAND_OK); }
  /// What COPY takes for the rows that a question gives, in parts of so many rows.
  std::vector<std::string> rows_of(const std::string& question, std::size_t rows_a_part);
  /// Each part in a transaction.
  void copy(const std::string& table, const std::vector<std::string>& parts);

 private:
  void must(PGresult* said, ExecStatusType wanted);
  void finish();

  std::unique_ptr<PGconn, decltype(&PQfinish)> db_;
};

}  // namespace haulcast::bench
