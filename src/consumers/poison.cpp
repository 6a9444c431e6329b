#include "haulcast/consumers/poison.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "haulcast/wire/geofence.hpp"
#include "haulcast/wire/json_out.hpp"

namespace haulcast::consumers {

namespace {

using store::batch;
using store::dead_letter;

constexpr std::size_t letter_bytes_max = 4'096;

// Any store takes it: valid UTF-8 without NUL, not too long.
std::string readable(std::string_view text) {
  std::string made;
  for (const char c : text.substr(0, letter_bytes_max)) {
    if (c != '\0') made += c;
  }
  if (text.size() > letter_bytes_max) {  // do not end within a character
    while (!made.empty() && (made.back() & 0xC0) == 0x80) made.pop_back();
    if (!made.empty() && (made.back() & 0x80) != 0) made.pop_back();
  }
  return made;
}

template <class Row>
std::size_t take_some(const std::vector<Row>& from, std::size_t most, std::vector<Row>& to) {
  const std::size_t count = std::min(most, from.size());
  to.assign(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
  return most - count;
}

// The first rows of a batch, kind by kind. Its sources stay with the whole.
batch beginning_of(const batch& whole, std::size_t rows) {
  batch made;
  made.begins = whole.begins;
  made.reaches = whole.reaches;
  made.trucks = whole.trucks;
  rows = take_some(whole.positions, rows, made.positions);
  rows = take_some(whole.events, rows, made.events);
  rows = take_some(whole.quarantine, rows, made.quarantine);
  rows = take_some(whole.registry, rows, made.registry);
  take_some(whole.geofences, rows, made.geofences);
  return made;
}

template <class Row, class Letter>
bool bury(std::vector<Row>& rows, std::size_t& at, batch& of, Letter letter) {
  if (at >= rows.size()) {
    at -= rows.size();
    return false;
  }
  of.dead.push_back(letter(rows[at]));
  rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(at));
  return true;
}

void bury_row(batch& of, std::size_t at, const std::string& why) {
  const auto letter = [&](dead_letter::kind what, store::place where, std::string_view about, std::string_view text) {
    return dead_letter{.at = where,
                       .what = what,
                       .when = of.heard,
                       .truck_id = std::string{about},
                       .reason = readable(why),
                       .text = readable(text)};
  };
  using enum dead_letter::kind;
  std::string text;
  if (bury(of.positions, at, of, [&](const store::position_row& row) {
        wire::append_position(text, of.trucks[row.truck], row.what);
        return letter(position, row.at, of.trucks[row.truck], text);
      }))
    return;
  if (bury(of.events, at, of,
           [&](const store::event_row& row) { return letter(event, {row.id.offset, row.id.index}, row.truck_id, row.text); }))
    return;
  if (bury(of.quarantine, at, of,
           [&](const store::quarantine_row& row) { return letter(quarantine, row.at, row.truck_id, row.raw); }))
    return;
  if (bury(of.registry, at, of, [&](const store::truck_row& row) { return letter(truck, {row.offset, 0}, row.truck_id, {}); }))
    return;
  bury(of.geofences, at, of, [&](const store::geofence_row& row) {
    if (row.now) wire::append_geofence(text, *row.now);
    return letter(geofence, {row.offset, 0}, row.geofence_id, text);
  });
}

}  // namespace

store::store_result<std::size_t> take_out_poison(store::writer& to, store::batch& rows) {
  std::size_t taken = 0;
  std::size_t good = 0;  // so many of the first rows can be written
  const auto left = [&] { return rows.rows() - rows.dead.size(); };
  if (const auto nothing = to.rehearse(beginning_of(rows, 0)); !nothing) return nothing.error();
  for (;; ++taken) {
    std::string why;
    std::size_t bad = left() + 1;  // so many of them cannot
    const auto try_so_many = [&](std::size_t count) -> store::store_result<void> {
      const auto tried = to.rehearse(beginning_of(rows, count));
      if (tried) {
        good = count;
        return {};
      }
      if (tried.error().what != store::trouble::poison) return tried.error();
      bad = count;
      why = tried.error().why;
      return {};
    };
    if (auto tried = try_so_many(left()); !tried) return tried.error();
    if (good == left()) break;
    while (bad - good > 1) {
      if (auto tried = try_so_many(good + (bad - good) / 2); !tried) return tried.error();
    }
    bury_row(rows, bad - 1, why);
  }
  return taken;
}

}  // namespace haulcast::consumers
