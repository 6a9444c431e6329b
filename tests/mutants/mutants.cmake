# The faults that haulcast_rigged can be made to have, one at a time: HAULCAST_MUTANT=early_ack. Each is a mistake that somebody
# could make, and tests/integration/mutant_test.cpp shows what catches it. A text is as short as makes it unique.

# Acknowledges, and tells, when a group is handed to the journal's thread.
mutant(early_ack journal/committer.cpp "queue_.emplace_back(std::move(g));"
  "if (MUTANT(early_ack)) tell_.committed({std::make_shared<const group>(g), {}});
    queue_.emplace_back(std::move(g));")
mutant(early_ack journal/committer.cpp "tell_.committed({all," "if (!MUTANT(early_ack)) tell_.committed({all,")

# Says "duplicate" without waiting for the commit of the first.
mutant(early_duplicate pipeline/pipeline.cpp "record(std::move(entry), applied);"
  "const auto duplicate = [](engine::judgement j) { return j.what == engine::verdict::duplicate; };
  if (MUTANT(early_duplicate) && applied.rejected.empty() && std::ranges::all_of(entry.what.judgements, duplicate)) {
    auto early = std::make_shared<in_flight>();
    early->input = std::make_unique<engine::batch>();
    early->what.judgements = entry.what.judgements;
    early->done = std::move(entry.done);
    net::post(loop_, [this, early] { answer(std::move(*early)); });
  }
  record(std::move(entry), applied);")

# Subscribers and reads are ahead of the commit; senders are not.
mutant(early_telling pipeline/pipeline.cpp "    tell(entry);" "    if (!MUTANT(early_telling)) tell(entry);")
mutant(early_telling pipeline/pipeline.cpp "in_flight_.push_back(std::move(entry));"
  "if (MUTANT(early_telling)) {
    tell(entry);
    if (!std::exchange(wake_posted_, true)) net::post(loop_, [this] { wake_some(); });
  }
  in_flight_.push_back(std::move(entry));")

# Acknowledges what the kernel has and the disk has not.
mutant(no_sync journal/segment_log.cpp "const auto error = s.handle->sync_data()"
  "const auto error = MUTANT(no_sync) ? std::error_code{} : s.handle->sync_data()")

# A commit that failed is taken for one that did not.
mutant(failure_ignored journal/committer.cpp "const auto error = log_.append(*all))"
  "const auto error = log_.append(*all); error && !MUTANT(failure_ignored))")

# A new segment's name is not made durable.
mutant(unnamed_segment journal/segment_log.cpp "if (const auto error = sync_directory("
  "if (const auto error = MUTANT(unnamed_segment) ? std::error_code{} : sync_directory(")

# A start takes what the kernel's cache shows for durable.
mutant(trusting_start journal/segment_log_open.cpp "const auto error = write_again("
  "const auto error = MUTANT(trusting_start) ? std::error_code{} : write_again(")

# A start leaves the torn tail where it is and writes on behind it.
mutant(torn_tail_kept journal/segment_log_open.cpp "if (const auto error = s.handle->truncate(position)) {"
  "if (MUTANT(torn_tail_kept)) {
      position = size;
    } else if (const auto error = s.handle->truncate(position)) {")

# Recovery leaves out the newest record.
mutant(newest_record_skipped journal/recovery.cpp "const auto same = replay("
  "if (MUTANT(newest_record_skipped) && offset == log.last_offset()) return {};
    const auto same = replay(")

# A snapshot holds what the journal may not have yet: a checkpoint before its rows.
mutant(early_snapshot pipeline/snapshotter.cpp "waiting_.front().as_of <= committed"
  "(MUTANT(early_snapshot) || waiting_.front().as_of <= committed)")

# A truck's snapshot does not say which record it holds for.
mutant(snapshot_without_offset engine/truck.cpp "out.varint(changed_at);"
  "out.varint(MUTANT(snapshot_without_offset) ? 0 : changed_at);")

# Replay begins where the pass ended, not where it began.
mutant(snapshot_offset_late pipeline/snapshotter.cpp "replay_from = began_at_ + 1,"
  "replay_from = (MUTANT(snapshot_offset_late) ? shared->as_of : began_at_) + 1,")

# A truck's snapshot leaves out its window of recent positions.
mutant(snapshot_without_window engine/truck.cpp "window.save(out);"
  "MUTANT(snapshot_without_window) ? engine::window{}.save(out) : window.save(out);")

# Retention takes segments that the snapshots still need.
mutant(greedy_retention journal/segment_log.cpp "segments_[1]->first > keep_from"
  "(!MUTANT(greedy_retention) && segments_[1]->first > keep_from)")

# Trucks go offline in the world, and the journal does not say so.
mutant(unrecorded_tick pipeline/pipeline.cpp "const std::size_t begin = building_.bytes.size();"
  "if (std::is_same_v<Input, engine::tick> && MUTANT(unrecorded_tick)) return;
  const std::size_t begin = building_.bytes.size();")

# A subscriber who comes back misses the first event, or gets the last one again.
mutant(resume_skips ws/session_past.cpp "owner_.hub_.wants(*this, e.event)"
  "(!MUTANT(resume_skips) || [this] {
          static const void* resumed = nullptr;
          return std::exchange(resumed, past_.get()) == past_.get();
        }()) && owner_.hub_.wants(*this, e.event)")
mutant(resume_repeats ws/session_past.cpp "past_->after = since;"
  "past_->after = MUTANT(resume_repeats) && since.offset > 0
                      ? engine::event_id{since.offset - 1, engine::event_id::last_index}
                      : since;")

# The store says that it has rows which it has not committed yet.
mutant(early_store_checkpoint store/sqlite_writer.cpp "if (auto done = put(rows); !done) return done;
      if (auto moved"
  "if (MUTANT(early_store_checkpoint)) {
        if (auto moved = move_checkpoint({journal_id, rows.reaches}); !moved) return moved;
        if (auto committed = db_->run(\"COMMIT; BEGIN IMMEDIATE\"); !committed) return committed;
      }
      if (auto done = put(rows); !done) return done;
      if (auto moved")

# The same in PostgreSQL.
mutant(early_postgres_checkpoint store/postgres_writer.cpp "put(in, rows, how);
      const journal::checkpoint to{journal_id, rows.reaches};"
  "if (MUTANT(early_postgres_checkpoint)) {
        move_checkpoint(in, {journal_id, rows.reaches});
        in.exec(\"COMMIT; BEGIN\");
      }
      put(in, rows, how);
      const journal::checkpoint to{journal_id, rows.reaches};")

# A commit whose answer was lost is taken for one that never came.
mutant(impatient_postgres store/postgres_writer.cpp "FROM checkpoint FOR UPDATE\""
  "FROM checkpoint\" + std::string{MUTANT(impatient_postgres) ? \"\" : \" FOR UPDATE\"}")
