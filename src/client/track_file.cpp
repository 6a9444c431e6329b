#include "haulcast/client/track_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iostream>
#include <iterator>
#include <numeric>
#include <optional>

#include "haulcast/client/gz_file.hpp"
#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/time.hpp"
#include "track_readers.hpp"

namespace haulcast::client {
namespace {

constexpr std::size_t unpacked_max = std::size_t{4} << 30;

std::string lower_case(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::optional<track_format> format_of(std::string_view name) {
  std::string lower = lower_case(name);
  if (lower.ends_with(".gz")) lower.resize(lower.size() - 3);
  if (lower.ends_with(".csv")) return track_format::csv;
  if (lower.ends_with(".ndjson") || lower.ends_with(".jsonl")) return track_format::ndjson;
  if (lower.ends_with(".gpx")) return track_format::gpx;
  return std::nullopt;
}

}  // namespace

void track_builder::add(std::string_view truck_id, std::int64_t at_ms, std::string members) {
  auto it = numbers_.find(truck_id);
  if (it == numbers_.end()) {
    it = numbers_.emplace(truck_id, static_cast<std::uint32_t>(track_.trucks.size())).first;
    track_.trucks.emplace_back(truck_id);
  }
  track_.rows.push_back({it->second, at_ms, std::move(members)});
}

// Not std::stable_sort: libstdc++ 12 builds it on what C++17 deprecated, and clang says so.
track track_builder::finish() {
  std::vector<std::size_t> order(track_.rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
    return std::pair{track_.rows[a].at_ms, a} < std::pair{track_.rows[b].at_ms, b};
  });
  std::vector<track_row> rows;
  rows.reserve(order.size());
  for (const std::size_t i : order) rows.push_back(std::move(track_.rows[i]));
  track_.rows = std::move(rows);
  numbers_.clear();
  return std::exchange(track_, {});
}

void append_text_member(std::string& members, std::string_view name, std::string_view text) {
  if (!members.empty()) members += ',';
  members += '"';
  members += name;
  members += "\":";
  wire::append_string(members, text);
}

void append_member(std::string& members, std::string_view name, std::string_view number_text) {
  if (number_text.empty()) return;
  double value = 0;
  const auto [end, error] = std::from_chars(number_text.data(), number_text.data() + number_text.size(), value);
  if (error != std::errc{} || end != number_text.data() + number_text.size() || !std::isfinite(value))
    return append_text_member(members, name, number_text);
  if (!members.empty()) members += ',';
  members += '"';
  members += name;
  members += "\":";
  wire::append_number(members, value);
}

std::optional<std::int64_t> read_moment(std::string_view text) {
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error == std::errc{} && end == text.data() + text.size()) return ms;
  if (const auto t = wire::parse_time(text)) return to_epoch_ms(*t);
  return std::nullopt;
}

failure at_line(std::string_view name, std::size_t line, std::string_view what) {
  return {std::string{name} + ':' + std::to_string(line) + ": " + std::string{what}};
}

result<track> parse_track(std::string text, std::string_view name, const track_options& options) {
  auto format = options.format;
  if (format == track_format::by_name) {
    const auto told = format_of(name);
    if (!told) return failure{std::string{name} + ": give the format: the name ends in none of .csv, .ndjson, .jsonl, .gpx"};
    format = *told;
  }
  if (looks_gzipped(text)) {
    auto plain = gunzip_file(text, unpacked_max);
    if (!plain) return failure{std::string{name} + ": " + plain.error().what};
    text = std::move(*plain);
  }
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  switch (format) {
    case track_format::ndjson: return read_ndjson(text, name, options);
    case track_format::gpx: return read_gpx(text, name, options);
    default: return read_csv(text, name, options);
  }
}

result<track> read_track(const std::string& path, const track_options& options) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return failure{path + ": cannot be opened"};
  }
  std::istream& in = path == "-" ? std::cin : file;
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (in.bad()) return failure{path + ": cannot be read"};
  return parse_track(std::move(text), path == "-" ? "standard input" : path, options);
}

void end_track_at(track& t, utc_time end) {
  t.relative = false;
  if (t.rows.empty()) return;
  const std::int64_t by = to_epoch_ms(end) - t.rows.back().at_ms;
  for (track_row& row : t.rows) row.at_ms += by;
}

}  // namespace haulcast::client
