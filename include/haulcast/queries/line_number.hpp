// Where a line of the stream of positions stands: one number for each.
#pragma once

#include <cstdint>

#include "haulcast/journal/group.hpp"

namespace haulcast::queries {

/// The number of a position grows along the journal and never changes: the record's offset times 16384, plus the place among
/// the record's positions that are told. The last of a record has the largest place there is, so its number says that the whole
/// record was handled. Exact as a double, which is what many readers of JSON have, for 5 * 10^11 records.
class line_number {
 public:
  static constexpr std::uint32_t last_place = 16'383;

  constexpr line_number() = default;
  constexpr explicit line_number(std::uint64_t number) noexcept : number_{number} {}
  constexpr line_number(journal::offset_t record, std::uint32_t place, bool is_last) noexcept
      : number_{record * (last_place + 1) + (is_last ? last_place : place)} {}

  constexpr std::uint64_t number() const noexcept { return number_; }
  constexpr journal::offset_t record() const noexcept { return number_ / (last_place + 1); }
  /// The first record that has lines behind this one.
  constexpr journal::offset_t next_record() const noexcept {
    return record() + (number_ % (last_place + 1) == last_place ? 1 : 0);
  }
  friend constexpr auto operator<=>(line_number, line_number) = default;

 private:
  std::uint64_t number_ = 0;  // 0: before every line, for records are counted from 1
};

}  // namespace haulcast::queries
