// The path of imports: judged, staged, complete, in force; each in slices between which the loop does everything else.
#include "haulcast/pipeline/geofence_import.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cassert>
#include <deque>
#include <utility>

#include "haulcast/pipeline/pipeline.hpp"

namespace haulcast::pipeline {

namespace {

using namespace std::chrono_literals;
using engine::command_status;

constexpr auto turn_max = 200us;                     // of judging
constexpr std::size_t judged_between_looks = 8;      // at the clock
constexpr std::size_t part_bytes_max = 64ULL << 10;  // of geofences in one record: 0.1 ms to write; a larger one is alone in it
constexpr std::uint32_t enforced_at_once = 16;       // some 10 us each, 56 us at most
constexpr std::size_t in_flight_max = 32;            // records of it that wait for the commit
constexpr std::size_t parts_in_flight_max = 4;       // of those with geofences
constexpr auto pause = 10ms;                         // while positions come first

// What it takes in a record, about.
std::size_t bytes_of(const engine::geofence& g) {
  std::size_t bytes = 64 + g.id.size() + g.name.size() + 16 * geo::vertices_of(g.shape);
  for (const auto* const texts : {&g.trucks, &g.tags}) {
    for (const std::string& each : *texts) bytes += 2 + each.size();
  }
  return bytes;
}

std::string_view id_in(const engine::any_command& what) {
  if (const auto* const put = std::get_if<engine::put_geofence>(&what)) return put->what.id;
  if (const auto* const gone = std::get_if<engine::remove_geofence>(&what)) return gone->geofence_id;
  return {};
}

}  // namespace

// Of an import of the life before the ids are not at hand; it is over in a moment.
bool pipeline::is_being_imported(const engine::command& input) const {
  const std::string_view id = id_in(input.what);
  if (id.empty() || !importing()) return false;
  return !import_ || std::ranges::binary_search(import_->asked->ids, id);
}

void pipeline::submit(std::unique_ptr<import_request> asked, command_done done) {
  if (const auto refused = closed()) return done(*refused);
  if (importing()) return done(refusal::importing);
  const engine::command whole{
      .now = std::max(system_now(), world_->now()), .what = engine::import_geofences{}, .retry = asked->retry};
  const std::size_t all = asked->geofences.size();
  import_ = std::make_unique<import_job>(import_job{.asked = std::move(asked), .done = std::move(done)});
  import_->there_already.resize(all);
  metrics_.imports.slices.longest_cpu = metrics_.imports.slices.longest_wall = 0;
  engine::outcome told;
  if (world_->answer_again(whole, next_, told)) return refuse_import(told.decided);
  schedule_import();
}

void pipeline::schedule_import() {
  if (!std::exchange(import_posted_, true)) net::post(loop_, [this] { go_on_importing(); });
}

// One slice. What waits for commits is scheduled again when one is told.
void pipeline::go_on_importing() {
  import_posted_ = false;
  if (!importing() || !rebuilding_.empty()) return;
  const bool completed = !import_ || import_->completed;
  const auto refused = completed ? std::nullopt : closed();
  if (refused && *refused != refusal::overloaded) return abandon_import(*refused);
  if (pressed()) {
    import_timer_.expires_after(pause);
    import_timer_.async_wait([this](boost::system::error_code error) {
      if (!error) schedule_import();
    });
    return;
  }
  const hold measured{metrics_.imports.slices};
  const bool judged = completed || import_->judged == import_->asked->geofences.size();
  if (completed ? enforce_some() : judged ? stage_some() : judge_some()) schedule_import();
}

// True: go on. What it comes to here rests on what may not be committed yet, and is answered behind that.
bool pipeline::judge_some() {
  import_job& job = *import_;
  const auto& geofences = job.asked->geofences;
  const auto until = clock::now() + turn_max;
  const auto refuse = [&](command_status why) { return refuse_import({.what = why, .version = job.judged}), false; };
  for (; job.judged < geofences.size(); ++job.judged) {
    if (job.judged % judged_between_looks == 0 && clock::now() >= until) return true;
    const engine::geofence& next = *geofences[job.judged];
    const auto there = world_->geofences().find(next.id);
    const std::string& merchant = job.asked->merchant_id;
    if (there && !merchant.empty() && !there->belongs_to(merchant)) return refuse(command_status::exists);
    if (there && same(*there, next)) {
      job.there_already[job.judged] = true;
    } else if (there) {
      ++job.to_stage;
    } else {
      if (world_->geofences().size() + job.to_create >= options_.max_geofences) return refuse(command_status::no_room);
      ++job.to_create;
      ++job.to_stage;
    }
  }
  if (job.to_stage > 0) return true;
  const auto unchanged = static_cast<std::uint32_t>(geofences.size());
  refuse_import({.what = command_status::unchanged, .version = 0, .counts = {.unchanged = unchanged}});
  return false;
}

bool pipeline::stage_some() {
  if (import_in_flight_ >= parts_in_flight_max) return false;
  import_job& job = *import_;
  const auto& geofences = job.asked->geofences;
  engine::stage_geofences part{.first = job.looked_at == 0};
  for (std::size_t bytes = 0; job.looked_at < geofences.size() && bytes < part_bytes_max; ++job.looked_at) {
    if (job.there_already[job.looked_at]) continue;
    part.what.push_back(geofences[job.looked_at]);
    bytes += bytes_of(*part.what.back());
  }
  record_import(std::move(part));
  if (job.looked_at < geofences.size()) return true;
  const auto unchanged = static_cast<std::uint32_t>(geofences.size() - job.to_stage);
  const auto displaced = world_->retries().displaced();
  job.decided = record_import(
      engine::import_geofences{.staged = static_cast<std::uint32_t>(job.to_stage), .unchanged = unchanged}, job.asked->retry);
  metrics_.retry_keys_displaced += world_->retries().displaced() - displaced;
  job.completed = true;
  return true;
}

bool pipeline::enforce_some() {
  if (import_in_flight_ >= in_flight_max || world_->imports_left() == 0) return false;
  const std::size_t before = world_->geofences().size();
  std::uint32_t count = 0;
  for (std::size_t bytes = 0; count < enforced_at_once && count < world_->imports_left() && bytes < part_bytes_max; ++count) {
    bytes += bytes_of(*world_->staged()[count]);
  }
  record_import(engine::enforce_geofences{.count = count});
  if (import_) import_->to_create -= world_->geofences().size() - before;
  return true;
}

engine::command_outcome pipeline::record_import(engine::any_command what, std::optional<engine::retry_key> retry) {
  in_flight entry;
  entry.submitted = clock::now();
  entry.time = std::max(system_now(), world_->now());
  entry.import_part = true;
  entry.command = std::make_unique<waiting_command>(
      waiting_command{.input = {.now = entry.time, .what = std::move(what), .retry = retry}, .done = {}});
  const engine::command& asked = entry.command->input;
  world_->apply(asked, next_, entry.what);
  assert(entry.what.decided.changed());
  const engine::command_outcome decided = entry.what.decided;
  ++import_in_flight_;
  record(std::move(entry), asked);
  return decided;
}

// A part of it was told, or is lost.
void pipeline::answer_import(in_flight part) {
  --import_in_flight_;
  if (part.lost || !importing()) return;
  ++metrics_.commands[static_cast<std::size_t>(part.what.decided.what)];
  if (!import_ || !import_->completed || world_->imports_left() > 0 || import_in_flight_ > 0) return schedule_import();
  const engine::command_outcome decided = import_->decided;
  ++metrics_.imports.imports;
  metrics_.imports.geofences.created += decided.counts.created;
  metrics_.imports.geofences.updated += decided.counts.updated;
  metrics_.imports.geofences.unchanged += decided.counts.unchanged;
  end_import()(
      command_result{command_receipt{.input = {.now = part.time, .what = engine::import_geofences{}}, .decided = decided}});
}

void pipeline::refuse_import(engine::command_outcome why) {
  const bool done = why.what == command_status::unchanged;
  if (!why.again) ++(done ? metrics_.imports.imports : metrics_.imports.refused);
  metrics_.imports.geofences.unchanged += done ? why.counts.unchanged : 0;
  in_flight entry;
  entry.submitted = clock::now();
  entry.time = world_->now();
  entry.what.decided = why;
  entry.command = std::make_unique<waiting_command>(
      waiting_command{.input = {.now = entry.time, .what = engine::import_geofences{}}, .done = end_import()});
  await_commit(std::move(entry));
}

void pipeline::abandon_import(refusal why) {
  auto staged = std::make_shared<std::deque<std::shared_ptr<engine::geofence>>>(world_->forget_staged());
  aside_.run([staged] { staged->clear(); });
  net::post(loop_, [done = end_import(), why]() mutable { done(command_result{why}); });
}

// There may be very many geofences in it, which nobody else has: they go where that holds up nobody.
command_done pipeline::end_import() {
  command_done done = std::move(import_->done);
  auto gone = std::make_shared<std::unique_ptr<import_job>>(std::move(import_));
  aside_.run([gone] { gone->reset(); });
  return done;
}

}  // namespace haulcast::pipeline
