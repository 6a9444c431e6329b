#include "haulcast/app/metrics_page.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <fstream>
#include <initializer_list>
#include <map>
#include <sstream>
#include <vector>

#include "haulcast/app/logging.hpp"
#include "haulcast/app/reload.hpp"
#include "haulcast/auth/api_keys.hpp"
#include "haulcast/auth/token.hpp"
#include "haulcast/auth/ws_tickets.hpp"
#include "haulcast/consumers/store_consumer.hpp"
#include "haulcast/http/rate_limits.hpp"
#include "haulcast/http/server.hpp"
#include "haulcast/hub/hub.hpp"
#include "haulcast/pipeline/pipeline.hpp"
#include "haulcast/queries/answer_memory.hpp"
#include "haulcast/queries/pool.hpp"
#include "haulcast/queries/stream_consumers.hpp"
#include "haulcast/ws/live_server.hpp"

namespace haulcast::app {

namespace {

using journal::offset_t;
using labels = std::map<std::string, std::string>;

/// The number of one value of a label.
struct of_value {
  template <class Number>
  of_value(const char* value_, Number number_) : value{value_}, number{static_cast<double>(number_)} {}
  const char* value;
  double number;
};

/// Families in the order they are added; each helper adds one family or one more line to the family added last.
class page {
 public:
  template <class Number>
  void counter(const char* name, const char* help, Number value, const labels& by = {}) {
    line(name, help, prometheus::MetricType::Counter, by).counter.value = static_cast<double>(value);
  }
  template <class Number>
  void gauge(const char* name, const char* help, Number value, const labels& by = {}) {
    line(name, help, prometheus::MetricType::Gauge, by).gauge.value = static_cast<double>(value);
  }
  /// One line for each value of that label.
  void counters(const char* name, const char* help, const char* label, std::initializer_list<of_value> lines) {
    for (const auto& each : lines) counter(name, help, each.number, {{label, each.value}});
  }
  void gauges(const char* name, const char* help, const char* label, std::initializer_list<of_value> lines) {
    for (const auto& each : lines) gauge(name, help, each.number, {{label, each.value}});
  }
  template <std::size_t N>
  void distribution(const char* name, const char* help, const histogram<N>& from, const labels& by = {}) {
    auto& to = line(name, help, prometheus::MetricType::Histogram, by).histogram;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i <= N; ++i) {
      sum += from.counts()[i];
      const double bound = i < N ? from.bounds()[i] : std::numeric_limits<double>::infinity();
      to.bucket.push_back({sum, bound});
    }
    to.sample_count = sum;
    to.sample_sum = from.sum();
  }
  std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer{}.Serialize(out, families_);
    return out.str();
  }

 private:
  prometheus::ClientMetric& line(const char* name, const char* help, prometheus::MetricType type, const labels& by) {
    if (families_.empty() || families_.back().name != name) families_.push_back({name, help, type, {}});
    auto& metric = families_.back().metric.emplace_back();
    for (const auto& [key, value] : by) metric.label.push_back({key, value});
    return metric;
  }

  std::vector<prometheus::MetricFamily> families_;
};

void add_process(page& p) {
  p.gauge("haulcast_build_info", "What runs here; always 1.", 1, {{"version", HAULCAST_VERSION}});
  std::size_t pages = 0;
  std::size_t resident = 0;
  std::ifstream{"/proc/self/statm"} >> pages >> resident;
  p.gauge("process_resident_memory_bytes", "Resident memory.", resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)));
  p.counter("haulcast_log_lines_lost_total", "Log lines dropped because stderr was not read.", log_overruns());
}

