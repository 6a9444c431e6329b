#include "haulcast/consumers/place_to_begin.hpp"

#include <fmt/format.h>

namespace haulcast::consumers {

result<beginning> place_to_begin(const std::optional<journal::checkpoint>& stored, journal::offset_t noted,
                                 const journal_extent& log) {
  if (!stored) {
    if (noted == 0) return beginning{.next = log.first, .warning = {}};
    if (log.first > 1) {
      return failure{
          fmt::format("the store is empty and had come to record {}, but the journal begins at record {} by now: restore the "
                      "store from a backup, or start with --adopt to have it begin there",
                      noted, log.first)};
    }
    return beginning{.next = 1,
                     .warning = fmt::format("the store is empty and had come to record {}: it is written again", noted)};
  }
  if (stored->journal_id != log.id) {
    return failure{
        fmt::format("the store belongs to another journal ({}, this one is {}); start with --adopt to have it take "
                    "this journal from the oldest record",
                    stored->journal_id, log.id)};
  }
  if (stored->offset > log.last) {
    return failure{
        fmt::format("the store is ahead of the journal (record {} of {}): was the journal restored from an older "
                    "backup? Start with --adopt to have the store go on from the newest record",
                    stored->offset, log.last)};
  }
  if (stored->offset + 1 < log.first) {
    return failure{
        fmt::format("the store ends at record {}, but the journal begins at record {}: restore a newer backup of "
                    "the store, or start with --adopt to have it go on without those between",
                    stored->offset, log.first)};
  }
  beginning at{.next = stored->offset + 1, .warning = {}};
  if (stored->offset < noted) {
    at.warning = fmt::format("the store is older than it was (record {}, it had come to {}): it is written again from there",
                             stored->offset, noted);
  }
  return at;
}

std::optional<journal::checkpoint> adopted(const std::optional<journal::checkpoint>& stored, journal::offset_t noted,
                                           const journal_extent& log) {
  if (place_to_begin(stored, noted, log)) return std::nullopt;
  const bool ahead = stored && stored->journal_id == log.id && stored->offset > log.last;
  return journal::checkpoint{.journal_id = log.id, .offset = ahead ? log.last : log.first - 1};
}

}  // namespace haulcast::consumers
