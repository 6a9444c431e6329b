#include "haulcast/client/import_geofences.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <ostream>
#include <thread>

#include "geofence_text.hpp"
#include "haulcast/client/http_client.hpp"
#include "haulcast/client/verdict.hpp"

namespace haulcast::client {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::minutes answer_within{30};  // 256 MiB over a slow line
constexpr milliseconds pause{1'000};               // before the next try, where the server says nothing of it
constexpr milliseconds between_draws{100};

int usage(std::ostream& err, std::string_view sentence) {
  err << sentence << std::endl;
  return 2;
}

class sending_bar {
 public:
  sending_bar(const import_options& options, std::ostream& err) : options_{options}, err_{err} {}

  void draw(std::uint64_t sent, std::uint64_t all) {
    const bool through = sent == all;
    if (!options_.terminal || (!through && steady_clock::now() - drawn_ < between_draws)) return;
    drawn_ = steady_clock::now();
    constexpr std::size_t width = 30;
    const double share = all == 0 ? 1 : static_cast<double>(sent) / static_cast<double>(all);
    const auto filled = static_cast<std::size_t>(share * width);
    err_ << fmt::format("\r[{}{}{}{}] {:3.0f} %  {:.1f}/{:.1f} MiB{}\x1b[K", options_.colour ? "\x1b[32m" : "",
                        std::string(filled, '#'), std::string(width - filled, '.'), options_.colour ? "\x1b[0m" : "",
                        share * 100, in_mib(sent), in_mib(all), through ? "  coming into force" : "")
         << std::flush;
  }
  void end() {
    if (options_.terminal) err_ << "\r\x1b[K" << std::flush;
  }

 private:
  static double in_mib(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

  const import_options& options_;
  std::ostream& err_;
  steady_clock::time_point drawn_;
};

/// The answer that counts; the error says why there is none.
result<http_response> send(const import_options& options, const base_url& server, const std::string& text, std::ostream& err) {
  http_options how;
  how.token = options.token;
  how.answer_within = answer_within;
  http_client client{server, how};
  sending_bar bar{options, err};
  http_request request;
  request.method = "POST";
  request.target = "/v1/geofences:import";
  request.content_type = "application/geo+json";
  request.gzip = options.gzip;
  request.body = text;
  request.progress = [&bar](std::uint64_t sent, std::uint64_t all) { bar.draw(sent, all); };
  const auto begun = steady_clock::now();
  for (bool told = false;; told = true) {
    auto answer = client.send(request);
    bar.end();
    if (answer && !worth_retrying(answer->status)) return answer;
    const bool over = options.give_up_after > milliseconds::zero() && steady_clock::now() - begun > options.give_up_after;
    if (over) return answer;
    if (!told) err << (answer ? problem_sentence(*answer) : answer.error().what) << "; trying again" << std::endl;
    std::this_thread::sleep_for(answer && answer->retry_after() ? milliseconds{*answer->retry_after()} : pause);
  }
}

/// What is wrong, a line for each fault.
void tell_refusal(const http_response& answer, const std::string& text, std::ostream& err) {
  const auto problem = nlohmann::json::parse(answer.body, nullptr, false);
  bool told = false;
  if (problem.is_object() && problem.contains("errors") && problem["errors"].is_array()) {
    for (const auto& each : problem["errors"]) {
      if (!each.is_object()) continue;
      err << tell_fault(text, each.value("pointer", ""), each.value("detail", "")) << std::endl;
      told = true;
    }
  }
  if (!told) err << problem_sentence(answer) << std::endl;
  err << "nothing was imported" << std::endl;
}

int tell_counts(const http_response& answer, const import_options& options, std::ostream& out, std::ostream& err) {
  const auto counts = nlohmann::json::parse(answer.body, nullptr, false);
  const auto count = [&](const char* name) { return counts.value(name, std::uint64_t{0}); };
  if (!counts.is_object() || !counts.contains("created")) {
    err << "the answer is none of a server of ours" << std::endl;
    return 1;
  }
  if (options.json)
    out << counts.dump() << std::endl;
  else
    out << fmt::format("{} created, {} updated, {} unchanged", count("created"), count("updated"), count("unchanged"))
        << std::endl;
  return 0;
}

int check(const std::string& text, const import_options& options, std::ostream& out, std::ostream& err) {
  const auto valid = check_geofence_text(text);
  if (!valid) {
    err << valid.error().what << std::endl;
    return 1;
  }
  if (options.json)
    out << nlohmann::json{{"valid", *valid}}.dump() << std::endl;
  else
    out << *valid << (*valid == 1 ? " geofence is valid" : " geofences are valid") << std::endl;
  return 0;
}

}  // namespace

int import_geofences(const import_options& options, std::ostream& out, std::ostream& err) {
  if (!options.dry_run && options.token.empty())
    return usage(err, "a token is needed: give --token or set HAULCAST_TOKEN (haulcast token --role admin prints one)");
  const auto server = parse_base_url(options.url, options.believed);
  if (!options.dry_run && !server) return usage(err, server.error().what);
  const auto text = read_geofence_text(options, err);
  if (!text) return usage(err, text.error().what);
  if (options.dry_run) return check(*text, options, out, err);
  const auto answer = send(options, *server, *text, err);
  if (!answer) {
    err << answer.error().what << std::endl;
    return 1;
  }
  if (answer->status == 200) return tell_counts(*answer, options, out, err);
  tell_refusal(*answer, *text, err);
  return 1;
}

}  // namespace haulcast::client