void add_ingest(page& p, const pipeline::pipeline& spine) {
  const pipeline::pipeline_metrics& m = spine.metrics();
  constexpr const char* verdicts[] = {"live", "late", "suspect", "duplicate"};
  for (std::size_t i = 0; i < m.verdicts.size(); ++i) {
    p.counter("haulcast_positions_total", "Positions committed, by verdict.", m.verdicts[i], {{"verdict", verdicts[i]}});
  }
  for (std::size_t i = 0; i < m.rejected.size(); ++i) {
    p.counter("haulcast_positions_rejected_total", "Positions refused and recorded, by code.", m.rejected[i],
              {{"code", std::string{to_string(static_cast<engine::reject_code>(i))}}});
  }
  for (std::size_t i = 0; i < m.commands.size(); ++i) {
    p.counter("haulcast_commands_total", "Commands answered, by what they came to.", m.commands[i],
              {{"status", std::string{to_string(static_cast<engine::command_status>(i))}}});
  }
  p.counter("haulcast_commands_again_total", "Commands sent again and told again what they came to, by their Idempotency-Key.",
            m.commands_again);
  p.gauge("haulcast_geofences", "Geofences that there are.", spine.sizes().geofences);
  p.counter("haulcast_geofence_visits_refused_total",
            "Positions in geofences that are not followed, because the truck is in 64 others.", m.visits_refused);
  p.gauge("haulcast_idempotency_keys", "Keys remembered, some of them past their 24 hours.", spine.sizes().retry_keys);
  p.counter("haulcast_idempotency_keys_displaced_total", "Keys forgotten before their 24 hours, for want of room.",
            m.retry_keys_displaced);
  p.distribution("haulcast_acknowledgement_seconds", "From an admitted batch to its answer.", m.acknowledgement);
  p.distribution("haulcast_position_to_subscriber_seconds", "From an admitted batch to its subscribers' sockets.",
                 m.position_to_subscriber);
  p.counter("haulcast_events_total", "Events told.", m.events);
  p.gauge("haulcast_trucks", "Trucks known.", spine.sizes().trucks);
  p.gauge("haulcast_truck_window_bytes", "Memory held by the trucks' windows of recent positions.", spine.sizes().window_bytes);
  p.gauge("haulcast_ready", "1 while batches are taken.", spine.not_ready_because().empty() ? 1 : 0);
  p.distribution("haulcast_loop_lag_seconds", "How late the event loop's timer fires.", m.loop_lag);
}

void add_imports(page& p, const pipeline::pipeline& spine) {
  const pipeline::import_metrics& m = spine.metrics().imports;
  p.counters("haulcast_geofence_imports_total", "Imports of geofences that could be read, by what became of them.", "outcome",
             {{"done", m.imports}, {"refused", m.refused}});
  p.counters("haulcast_geofences_imported_total", "Geofences of imports that were done, by what became of them.", "outcome",
             {{"created", m.geofences.created}, {"updated", m.geofences.updated}, {"unchanged", m.geofences.unchanged}});
  p.gauge("haulcast_geofence_import_under_way", "1 while an import is written or comes into force.", spine.importing() ? 1 : 0);
  p.distribution("haulcast_geofence_import_slice_seconds", "CPU time for which a slice of an import held the event loop.",
                 m.slices.cpu);
  p.gauges("haulcast_geofence_import_longest_slice_seconds", "Longest such hold in the newest import.", "clock",
           {{"cpu", m.slices.longest_cpu}, {"wall", m.slices.longest_wall}});
}

void add_journal(page& p, const pipeline::pipeline& spine) {
  const pipeline::pipeline_metrics& m = spine.metrics();
  p.counter("haulcast_journal_records_total", "Records committed.", m.records);
  p.counter("haulcast_journal_commits_total", "Groups committed.", m.commits);
  p.counter("haulcast_journal_commit_failures_total", "Commits that failed.", m.failed_commits);
  p.distribution("haulcast_journal_commit_seconds", "Writing and syncing one group.", m.commit);
  p.distribution("haulcast_journal_group_records", "Records committed together.", m.group_records);
  p.gauge("haulcast_journal_pending_bytes", "Records waiting for their commit.", spine.pending_bytes());
  p.gauge("haulcast_reads_shed", "1 while lists, queries and new streams are refused for the sake of positions.",
          spine.pressed() ? 1 : 0);
  p.gauge("haulcast_journal_bytes", "Bytes the journal holds.", m.journal_bytes);
  p.gauge("haulcast_journal_max_bytes", "Bytes it may hold.", m.journal_max_bytes);
  p.gauge("haulcast_disk_free_bytes", "Free space on its file system.", m.disk_free_bytes);
  p.gauge("haulcast_journal_last_offset", "The newest record.", spine.log().last_offset());
  p.gauge("haulcast_journal_first_offset", "The oldest record kept.", spine.first_offset());
  p.counter("haulcast_replay_differences_total", "Records whose replay came out otherwise than recorded.",
            m.replay_differences);
  const pipeline::snapshot_metrics& s = spine.snapshots();
  p.counter("haulcast_snapshot_passes_total", "Snapshot passes completed.", s.passes);
  p.counter("haulcast_snapshot_failures_total", "Snapshot passes that failed.", s.failures);
  p.counter("haulcast_snapshot_entities_total", "Entities saved.", s.entities);
  p.distribution("haulcast_snapshot_slice_seconds", "CPU time for which a slice of a snapshot held the event loop.",
                 s.slices.cpu);
  p.gauges("haulcast_snapshot_longest_slice_seconds", "Longest such hold in the newest pass.", "clock",
           {{"cpu", s.slices.longest_cpu}, {"wall", s.slices.longest_wall}});
  p.gauge("haulcast_snapshot_replay_from", "Recovery would begin at this record.", s.replay_from);
}

