#include "bare_copy.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>

namespace haulcast::bench {
namespace {

constexpr std::string_view head{"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19};  // no flags, no extension
constexpr std::string_view tail{"\377\377", 2};
constexpr std::size_t send_bytes = 60'000;

}  // namespace

bare_copy::bare_copy(const std::string& url) : db_{PQconnectdb(url.c_str()), &PQfinish} {
  run("SET synchronous_commit = off");
  run("SET search_path = haulcast, public");
}

// Each message is a row; the first one has the head before it, and the last one is the tail.
std::vector<std::string> bare_copy::rows_of(const std::string& question, std::size_t rows_a_part) {
  must(PQexec(db_.get(), ("COPY (" + question + ") TO STDOUT BINARY").c_str()), PGRES_COPY_OUT);
  std::vector<std::string> parts;
  std::size_t in_part = rows_a_part;
  char* message = nullptr;
  bool first = true;
  for (int size = 0; (size = PQgetCopyData(db_.get(), &message, 0)) > 0; PQfreemem(message)) {
    std::string_view row{message, static_cast<std::size_t>(size)};
    if (first && row.starts_with(head)) row.remove_prefix(head.size());
    first = false;
    if (row.empty() || row == tail) continue;
    if (in_part == rows_a_part) {
      if (!parts.empty()) parts.back() += tail;
      parts.emplace_back(head);
      in_part = 0;
    }
    parts.back() += row;
    ++in_part;
  }
  if (!parts.empty()) parts.back() += tail;
  finish();
  return parts;
}

void bare_copy::copy(const std::string& table, const std::vector<std::string>& parts) {
  for (const auto& bytes : parts) {
    run("BEGIN");
    must(PQexec(db_.get(), ("COPY " + table + " FROM STDIN BINARY").c_str()), PGRES_COPY_IN);
    for (std::size_t at = 0; at < bytes.size(); at += send_bytes) {
      const auto size = std::min(send_bytes, bytes.size() - at);
      if (PQputCopyData(db_.get(), bytes.data() + at, static_cast<int>(size)) != 1) throw std::runtime_error{"COPY broke"};
    }
    PQputCopyEnd(db_.get(), nullptr);
    finish();
    run("COMMIT");
  }
}

void bare_copy::must(PGresult* said, ExecStatusType wanted) {
  const std::unique_ptr<PGresult, decltype(&PQclear)> held{said, &PQclear};
  if (PQresultStatus(said) != wanted) throw std::runtime_error{PQerrorMessage(db_.get())};
}

void bare_copy::finish() {
  while (PGresult* const said = PQgetResult(db_.get())) must(said, PGRES_COMMAND_OK);
}

}  // namespace haulcast::bench
