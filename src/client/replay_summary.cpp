#include "haulcast/client/replay_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "haulcast/wire/time.hpp"

namespace haulcast::client {
namespace {

std::uint64_t unanswered(const replay_summary& s) { return s.rows - std::min(s.rows, s.totals->judged() + s.totals->refused); }

std::string time_text(utc_time t) {
  std::string text;
  wire::append_time(text, t);
  return text;
}

}  // namespace

std::string to_text(const replay_summary& s) {
  const send_totals& t = *s.totals;
  std::string text = fmt::format(
      "{} rows in {:.1f} s: sent {}, accepted {} (late {}), duplicates {}, rejected {}, refused {}, unanswered {}\n", s.rows,
      s.seconds, t.sent, t.accepted, t.late, t.duplicates, t.rejected, t.refused, unanswered(s));
  for (const auto& [code, n] : t.rejected_by_code) text += fmt::format("  rejected {}: {}\n", code, n);
  for (const auto& [code, n] : t.refused_by_code) text += fmt::format("  refused {}: {}\n", code, n);
  text += fmt::format("{} requests, {} retries; answered in p50 {:.1f} ms, p99 {:.1f} ms, at most {:.1f} ms\n", t.requests,
                      t.busy + t.lost, t.latency.percentile_ms(0.5), t.latency.percentile_ms(0.99), t.latency.max_ms());
  if (s.end_at) text += "end at " + time_text(*s.end_at) + '\n';
  return text;
}

std::string to_json(const replay_summary& s) {
  const send_totals& t = *s.totals;
  nlohmann::json out{
      {"rows", s.rows},
      {"sent", t.sent},
      {"accepted", t.accepted},
      {"duplicates", t.duplicates},
      {"late", t.late},
      {"rejected", t.rejected_by_code},
      {"refused", t.refused_by_code},
      {"unanswered", unanswered(s)},
      {"requests", t.requests},
      {"retries", t.busy + t.lost},
      {"seconds", s.seconds},
      {"latency_ms",
       {{"p50", t.latency.percentile_ms(0.5)}, {"p99", t.latency.percentile_ms(0.99)}, {"max", t.latency.max_ms()}}},
  };
  if (s.end_at) out["end_at"] = time_text(*s.end_at);
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string progress_bar(const replay_summary& s, bool colour) {
  constexpr std::size_t width = 30;
  const std::uint64_t done = s.rows - unanswered(s);
  const double share = s.rows == 0 ? 1 : static_cast<double>(done) / static_cast<double>(s.rows);
  const auto filled = static_cast<std::size_t>(share * width);
  const std::string bar = std::string(filled, '#') + std::string(width - filled, '.');
  return fmt::format("[{}{}{}] {:3.0f} %  {}/{}  {:.0f}/s  retries {}", colour ? "\x1b[32m" : "", bar, colour ? "\x1b[0m" : "",
                     share * 100, done, s.rows, s.seconds > 0 ? static_cast<double>(done) / s.seconds : 0,
                     s.totals->busy + s.totals->lost);
}

}  // namespace haulcast::client