void add_store(page& p, const consumers::store_consumer& store, const journal::segment_log& log) {
  const consumers::store_figures f = store.figures();
  const offset_t newest = log.last_offset();
  const bool behind = newest > f.reached;
  p.gauge("haulcast_store_up", "1 while the store takes rows.", f.now == consumers::store_figures::state::running ? 1 : 0);
  p.gauge("haulcast_store_stopped", "1 when it was given up: another journal's, or of a newer version. The log says why.",
          f.now == consumers::store_figures::state::stopped ? 1 : 0);
  p.gauge("haulcast_store_offset", "The newest record that is in the store.", f.reached);
  p.gauge("haulcast_store_lag_records", "Records of the journal that are not in the store.", behind ? newest - f.reached : 0);
  p.gauge("haulcast_store_lag_bytes", "About how many bytes they are.", log.bytes_behind(f.reached));
  p.gauge("haulcast_store_lag_seconds", "How old the newest record in the store is, while there are later ones.",
          behind && f.reached > 0 ? std::max(0.0, static_cast<double>((system_now() - f.heard).count()) / 1000) : 0);
  p.counter("haulcast_store_batches_total", "Transactions of rows.", f.batches);
  p.distribution("haulcast_store_batch_rows", "Rows written in one transaction.", f.batch_rows);
  p.distribution("haulcast_store_write_seconds", "Writing one transaction.", f.write_seconds);
  p.counter("haulcast_store_positions_total", "Positions written.", f.positions);
  p.counter("haulcast_store_events_total", "Events written.", f.events);
  p.counter("haulcast_store_dead_letters_total", "Rows that the store could not take, kept with the reason.", f.dead_letters);
  p.counter("haulcast_store_failures_total", "Attempts that failed; each is made again.", f.failures);
  p.gauge("haulcast_store_last_success_timestamp_seconds", "When the store last was found to be up to date or made so.",
          static_cast<double>(to_epoch_ms(f.last_success)) / 1000);
  p.gauge("haulcast_store_holds_from", "The journal keeps records from here on for the store.", store.holds());
}

void add_live(page& p, const hub::hub& fan_out, const ws::live_server& live) {
  const hub::hub_metrics& h = fan_out.metrics();
  const ws::live_metrics& m = live.metrics();
  p.gauge("haulcast_live_connections", "WebSocket connections.", live.connections());
  p.gauge("haulcast_outbox_bytes", "Bytes waiting for subscribers.", fan_out.pending_bytes());
  p.counter("haulcast_positions_offered_total", "Positions times the subscribers they were for.", h.positions_offered);
  p.counter("haulcast_positions_conflated_total", "Of those, replaced by newer ones before they were sent.",
            h.positions_conflated);
  p.counter("haulcast_events_offered_total", "Events times the subscribers they were for.", h.events_offered);
  p.counter("haulcast_live_overflows_total", "Subscribers told to come back with since.", h.overflows);
  p.counter("haulcast_live_accepted_total", "Connections accepted.", m.accepted);
  p.counter("haulcast_live_commands_total", "Frames from clients.", m.commands);
  p.counter("haulcast_live_bad_frames_total", "Frames refused.", m.bad_frames);
  p.counter("haulcast_live_resumes_total", "Subscriptions with since.", m.resumes);
  p.counter("haulcast_live_dead_peers_total", "Connections dropped for silence.", m.dead_peers);
  p.counter("haulcast_live_sent_bytes_total", "Bytes written to subscribers.", m.bytes_out);
  p.counter("haulcast_live_writes_total", "Writes to subscribers' sockets.", m.writes);
  for (const auto& [code, count] : m.closed) {
    p.counter("haulcast_live_closed_total", "Connections closed, by code.", count, {{"code", std::to_string(code)}});
  }
}

