// Reads along in the journal of a running server: each segment when it is finished, also where retention drops it right after.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "haulcast/engine/event.hpp"
#include "haulcast/journal/group.hpp"

namespace haulcast::support {

/// One position in the journal, without its truck.
struct held_position {
  std::int64_t timestamp_ms = 0;
  double latitude = 0;
  double longitude = 0;
};

/// What the journal held of a truck that reports every 5 s: enough to see that none is missing, none is there twice, and all
/// stand in order.
struct held_track {
  std::int64_t newest_ms = 0;
  std::uint64_t positions = 0;
};

struct journal_books {
  std::uint64_t segments = 0;
  std::uint64_t records = 0;
  std::uint64_t positions = 0;                              // duplicates left out
  std::vector<held_track> tracks;                           // of TRK-0000000 and those behind it, by number
  std::map<std::string, std::vector<held_position>> whole;  // of all other trucks
  std::vector<engine::event_id> events;
  std::vector<std::string> complaints;  // a few: gaps, repeats, what cannot be read
};

/// From construction to finish() on a thread of its own. Memory: 16 bytes a numbered truck, 24 bytes a position of the others.
class journal_follower {
 public:
  /// `links`: a directory on the journal's file system, for second names of segments.
  journal_follower(std::filesystem::path data_dir, std::filesystem::path links);
  ~journal_follower();
  journal_follower(const journal_follower&) = delete;
  journal_follower& operator=(const journal_follower&) = delete;

  /// After the server has ended: reads the rest. Once.
  journal_books finish();

 private:
  using segment_names = std::map<engine::offset_t, std::filesystem::path>;  // by first record

  void run();
  void link_new();
  void read_finished(bool all);
  void read_segment(const std::filesystem::path& path, engine::offset_t behind);
  void read_group(const journal::group& g);
  void read_record(engine::offset_t offset, std::string_view bytes);
  void note(std::string_view truck, held_position position);
  void complain(std::string sentence);

  std::filesystem::path journal_;
  std::filesystem::path links_;
  segment_names linked_;               // not read yet
  engine::offset_t linked_up_to_ = 0;  // the newest that was ever linked
  engine::offset_t next_ = 1;
  journal_books books_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace haulcast::support
