// A disk as a power cut leaves it: replays the log of what a server did, and forgets what it did not sync.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "faults/log.hpp"

namespace haulcast::faults {

/// What is promised, and no more: a file's bytes and size are durable as of its last sync, a name as of the last sync of its
/// directory. Of everything younger a cut keeps none, all or some, block by block (512 bytes or 4 KiB) and name by name, also
/// the younger without the older. A failed sync does the same, and what it took no later sync brings back.
///
/// Holds every file in memory, twice. Throws std::runtime_error when the log does not fit.
class disk {
 public:
  /// What stands below `root` is taken for durable.
  explicit disk(std::filesystem::path root);

  /// What a process did, from its start to its end. Removes the log.
  void replay(const std::filesystem::path& log, std::mt19937_64& dice);
  /// What the log says that the files hold, and they do not: one line each. Not for a process that was killed.
  std::vector<std::string> differences() const;
  /// Power cut: what stands below `root` afterwards is what was durable and what the dice kept of the rest.
  void cut(std::mt19937_64& dice);

 private:
  struct node;
  using shared_node = std::shared_ptr<node>;
  struct change {
    std::uint64_t number;
    bool resize;
    std::uint64_t offset;  // or the new size
    std::string bytes;
  };
  struct name_change {
    std::uint64_t number;
    std::string name;
    shared_node now;  // null: the name is gone
  };
  struct node {
    bool directory = false;
    bool touched = false;  // its file is perhaps not what it should be
    std::string seen;      // as programs see it, but for what is pending
    std::string durable;
    std::vector<change> pending;
    std::map<std::string, shared_node> names, durable_names;
    std::vector<name_change> pending_names;
  };

  shared_node find(std::string_view path) const;
  shared_node must_find(std::string_view path) const;
  void name(std::uint64_t number, std::string_view path, shared_node now);
  void take(const entry_header& head, std::string_view name, std::string_view bytes, std::mt19937_64& dice);
  static void apply(const change& c, std::string& to);
  static void write_back(node& n, std::uint64_t upto);
  static void write_back_some(node& n, std::uint64_t upto, std::mt19937_64& dice);
  static void write_names(node& n, std::uint64_t upto);
  static void write_some_names(node& n, std::mt19937_64& dice);
  static void cut(node& n, std::mt19937_64& dice);
  static void read(node& n, const std::filesystem::path& path);
  static void write(node& n, const std::filesystem::path& path);
  static void compare(const node& n, const std::filesystem::path& path, std::vector<std::string>& found);

  std::filesystem::path root_;
  shared_node top_;
  std::map<std::uint64_t, shared_node> files_;  // of the log that is being replayed
  std::uint64_t earlier_entries_ = 0;           // of the logs before it
};

}  // namespace haulcast::faults
