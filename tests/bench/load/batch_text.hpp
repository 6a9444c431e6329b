// A POST of a batch as text, written once and patched in place: what a loader sends must not cost the loader much.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace haulcast::bench {

/// One simulated truck: its number and how many positions it has sent. Its n-th position is 5 s and 62.5 m after the one
/// before, on a road of 25 km that it drives to and fro, so nothing it sends is a duplicate, late or implausible.
struct bench_truck {
  std::uint32_t number = 0;
  std::uint32_t sent = 0;
};

/// "TRK-0000042"
std::string truck_id(std::uint32_t number);

/// What every position holds before its stamp: the stamp travels as an odometer.
constexpr std::string_view stamp_mark = R"("odometer_km":)";
constexpr std::uint32_t stamps = 900'000'000;  // in microseconds: longer than any run

/// The stamp that a delivered position carries, from the text behind its mark.
std::uint32_t read_stamp(std::string_view text);

/// The request POST /v1/positions with `positions` positions of about 200 bytes each. Owned by one connection.
class batch_text {
 public:
  batch_text(std::size_t positions, std::string_view token);

  /// Makes position `at` the truck's next one.
  void put(std::size_t at, bench_truck& truck);
  /// Marks position `at` with a number below `stamps`.
  void stamp(std::size_t at, std::uint32_t microseconds);

  /// The whole request, head and body; valid until the next put.
  std::string_view text() const { return text_; }
  /// Position `at` alone.
  std::string_view position(std::size_t at) const;

 private:
  std::int64_t start_ms_;  // of every truck: 25 days ago, so that 400,000 positions fit before now
  std::string text_;
  std::vector<std::size_t> slots_;  // where each position begins
};

}  // namespace haulcast::bench
