// A store in memory that does as a test wants: for consumers.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "haulcast/store/writer.hpp"

namespace haulcast::consumers::story {

using store::store_result;
using store::trouble;

/// What outlives a connection. Guarded, since a consumer's thread writes it and a test reads it.
struct kept_rows {
  std::mutex mutex;
  std::optional<journal::checkpoint> at;
  std::multiset<std::string> positions;  // "TRK-1 1795000000000"
  std::multiset<std::string> events;     // texts
  std::vector<store::dead_letter> dead;
  std::vector<std::size_t> batches;  // rows of each
  std::size_t opened = 0;
  std::size_t durable = 0;
  std::set<std::size_t> kept_up;                                                  // behind how many batches
  std::function<std::optional<store::store_error>(const store::batch&)> refuses;  // write, rehearse
  std::function<std::optional<store::store_error>()> down;                        // any call
  bool loses_answers = false;                                                     // commits, and says that it is in doubt
};

class kept_store final : public store::writer {
 public:
  explicit kept_store(std::shared_ptr<kept_rows> rows) : rows_{std::move(rows)} {}

  store_result<void> open() override {
    return locked([&]() -> store_result<void> {
      ++rows_->opened;
      return {};
    });
  }
  store_result<std::optional<journal::checkpoint>> checkpoint() override {
    return locked([&]() -> store_result<std::optional<journal::checkpoint>> { return rows_->at; });
  }
  store_result<void> adopt(const journal::checkpoint& to) override {
    return locked([&]() -> store_result<void> {
      rows_->at = to;
      return {};
    });
  }
  store_result<void> write(const store::batch& rows, const std::string& journal_id) override {
    return locked([&]() -> store_result<void> {
      if (rows_->refuses) {
        if (const auto why = rows_->refuses(rows)) return *why;
      }
      if (rows_->at && (rows_->at->journal_id != journal_id || rows_->at->offset + 1 != rows.begins))
        return store::store_error{trouble::fatal, "not what follows"};
      for (const auto& p : rows.positions) {
        rows_->positions.insert(std::string{rows.trucks[p.truck]} + " " + std::to_string(to_epoch_ms(p.what.timestamp)));
      }
      for (const auto& e : rows.events) rows_->events.insert(e.text);
      rows_->dead.insert(rows_->dead.end(), rows.dead.begin(), rows.dead.end());
      rows_->batches.push_back(rows.rows());
      rows_->at = journal::checkpoint{journal_id, rows.reaches};
      if (rows_->loses_answers) {
        rows_->loses_answers = false;
        return store::store_error{trouble::unavailable, "the answer was lost"};
      }
      return {};
    });
  }
  store_result<void> rehearse(const store::batch& rows) override {
    return locked([&]() -> store_result<void> {
      if (rows_->refuses) {
        if (const auto why = rows_->refuses(rows)) return *why;
      }
      return {};
    });
  }
  store_result<void> make_durable() override {
    return locked([&]() -> store_result<void> {
      ++rows_->durable;
      return {};
    });
  }
  store_result<bool> upkeep(const store::retention&, utc_time) override {
    return locked([&]() -> store_result<bool> {
      rows_->kept_up.insert(rows_->batches.size());
      return false;
    });
  }
  void interrupt() noexcept override {}

 private:
  template <class Work>
  auto locked(Work work) -> decltype(work()) {
    const std::lock_guard lock{rows_->mutex};
    if (rows_->down) {
      if (const auto why = rows_->down()) return *why;
    }
    return work();
  }
  std::shared_ptr<kept_rows> rows_;
};

}  // namespace haulcast::consumers::story