void add_http(page& p, const http::server& door) {
  const http::http_metrics& m = door.metrics();
  constexpr const char* classes[] = {"", "1xx", "2xx", "3xx", "4xx", "5xx"};
  for (const http::route_metrics& route : m.routes) {
    const std::string pattern = route.pattern.empty() ? "none" : route.pattern;
    for (std::size_t i = 1; i < route.by_class.size(); ++i) {
      if (route.by_class[i] == 0) continue;
      p.counter("haulcast_http_requests_total", "Requests answered.", route.by_class[i],
                {{"method", std::string{to_string(route.method)}}, {"route", pattern}, {"status", classes[i]}});
    }
  }
  for (const http::route_metrics& route : m.routes) {
    const std::string pattern = route.pattern.empty() ? "none" : route.pattern;
    p.distribution("haulcast_http_request_seconds", "From the complete head to the answer handed to the kernel.", route.seconds,
                   {{"method", std::string{to_string(route.method)}}, {"route", pattern}});
  }
  p.gauge("haulcast_http_connections", "Open HTTP connections.", m.connections_open);
  p.gauge("haulcast_http_streams", "Open event streams.", m.streams_open);
  p.counter("haulcast_http_connections_accepted_total", "Connections accepted.", m.connections_accepted);
  p.counter("haulcast_http_connections_refused_total", "Connections refused for want of room.", m.connections_refused);
  p.counter("haulcast_http_received_bytes_total", "Bytes read.", m.bytes_in);
  p.counter("haulcast_http_sent_bytes_total", "Bytes written.", m.bytes_out);
  p.counter("haulcast_http_connections_refused_by_address_total", "Connections refused because their address had many.",
            m.connections_refused_by_address);
  p.counters("haulcast_tls_handshakes_total", "TLS handshakes, by how they ended.", "outcome",
             {{"done", m.handshakes_done}, {"failed", m.handshakes_failed}});
  p.gauge("haulcast_tls_handshakes_open", "Connections that have not finished theirs.", m.handshakes_open);
  p.gauge("haulcast_tls_handshakes_waiting", "Of those, waiting for their turn with the private key.",
          door.handshakes_waiting());
  p.counters("haulcast_http_timeouts_total", "Connections that took too long.", "phase",
             {{"handshake", m.timeouts_handshake},
              {"idle", m.timeouts_idle},
              {"head", m.timeouts_head},
              {"body", m.timeouts_body},
              {"write", m.timeouts_write}});
  p.counter("haulcast_http_malformed_total", "Requests that were no valid HTTP.", m.requests_malformed);
  p.counter("haulcast_http_handler_failures_total", "Requests answered 500.", m.handler_failures);
}

void add_credentials(page& p, const auth::api_keys& keys, const auth::ws_tickets& tickets) {
  const auth::ticket_metrics& m = tickets.metrics();
  p.gauge("haulcast_api_keys", "API keys known, expired ones included.", keys.size());
  p.gauge("haulcast_ws_tickets", "Tickets for WebSockets, not used yet.", tickets.size());
  p.counters("haulcast_ws_tickets_total", "What became of tickets, and of requests for them.", "outcome",
             {{"issued", m.issued},
              {"used", m.used},
              {"expired", m.expired},
              {"unknown", m.unknown},
              {"refused_of_subject", m.refused_of_subject},
              {"refused_of_all", m.refused_of_all}});
}

