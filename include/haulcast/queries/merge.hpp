// A page of the store and what the journal has behind it -> one page.
#pragma once

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "haulcast/store/reader.hpp"

namespace haulcast::queries {

template <class Row>
struct merged {
  std::vector<Row> rows;
  bool more = false;  // behind the last of them
};

/// Both in the order of `before`, which no two rows of one side are equal in; of two that are equal the stored one stands. What
/// lies behind the last row of a stored page that goes on is left to the next page.
template <class Row, class Before>
merged<Row> merge(store::page<Row> stored, std::vector<Row> unstored, std::size_t limit, Before before) {
  merged<Row> made;
  made.more = stored.more;
  if (stored.more && !stored.rows.empty()) {
    const auto beyond = std::ranges::upper_bound(unstored, stored.rows.back(), before);
    unstored.erase(beyond, unstored.end());
  }
  made.rows.reserve(stored.rows.size() + unstored.size());
  std::set_union(std::move_iterator{stored.rows.begin()}, std::move_iterator{stored.rows.end()},
                 std::move_iterator{unstored.begin()}, std::move_iterator{unstored.end()}, std::back_inserter(made.rows),
                 before);
  if (made.rows.size() <= limit) return made;
  made.rows.resize(limit);
  made.more = true;
  return made;
}

inline bool earlier(const store::stored_position& a, const store::stored_position& b) {
  return a.what.timestamp() < b.what.timestamp();
}
inline bool newer(const store::stored_event& a, const store::stored_event& b) {
  return std::pair{a.time, a.id} > std::pair{b.time, b.id};
}
inline bool newer(const store::stored_rejection& a, const store::stored_rejection& b) {
  return std::pair{a.received_at, a.at} > std::pair{b.received_at, b.at};
}

}  // namespace haulcast::queries
