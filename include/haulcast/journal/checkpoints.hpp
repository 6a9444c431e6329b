// How far each consumer of the journal has come: small files, one for each name.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/base/result.hpp"
#include "haulcast/journal/group.hpp"

namespace haulcast::journal {

struct checkpoint {
  std::string journal_id;
  offset_t offset = 0;  // of the last record handled; 0: none yet

  friend bool operator==(const checkpoint&, const checkpoint&) = default;
};

/// A consumer's checkpoint lies in `<directory>/<name>.checkpoint` as text, replaced at once and durably: after a crash it is
/// the old one or the new one. (A consumer that writes to a database keeps its own there, in the transaction of its rows, and
/// notes it here for retention.) Names have the form of ids. Blocking; for the journal's thread only.
class checkpoints {
 public:
  /// Creates the directory. `holding`: the consumers for whose sake records are kept; one that has no checkpoint yet holds all.
  /// Error: a sentence; also when a checkpoint is damaged.
  static result<checkpoints> open(std::filesystem::path directory, std::string journal_id, std::vector<std::string> holding);

  /// The beginning of this journal when nothing was stored under that name.
  result<checkpoint> load(std::string_view name) const;
  result<void> store(std::string_view name, offset_t offset);
  /// Everything that was ever stored, by name. Error: as load().
  result<std::map<std::string, checkpoint, std::less<>>> all() const;

  /// Every checkpoint must be of this journal and not ahead of its newest record. Error: the sentence to stop with.
  result<void> check(offset_t last_offset) const;
  /// What `--adopt` does: a checkpoint of another journal goes back to the beginning, one that is ahead to the newest record.
  result<void> adopt(offset_t last_offset);

  /// The first record that somebody who holds records back has not handled: those before it may be dropped. O(holding).
  offset_t holds() const;

 private:
  checkpoints(std::filesystem::path directory, std::string journal_id)
      : directory_{std::move(directory)}, journal_id_{std::move(journal_id)} {}
  std::filesystem::path path_of(std::string_view name) const;
  result<void> for_each(const std::function<result<void>(const std::string& name, const checkpoint&)>& take) const;

  std::filesystem::path directory_;
  std::string journal_id_;
  std::map<std::string, offset_t, std::less<>> holding_;  // as stored
};

}  // namespace haulcast::journal