void add_questions(page& p, const metrics_sources& from) {
  const queries::pool_metrics& m = from.questions.metrics();
  p.counter("haulcast_query_steps_total", "Steps of questions about the past that the store was asked.", m.done);
  p.counters("haulcast_queries_refused_total", "Questions about the past answered 503, by why.", "why",
             {{"line_full", m.refused_full}, {"waited_long", m.refused_late}, {"answers_unread", from.answers.refused}});
  p.counter("haulcast_queries_abandoned_total", "Questions whose asker had gone before their turn came.", m.abandoned);
  p.gauge("haulcast_queries_waiting", "Steps that wait for a thread.", from.questions.waiting());
  p.gauge("haulcast_query_threads_busy", "Threads that ask the store now.", from.questions.busy());
  p.distribution("haulcast_query_wait_seconds", "From a step's coming to its beginning.", m.wait);
  p.distribution("haulcast_query_step_seconds", "Asking the store, joining with the journal, making the text.", m.work);
  p.gauge("haulcast_query_answer_bytes", "Answers that sockets have not taken yet.", from.answers.bytes());
  p.gauge("haulcast_stream_consumers", "Names under which checkpoints of the stream of positions are kept.",
          from.stream_consumers.size());
}

void add_limits(page& p, const http::rate_limits& limits) {
  const http::rate_limit_metrics& m = limits.metrics();
  p.counters("haulcast_rate_limited_total", "Requests answered 429, by the limit.", "limit",
             {{"truck", m.truck}, {"subject", m.subject}, {"key", m.key}, {"login", m.login}, {"delivery", m.delivery}});
  const auto tables = {std::pair{"truck", &limits.trucks()},
                       {"subject", &limits.subjects()},
                       {"login", &limits.addresses()},
                       {"delivery", &limits.customers()}};
  for (const auto& [table, buckets] : tables) {
    p.gauge("haulcast_rate_limit_buckets", "Places in use for who is counted.", buckets->size(), {{"table", table}});
  }
  for (const auto& [table, buckets] : tables) {
    p.gauge("haulcast_rate_limit_buckets_max", "Places there are.", buckets->capacity(), {{"table", table}});
  }
  for (const auto& [table, buckets] : tables) {
    p.counter("haulcast_rate_limit_displaced_total",
              "Buckets not full yet that gave way to a newcomer: the table is too small.", buckets->displaced(),
              {{"table", table}});
  }
}

void add_identity(page& p, const auth::token_verifier& tokens, const reload_metrics& reloads) {
  p.gauge("haulcast_auth_keys", "Keys that tokens are checked with, secrets too.", tokens.rules().keys.size());
  p.gauge("haulcast_auth_revoked_subjects", "Subjects whose tokens are not believed.", tokens.rules().revoked.size());
  p.gauge("haulcast_auth_cached_tokens", "Tokens remembered as good.", tokens.cache().size());
  p.gauge("haulcast_auth_cached_token_bytes", "Memory that they take.", tokens.cache().bytes());
  p.counters("haulcast_config_reloads_total", "Reloads that SIGHUP asked for, by what became of them.", "outcome",
             {{"succeeded", reloads.succeeded}, {"failed", reloads.failed}});
  p.gauge("haulcast_config_last_reload_successful", "1 if the newest reload (the start counts) took effect.",
          reloads.last_successful ? 1 : 0);
  p.gauge("haulcast_config_last_reload_success_timestamp_seconds", "When a reload last took effect.",
          static_cast<double>(to_epoch_ms(reloads.last_success)) / 1000);
}

}  // namespace

std::string metrics_text(const metrics_sources& from) {
  page p;
  add_process(p);
  add_ingest(p, from.spine);
  add_imports(p, from.spine);
  add_journal(p, from.spine);
  add_store(p, from.store, from.spine.log());
  add_questions(p, from);
  add_live(p, from.fan_out, from.live);
  add_http(p, from.door);
  add_identity(p, from.tokens, from.reloads);
  add_credentials(p, from.api_keys, from.tickets);
  add_limits(p, from.limits);
  return p.text();
}

}  // namespace haulcast::app
