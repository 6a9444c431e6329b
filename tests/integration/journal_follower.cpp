#include "integration/journal_follower.hpp"

#include <fcntl.h>

#include <charconv>
#include <chrono>
#include <cstring>

#include "haulcast/base/file.hpp"
#include "haulcast/journal/record.hpp"

namespace haulcast::support {

namespace fs = std::filesystem;
using engine::offset_t;

namespace {

constexpr std::size_t complaints_max = 20;
constexpr std::int64_t step_ms = 5000;
constexpr std::uint64_t segment_header_bytes = 64;

// As in the file.
struct group_header {
  std::uint32_t magic;
  std::uint32_t payload_bytes;
  offset_t first;
  std::uint32_t count;
  std::uint32_t reserved;
  offset_t durable;
  std::uint64_t checksum;
};
static_assert(sizeof(group_header) == 40);

/// The number of "TRK-0000042".
std::optional<std::size_t> number_of(std::string_view truck) {
  std::size_t number = 0;
  if (truck.size() != 11 || !truck.starts_with("TRK-")) return std::nullopt;
  const auto [end, error] = std::from_chars(truck.data() + 4, truck.data() + truck.size(), number);
  if (error != std::errc{} || end != truck.data() + truck.size()) return std::nullopt;
  return number;
}

}  // namespace

journal_follower::journal_follower(fs::path data_dir, fs::path links)
    : journal_{std::move(data_dir) / "journal"}, links_{std::move(links)} {
  fs::create_directories(links_);
  thread_ = std::thread{[this] { run(); }};
}

journal_follower::~journal_follower() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

journal_books journal_follower::finish() {
  stopping_ = true;
  thread_.join();
  link_new();
  read_finished(true);
  return std::move(books_);
}

void journal_follower::run() {
  while (!stopping_) {
    link_new();
    read_finished(false);
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
}

void journal_follower::link_new() {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{journal_, error}) {
    if (entry.path().extension() != ".segment") continue;
    const offset_t first = std::stoull(entry.path().stem().string());
    if (first <= linked_up_to_ && linked_up_to_ > 0 && !linked_.contains(first)) continue;  // read, or dropped long ago
    const fs::path link = links_ / entry.path().filename();
    if (!linked_.contains(first)) fs::create_hard_link(entry.path(), link, error);
    if (!error) linked_[first] = link;
  }
  if (!linked_.empty()) linked_up_to_ = linked_.rbegin()->first;
}

// A segment that has a successor is never written to again.
void journal_follower::read_finished(bool all) {
  while (!linked_.empty()) {
    const auto one = linked_.begin();
    const auto successor = std::next(one);
    if (successor == linked_.end() && !all) return;
    const offset_t behind = successor == linked_.end() ? 0 : successor->first;
    if (one->first != next_)
      complain("records " + std::to_string(next_) + " to " + std::to_string(one->first) + " are missing");
    next_ = one->first;
    read_segment(one->second, behind);
    if (behind > 0 && next_ != behind) complain(one->second.filename().string() + " ends too early");
    ++books_.segments;
    fs::remove(one->second);
    linked_.erase(one);
  }
}

void journal_follower::read_segment(const fs::path& path, offset_t behind) {
  const auto opened = file::open(path, O_RDONLY);
  if (!opened) return complain("cannot open " + path.string());
  for (std::uint64_t at = segment_header_bytes;;) {
    const auto head = opened->read_at(at, sizeof(group_header));
    if (!head || head->size() < sizeof(group_header)) return;
    group_header header;
    std::memcpy(&header, head->data(), sizeof header);
    if (behind > 0 && header.first >= behind) return;  // its commit failed, and it was written again elsewhere
    if (header.first != next_) return complain(path.filename().string() + " does not go on at byte " + std::to_string(at));
    auto payload = opened->read_at(at + sizeof header, header.payload_bytes);
    if (!payload || payload->size() < header.payload_bytes) return complain(path.filename().string() + " is cut off");
    at += sizeof header + header.payload_bytes;
    read_group({.first = header.first, .count = header.count, .bytes = std::move(*payload)});
  }
}

void journal_follower::read_group(const journal::group& g) {
  for (journal::record_cursor record{g}; record.valid(); record.next()) {
    read_record(record.offset(), record.bytes());
    ++next_;
  }
  if (next_ != g.first + g.count) complain("a group has fewer records than it says");
  next_ = g.first + g.count;
}

void journal_follower::read_record(offset_t offset, std::string_view bytes) {
  ++books_.records;
  const auto record = journal::view_record(bytes);
  std::vector<engine::event> events;
  if (!record || !journal::read_events(*record, events))
    return complain("record " + std::to_string(offset) + " cannot be read");
  for (std::uint32_t i = 0; i < events.size(); ++i) books_.events.push_back({offset, i});
  if (record->kind != journal::record_kind::batch) return;
  engine::batch input;
  std::vector<engine::judgement> judged;
  if (!journal::read_batch(*record, input, judged)) return complain("batch " + std::to_string(offset) + " cannot be read");
  for (std::size_t i = 0; i < input.positions.size(); ++i) {
    if (judged[i].what == engine::verdict::duplicate) continue;
    const auto& position = input.positions[i];
    const auto& point = position.where.point;
    note(input.trucks[position.truck], {to_epoch_ms(position.where.timestamp), point.latitude, point.longitude});
  }
}

void journal_follower::note(std::string_view truck, held_position position) {
  ++books_.positions;
  const auto number = number_of(truck);
  if (!number) {
    books_.whole[std::string{truck}].push_back(position);
    return;
  }
  if (*number >= books_.tracks.size()) books_.tracks.resize(*number + 1);
  held_track& t = books_.tracks[*number];
  if (t.positions > 0 && position.timestamp_ms != t.newest_ms + step_ms) {
    complain(std::string{truck} + " goes on " + std::to_string(position.timestamp_ms - t.newest_ms) + " ms after its last");
  }
  t.newest_ms = position.timestamp_ms;
  ++t.positions;
}

void journal_follower::complain(std::string sentence) {
  if (books_.complaints.size() < complaints_max) books_.complaints.push_back(std::move(sentence));
}

}  // namespace haulcast::support
