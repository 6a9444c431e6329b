// The path of commands: the same as that of batches, but one that changes nothing waits for the commit of what it rests on,
// and is no record.
#include <boost/asio/post.hpp>
#include <utility>

#include "haulcast/base/failpoint.hpp"
#include "haulcast/pipeline/pipeline.hpp"

namespace haulcast::pipeline {

void pipeline::submit(engine::command input, command_done done) {
  if (const auto refused = closed()) return done(*refused);
  HAULCAST_FAILPOINT(admit_admitted);
  input.now = std::max(system_now(), world_->now());
  in_flight entry;
  entry.submitted = clock::now();
  entry.time = input.now;
  entry.command = std::make_unique<waiting_command>(waiting_command{std::move(input), std::move(done)});
  const engine::command& asked = entry.command->input;
  const auto displaced = world_->retries().displaced();
  if (is_being_imported(asked))
    entry.what.decided = {engine::command_status::importing};
  else if (!has_room_for(asked))
    entry.what.decided = {engine::command_status::no_room};
  else
    world_->apply(asked, next_, entry.what);
  metrics_.retry_keys_displaced += world_->retries().displaced() - displaced;
  HAULCAST_FAILPOINT(apply_applied);
  if (entry.what.decided.changed()) return record(std::move(entry), asked);
  await_commit(std::move(entry));
}

// What it rests on may be lost yet: then so is the answer. It counts for what waits, so that it is bounded as well.
void pipeline::await_commit(in_flight entry) {
  entry.offset = next_ - 1;
  entry.bytes = sizeof(in_flight) + sizeof(waiting_command);
  pending_bytes_ += entry.bytes;
  const bool rests_on_commit = entry.offset <= committed_;
  in_flight_.push_back(std::move(entry));
  if (rests_on_commit && !std::exchange(tell_posted_, true)) net::post(loop_, [this] { tell_some(); });
}

void pipeline::answer_command(in_flight entry) {
  waiting_command& asked = *entry.command;
  if (entry.lost) return asked.done(command_result{refusal::not_committed});
  ++(entry.what.decided.again ? metrics_.commands_again : metrics_.commands[static_cast<std::size_t>(entry.what.decided.what)]);
  asked.done(command_result{command_receipt{std::move(asked.input), entry.what.decided}});
}

}  // namespace haulcast::pipeline
