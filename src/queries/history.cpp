#include "haulcast/queries/history.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "haulcast/queries/merge.hpp"

namespace haulcast::queries {

std::string cursor_of(utc_time last) { return std::to_string(to_epoch_ms(last)); }

std::optional<utc_time> time_of_cursor(std::string_view cursor) {
  std::int64_t ms = 0;
  const char* const end = cursor.data() + cursor.size();
  const auto [at, error] = std::from_chars(cursor.data(), end, ms);
  constexpr std::int64_t far = 400'000'000'000'000;  // beyond every year of four digits, and far from overflow
  if (error != std::errc{} || at != end || ms < -far || ms > far) return std::nullopt;
  return from_epoch_ms(ms);
}

history::history(history_asked asked, tail behind)
    : asked_{std::move(asked)}, tail_{std::move(behind)}, writer_{wire::make_track_writer(asked_.format, asked_.truck_id)} {
  // A thinned track goes on from its last place, which is not told again.
  const bool from_anchor = asked_.simplify_m > 0 && asked_.after;
  if (from_anchor)
    asked_.from = std::max(asked_.from, *asked_.after);
  else
    read_ = asked_.after;
}

store::store_result<bool> history::step(store::reader& from) {
  const std::size_t limit = asked_.simplify_m > 0 ? read_at_once : asked_.limit - put_;
  auto page = from.history({.truck_id = asked_.truck_id, .from = asked_.from, .to = asked_.to, .after = read_, .limit = limit});
  if (!page) return page.error();
  if (auto reached = tail_.reach(page->at); !reached) return reached.error();
  if (const auto until = tail_.complete_until(); until && (!complete_until_ || *until < *complete_until_))
    complete_until_ = until;
  const utc_time since = read_ ? std::max(asked_.from, *read_ + milliseconds{1}) : asked_.from;
  auto rows = merge(std::move(*page), positions_in(tail_, asked_.truck_id, since, asked_.to), limit, earlier);
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    read_ = rows.rows[i].what.timestamp();
    const bool goes_on = asked_.simplify_m > 0 ? take_thinned(std::move(rows.rows[i])) : take(rows.rows[i]);
    if (goes_on) continue;
    finish(asked_.simplify_m > 0 || rows.more || i + 1 < rows.rows.size());
    return false;
  }
  looked_at_ += rows.rows.size();
  if (rows.more && looked_at_ < read_most) return true;
  if (seen_) put(*seen_);
  if (read_) last_put_ = read_;  // suspect ones behind it are done with
  finish(rows.more);
  return false;
}

// False: the page ends behind this one.
bool history::take(const store::stored_position& row) {
  put(row);
  return !full();
}

// False: the page is full, and there is more.
bool history::take_thinned(store::stored_position row) {
  if (row.judged.what == engine::verdict::suspect) return true;
  const geo::point where = row.what.point();
  if (!thinner_) {
    thinner_.emplace(asked_.simplify_m, where);
    if (asked_.after != row.what.timestamp()) put(row);
    return true;
  }
  if (full()) return false;
  if (thinner_->add(where)) put(*seen_);
  seen_ = std::move(row);
  return !full();
}

void history::put(const store::stored_position& row) {
  writer_->add(row.what.get(), row.judged, row.received_at);
  last_put_ = row.what.timestamp();
  ++put_;
}

void history::finish(bool more) {
  if (more && last_put_) next_cursor = cursor_of(*last_put_);
  complete_until = complete_until_;
  text = writer_->finish({.next_cursor = next_cursor, .complete_until = complete_until});
}

}  // namespace haulcast::queries
