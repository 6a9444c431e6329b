// What a watcher was told of positions and events, and its comparison with what the journal holds in the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace haulcast::support {

struct told_position {
  std::int64_t timestamp_ms = 0;
  std::uint64_t content = 0;  // hash of its JSON
  std::uint32_t truck = 0;    // place in watcher_ledger::trucks
  std::uint32_t connection = 0;
};

struct told_event {
  std::string id;
  std::uint64_t content = 0;  // hash of its CloudEvent
};

/// Everything in the order it came. About 24 bytes a position.
struct watcher_ledger {
  std::string name;
  bool every_position = false;         // is to be told each one, from the first of a connection on
  bool every_event = false;            // ... each event behind `from`, through all connections
  std::vector<std::string> interests;  // trucks; empty: all
  std::string from;                    // an event's id, or "0"; empty: the first one told is the beginning

  std::vector<std::string> trucks;  // that it was told of
  std::vector<told_position> positions;
  std::vector<told_event> events;
  std::uint32_t connections = 0;
  std::vector<std::string> contradictions;  // what no server may say, and not having seen the end

  void position(std::string_view json);
  void event(std::string_view cloud_event);
  void contradict(std::string sentence);
  bool interested_in(std::string_view truck) const;

 private:
  std::uint32_t number_of(std::string_view truck);
  std::map<std::string, std::uint32_t, std::less<>> numbers_;  // places in `trucks`
};

/// Calls `each` with every object of the list that is the last member of a frame; nothing else of the frame is looked at.
/// False: it is no such list.
bool for_each_position(std::string_view frame, const std::function<void(std::string_view)>& each);

/// What the journal holds that may be told.
struct journal_facts {
  struct position {
    std::int64_t timestamp_ms = 0;
    std::uint64_t content = 0;
  };
  struct event {
    std::string id;
    std::string truck;
    std::uint64_t content = 0;
  };
  std::map<std::string, std::vector<position>, std::less<>> live;  // those that moved the truck, oldest first
  std::vector<event> events;                                       // in the journal's order
};
/// Reads the journal of a server that has ended. Throws when it cannot be read.
journal_facts read_facts(const std::filesystem::path& data_dir);

struct watch_report {
  std::string name;
  std::uint64_t positions = 0, events = 0, connections = 0;  // that it was told, that it had
  std::uint64_t strange = 0;                                 // told, and not in the journal, or otherwise there
  std::uint64_t disorder = 0;                                // a truck that went back, an event that came after a later one
  std::uint64_t repeats = 0;                                 // positions told twice on one connection, events told twice
  std::uint64_t gaps = 0;                                    // left out, of those that had to be told
  std::uint64_t contradictions = 0;
  std::vector<std::string> examples;

  bool clean() const noexcept { return strange + disorder + repeats + gaps + contradictions == 0; }
  std::string to_string() const;
};
watch_report audit(const watcher_ledger& told, const journal_facts& facts);

}  // namespace haulcast::support
