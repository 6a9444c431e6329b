// The body of POST /v1/positions -> an engine::batch: positions that passed, and those refused with the reason.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "haulcast/base/result.hpp"
#include "haulcast/base/time.hpp"
#include "haulcast/engine/batch.hpp"

namespace haulcast::wire {

struct batch_limits {
  std::size_t max_positions = 1000;
  seconds future_tolerance{300};  // a position may be this far ahead of received_at
  std::chrono::days max_age{30};  // and this far behind it, both inclusive
};

/// Why a whole batch is refused. malformed_json stands above all others; then the first in the order of the body, a missing
/// `positions` last.
enum class batch_error : std::uint8_t {
  malformed_json,     // not JSON, not UTF-8, nested over 16, a number outside double: anywhere in the body
  not_an_object,      // JSON, but no object
  positions_missing,  // or null
  positions_invalid,  // `positions` is no array
  batch_empty,
  batch_too_large,   // more than max_positions
  duplicate_key,     // `positions` or `truck_id` twice
  unknown_member,    // beside these two
  truck_id_invalid,  // the batch's own, not a position's
};
inline constexpr std::size_t batch_errors = 9;

/// The code's stable name, as it stands in answers: "batch_empty".
std::string_view to_string(batch_error code) noexcept;

struct batch_failure {
  batch_error code = batch_error::malformed_json;
  std::string pointer;  // JSON Pointer to the offender, at most about 64 bytes of its name; empty for the whole body
  std::string detail;   // one clear sentence
};
[[noreturn]] void throw_exception_from_error(const batch_failure& error, const boost::source_location& where);

struct parsed_batch {
  /// `trucks` holds those of the positions that passed; the ids of refused ones stand with them.
  std::unique_ptr<engine::batch> batch;
  bool covered = false;  // some position, passed or not, names a truck that the sender may post for
  bool foreign = false;  // some position names one that it may not
};

/// Whether the sender may post for a truck; asked once for each distinct truck id of a batch.
using covers = std::function<bool(std::string_view truck_id)>;  // empty: for all

/// Reusable, one per thread: it keeps its memory (4 to 8 bytes for each byte of the largest body so far).
/// Pure: no clock, no I/O. About 170 ns for a position of 200 bytes; at most about 3 ms for a hostile MiB.
class batch_parser {
 public:
  batch_parser();
  ~batch_parser();
  batch_parser(batch_parser&&) noexcept;
  batch_parser& operator=(batch_parser&&) noexcept;

  /// Nothing is judged before the last byte has been seen to be JSON. `body` has padding() readable bytes behind its end,
  /// whatever they hold, and is not needed afterwards. Of several faults in one position the first is told, in the order:
  /// not an object, duplicate key, then by member as engine::reject_code lists them; a member's wrong type, and for truck_id
  /// not being covered, count at that member's place.
  result<parsed_batch, batch_failure> parse(std::string_view body, utc_time received_at, const batch_limits& limits,
                                            const covers& may_post);

  /// A batch of this parser's that is done with: its memory serves the next. Up to 256 of 64 KiB are kept.
  void give_back(std::unique_ptr<engine::batch> done);

  static std::size_t padding() noexcept;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace haulcast::wire
