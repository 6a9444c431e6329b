// What a replay tells at its end, for people and for programs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "haulcast/base/time.hpp"
#include "haulcast/client/sender.hpp"

namespace haulcast::client {

struct replay_summary {
  std::uint64_t rows = 0;  // of the file
  const send_totals* totals = nullptr;
  double seconds = 0;
  std::optional<utc_time> end_at;  // where times were moved to
};

/// Several lines.
std::string to_text(const replay_summary& s);

/// {"rows", "sent", "accepted", "duplicates", "late", "rejected": {code: n}, "refused": {code: n}, "unanswered", "requests",
/// "retries", "seconds", "latency_ms": {"p50", "p99", "max"}, "end_at"?} on one line.
std::string to_json(const replay_summary& s);

/// "[####....]  52 %  15123/29016  4812/s  retries 0" for a terminal.
std::string progress_bar(const replay_summary& s, bool colour);

}  // namespace haulcast::client
