// What the API asks of the world, beside positions: inputs that are decided, recorded and replayed like any other.
//
// A new command is: an alternative of `any_command` with save and load, an overload of world::decide (world_commands.cpp), and
// what it changes in the view (pipeline's tell). The journal, replay, the pipeline's waiting and failing know commands only as
// such.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "haulcast/base/bytes.hpp"
#include "haulcast/base/time.hpp"
#include "haulcast/engine/geofence.hpp"
#include "haulcast/engine/registration.hpp"

namespace haulcast::engine {

/// Versions of an object, as a client that saw them names them.
struct version_set {
  bool any = false;
  std::vector<std::uint64_t> versions;

  bool has(std::uint64_t version) const noexcept;
};

/// What must be so before the command for it to be carried out (If-Match, If-None-Match of RFC 9110).
struct precondition {
  std::optional<version_set> match;       // the object is there, in one of these versions
  std::optional<version_set> none_match;  // it is not there, or in none of these

  /// `present`: the object's version; none: there is no such object. O(versions).
  bool holds(std::optional<std::uint64_t> present) const noexcept;
  void save(byte_writer& out) const;
  bool load(byte_reader& in);
};

/// Tells a command that is sent again from another one. Whoever admits it makes the digests, of something that strangers cannot
/// choose to collide; here they are only compared.
struct retry_key {
  using digest = std::array<std::uint64_t, 2>;

  digest key{};      // of who asks, and the key that was chosen
  digest request{};  // of what is asked, whole

  void save(byte_writer& out) const;
  bool load(byte_reader& in);
  friend bool operator==(const retry_key&, const retry_key&) = default;
};

/// Registers a truck, or says all anew of one that is registered.
struct register_truck {
  std::string truck_id;
  registration what;  // its version is not read
  precondition only_if{};

  void save(byte_writer& out) const;
  bool load(byte_reader& in);
};

/// The truck is not there any more, until it is registered again. What it drove stays known.
struct remove_truck {
  std::string truck_id;
  precondition only_if{};

  void save(byte_writer& out) const;
  bool load(byte_reader& in);
};

/// Creates a geofence, or says all anew of one that is there.
struct put_geofence {
  geofence what;  // its version is not read
  bool only_new = false;
  std::string merchant_id{};  // who asks: one of another merchant's, or the operator's, is in the way; empty: for the operator
  precondition only_if{};     // about what that merchant may see

  void save(byte_writer& out) const;
  bool load(byte_reader& in);
};

struct remove_geofence {
  std::string geofence_id;
  std::string merchant_id{};  // as above: what is not its own is not there
  precondition only_if{};

  void save(byte_writer& out) const;
  bool load(byte_reader& in);
};

// An import of many geofences is three kinds of commands. Its parts change nothing that anybody sees. The one record behind
// them says that it is complete: before it a start forgets the parts, from it on the import is carried out whatever happens,
// some geofences at a time. Who admits them sees to it that there is one import at a time and that no other command concerns
// its geofences meanwhile (docs/decisions/0018-geofence-import.md).

struct stage_geofences {
  bool first = false;                             // what was staged before and never completed is forgotten
  std::vector<std::shared_ptr<geofence>> what{};  // the world's from now on, which gives them their versions; none is null

  void save(byte_writer& out) const;
  bool load(byte_reader& in);
};

/// Complete: what is staged will come into force.
struct import_geofences {
  std::uint32_t staged = 0;     // as many as that
  std::uint32_t unchanged = 0;  // of the request; they are there as asked, and were not staged

  void save(byte_writer& out) const;
  bool load(byte_reader& in);
};

/// The next of a complete import come into force, in the order in which they were staged.
struct enforce_geofences {
  std::uint32_t count = 0;

  void save(byte_writer& out) const;
  bool load(byte_reader& in);
};

/// The places are written to journals: append, never reorder.
using any_command = std::variant<register_truck, remove_truck, put_geofence, remove_geofence, stage_geofences, import_geofences,
                                 enforce_geofences>;

struct command {
  utc_time now;  // the server's
  any_command what;
  std::optional<retry_key> retry{};  // none: each time it comes it is another one
};

/// What a command came to. The numbers are written to journals: append, never renumber.
enum class command_status : std::uint8_t {
  created = 0,
  updated = 1,
  removed = 2,
  // Those below change nothing, and are not recorded.
  unchanged = 3,            // it is as asked already
  not_found = 4,            // nothing there to remove
  precondition_failed = 5,  // precondition::holds says no
  no_room = 6,              // engine.max_trucks or max_geofences reached: decided by who admits, who alone can count trucks
  key_reused = 7,           // its retry key stands for another request
  exists = 8,               // it was to be new, or belongs to somebody else
  // Those of imports change something.
  staged = 9,
  imported = 10,
  enforced = 11,
  // This one does not.
  importing = 12,  // an import that has it is under way: decided by who admits
};
inline constexpr std::size_t command_statuses = 13;

/// "created"
std::string_view to_string(command_status status) noexcept;

/// What became of the geofences of an import.
struct import_counts {
  std::uint32_t created = 0;
  std::uint32_t updated = 0;
  std::uint32_t unchanged = 0;

  friend bool operator==(const import_counts&, const import_counts&) = default;
};

struct command_outcome {
  command_status what = command_status::unchanged;
  std::uint64_t version = 0;  // the object's, afterwards; 0 also where there is none. Of an import that is refused: the place
                              // of the geofence that is in the way
  bool again = false;         // told before, under the same retry key: nothing is done now
  import_counts counts{};     // of an import

  bool changed() const noexcept {
    return !again && (what <= command_status::removed || (what >= command_status::staged && what <= command_status::enforced));
  }
  friend bool operator==(const command_outcome&, const command_outcome&) = default;
};

/// What a record at that offset with that status came to: a version is the offset of the record that set it.
command_outcome recorded_outcome(command_status status, std::uint64_t offset) noexcept;

/// False: bytes that no save wrote.
void save(const any_command& what, byte_writer& out);
bool load(any_command& what, byte_reader& in);

}  // namespace haulcast::engine
