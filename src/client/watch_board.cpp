#include "haulcast/client/watch_board.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace haulcast::client {
namespace {

std::string age_text(milliseconds age) {
  const auto s = age.count() / 1000;
  if (s < 0) return "ahead of this clock";
  if (s < 120) return fmt::format("{} s ago", s);
  if (s < 7200) return fmt::format("{} min ago", s / 60);
  return fmt::format("{} h ago", s / 3600);
}

constexpr auto stale_after = std::chrono::minutes{1};

}  // namespace

std::string position_line(const live_position& p, utc_time now) {
  const std::string speed = p.speed_kmh < 0 ? "-" : fmt::format("{:.1f}", p.speed_kmh);
  return fmt::format("{:<16} {:>6} km/h  {:>10.5f}, {:>10.5f}  {}", p.truck_id, speed, p.point.latitude, p.point.longitude,
                     age_text(now - p.timestamp));
}

std::string event_line(const live_event& e) { return fmt::format("{:<24} {:<24} {}", e.type, e.subject, e.time); }

bool watch_board::update(const live_position& p) {
  entry& known = newest_[p.truck_id];
  if (known.turn > 0 && p.timestamp <= known.position.timestamp) return false;
  known = {p, ++turn_};
  return true;
}

void watch_board::add(const live_event& e) {
  events_.push_back(e);
  if (events_.size() > events_kept) events_.pop_front();
}

std::string watch_board::draw(utc_time now, std::size_t rows, std::size_t columns, bool colour) const {
  const std::size_t taken = 1 + (events_.empty() ? 0 : events_.size() + 1);
  const std::size_t fit = std::min(newest_.size(), rows > taken ? rows - taken : std::size_t{1});
  std::vector<const entry*> shown;
  for (const auto& [id, e] : newest_) shown.push_back(&e);
  const auto end = shown.begin() + static_cast<std::ptrdiff_t>(fit);
  std::partial_sort(shown.begin(), end, shown.end(), [](const entry* a, const entry* b) { return a->turn > b->turn; });
  std::sort(shown.begin(), end, [](const entry* a, const entry* b) { return a->position.truck_id < b->position.truck_id; });

  std::string text = fmt::format("{} trucks", newest_.size()).substr(0, columns) + '\n';
  for (auto it = shown.begin(); it != end; ++it) {
    const live_position& p = (*it)->position;
    const bool grey = colour && now - p.timestamp > stale_after;
    text += (grey ? "\x1b[2m" : "") + position_line(p, now).substr(0, columns) + (grey ? "\x1b[0m\n" : "\n");
  }
  if (!events_.empty()) text += '\n';
  for (const live_event& e : events_) text += event_line(e).substr(0, columns) + '\n';
  return text;
}

}  // namespace haulcast::client
