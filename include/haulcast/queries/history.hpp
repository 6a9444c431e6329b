// A truck's history: the store's pages and the journal's tail, as a track in some format.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "haulcast/geo/thinner.hpp"
#include "haulcast/queries/question.hpp"
#include "haulcast/queries/tail.hpp"
#include "haulcast/wire/track_out.hpp"

namespace haulcast::queries {

struct history_asked {
  std::string truck_id;
  utc_time from;  // both inclusive
  utc_time to;
  std::optional<utc_time> after{};  // the cursor: the last position of the answer before
  std::size_t limit = 100;          // of positions in the answer
  double simplify_m = 0;            // 0: all of them
  wire::track_format format = wire::track_format::json;
};

/// The cursor in an answer, and back.
std::string cursor_of(utc_time last);
std::optional<utc_time> time_of_cursor(std::string_view cursor);

/// Oldest first. A page ends at its limit, or earlier when its text is 1 MiB long, or when 50,000 positions were read for a
/// thinned track: then a cursor leads on, and what was seen last is kept. A thinned track has no suspect positions, for they
/// are not where the truck was. What arrives late behind a cursor is not in the pages after it.
class history final : public question {
 public:
  static constexpr std::size_t text_bytes_max = 1U << 20;
  static constexpr std::size_t read_most = 50'000;
  static constexpr std::size_t read_at_once = 1'000;

  history(history_asked asked, tail behind);
  store::store_result<bool> step(store::reader& from) override;

 private:
  bool take(const store::stored_position& row);
  bool take_thinned(store::stored_position row);
  void put(const store::stored_position& row);
  bool full() const noexcept { return put_ == asked_.limit || writer_->bytes() >= text_bytes_max; }
  void finish(bool more);

  history_asked asked_;
  tail tail_;
  std::unique_ptr<wire::track_writer> writer_;
  std::optional<utc_time> read_;  // up to here
  std::size_t looked_at_ = 0;
  std::size_t put_ = 0;
  std::optional<utc_time> last_put_;
  std::optional<geo::thinner> thinner_;         // since the first that was kept
  std::optional<store::stored_position> seen_;  // not decided yet
  std::optional<utc_time> complete_until_;      // of the page that knew least
};

}  // namespace haulcast::queries
