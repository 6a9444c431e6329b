#include "geofence_rows.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>

namespace haulcast::journal {

namespace {

constexpr unsigned threads_max = 16;
constexpr std::size_t rows_at_once = 16;  // fewer are not worth another thread, nor asking for more work

unsigned threads_for(std::size_t rows) {
  const auto useful = static_cast<unsigned>((rows + rows_at_once - 1) / rows_at_once);
  return std::clamp(std::min(std::thread::hardware_concurrency(), useful), 1U, threads_max);
}

std::vector<std::shared_ptr<const engine::geofence>> read_all(const std::vector<entity>& rows) {
  std::vector<std::shared_ptr<const engine::geofence>> made(rows.size());
  std::atomic<std::size_t> next = 0;
  const auto read_some = [&] {
    for (;;) {
      const std::size_t begin = next.fetch_add(rows_at_once);
      if (begin >= rows.size()) return;
      const std::size_t end = std::min(begin + rows_at_once, rows.size());
      for (std::size_t i = begin; i < end; ++i) made[i] = engine::read_geofence(rows[i].bytes);
    }
  };
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < threads_for(rows.size()); ++i) others.emplace_back(read_some);
  read_some();
  others.clear();  // waits for them
  return made;
}

}  // namespace

void geofence_rows::take(entity row) {
  bytes_ += row.bytes.size();
  rows_.push_back(std::move(row));
  if (rows_.size() == rows_max || bytes_ >= bytes_max) flush();
}

std::optional<std::string> geofence_rows::finish() {
  flush();
  return bad_;
}

void geofence_rows::flush() {
  auto made = read_all(rows_);
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (!world_.restore_geofence(std::move(made[i])) && !bad_) bad_ = std::move(rows_[i].key);
  }
  rows_.clear();
  bytes_ = 0;
}

}  // namespace haulcast::journal
