#include "haulcast/journal/segment_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/rand.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "haulcast/base/failpoint.hpp"

namespace haulcast::journal {

namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t format_version = 1;
constexpr std::array<char, 8> segment_magic{'h', 'a', 'u', 'l', 'c', 'a', 's', 't'};
constexpr std::uint32_t group_magic = 0x31474A48;  // "HJG1"
constexpr std::uint64_t index_every_bytes = 256ULL << 10;
constexpr std::size_t room_bytes = 256U << 10;
constexpr std::array<char, room_bytes> zeros{};

struct segment_header {
  std::array<char, 8> magic = segment_magic;
  std::uint32_t version = format_version;
  std::uint32_t reserved = 0;
  std::array<char, 32> journal_id{};
  offset_t first = 0;
  std::uint64_t checksum = 0;  // of what stands before it
};
static_assert(sizeof(segment_header) == 64);

struct group_header {
  std::uint32_t magic = group_magic;
  std::uint32_t payload_bytes = 0;
  offset_t first = 0;
  std::uint32_t count = 0;
  std::uint32_t reserved = 0;
  offset_t durable = 0;        // the newest offset known durable when this was written
  std::uint64_t checksum = 0;  // of what stands before it, then the payload
};
static_assert(sizeof(group_header) == 40);

template <class Header>
std::string_view before_checksum(const Header& header) {
  return {reinterpret_cast<const char*>(&header), sizeof header - sizeof header.checksum};
}

std::uint64_t checksum(std::string_view head, std::string_view payload = {}) {
  return XXH3_64bits_withSeed(payload.data(), payload.size(), XXH3_64bits(head.data(), head.size()));
}

fs::path segment_path(const fs::path& directory, offset_t first) { return directory / fmt::format("{:016}.segment", first); }

std::string random_id() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) throw std::runtime_error{"no randomness to be had"};
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

}  // namespace

struct segment_log::segment {
  struct mark {
    offset_t first;
    std::uint64_t position;
  };

  fs::path path;
  offset_t first = 0;
  std::shared_ptr<const file> handle;          // of the newest segment; others are opened to be read: there may be thousands
  std::uint64_t end = sizeof(segment_header);  // behind the last group; moves only in the newest segment
  std::vector<mark> index;                     // a group about each index_every_bytes
  std::uint64_t room_end = 0;                  // up to here the file holds groups, then zeros; 0: no zeros were written
  bool indexed = false;                        // the index covers the segment up to `end`
  mark read_on{};                              // behind the group that was read last: who reads on need not search
  utc_time written_at;

  void note(offset_t group_first, std::uint64_t position) {
    if (index.empty() || position - index.back().position >= index_every_bytes) index.push_back({group_first, position});
  }
};

namespace {

struct found_group {
  group_header header;
  std::string payload;
};

// The group at that place if all of it is there and whole.
std::optional<found_group> read_group(const file& f, std::uint64_t position) {
  auto head = f.read_at(position, sizeof(group_header));
  if (!head || head->size() < sizeof(group_header)) return std::nullopt;
  found_group found;
  std::memcpy(&found.header, head->data(), sizeof(group_header));
  if (found.header.magic != group_magic || found.header.payload_bytes > group_bytes_max) return std::nullopt;
  auto payload = f.read_at(position + sizeof(group_header), found.header.payload_bytes);
  if (!payload || payload->size() < found.header.payload_bytes) return std::nullopt;
  if (checksum(before_checksum(found.header), *payload) != found.header.checksum) return std::nullopt;
  found.payload = std::move(*payload);
  return found;
}

// Could this be the head of a group that was written when `offset` was already durable? What a sender put into a torn group
// may look like a head, but not like one whose offset is near: a record takes more than a byte.
bool may_be_later(const file& f, std::uint64_t position, std::uint64_t size, offset_t offset) {
  const auto bytes = f.read_at(position, sizeof(group_header));
  group_header header;
  if (!bytes || bytes->size() < sizeof header) return false;
  std::memcpy(&header, bytes->data(), sizeof header);
  return header.durable >= offset && header.first > offset && header.first - offset <= size &&
         header.payload_bytes <= size - position;
}

// Is there a whole group anywhere behind `position` that was written when `offset` was already durable?
bool durable_later(const file& f, std::uint64_t position, std::uint64_t size, offset_t offset) {
  constexpr std::uint64_t step = 1ULL << 20;
  for (std::uint64_t from = position; from < size; from += step) {
    const auto bytes = f.read_at(from, step + sizeof(group_magic) - 1);
    if (!bytes) return true;  // unreadable: nothing is cut off that was not seen
    const std::string_view magic{reinterpret_cast<const char*>(&group_magic), sizeof group_magic};
    for (std::size_t at = bytes->find(magic); at != std::string::npos; at = bytes->find(magic, at + 1)) {
      if (may_be_later(f, from + at, size, offset) && read_group(f, from + at)) return true;
    }
  }
  return false;
}

// A crash while a segment was begun leaves a file without a whole header and with nothing behind it.
bool just_begun(const fs::path& path) {
  const auto bytes = read_file(path, sizeof(segment_header));
  return bytes && (bytes->size() < sizeof(segment_header) || bytes->find_first_not_of('\0') == std::string::npos);
}

}  // namespace

// What was made room of and not used is given back.
segment_log::~segment_log() {
  if (failed_ || segments_.empty() || segments_.back()->room_end <= segments_.back()->end) return;
  static_cast<void>(segments_.back()->handle->truncate(segments_.back()->end));
}

result<std::unique_ptr<segment_log>> segment_log::open(log_options options) {
  std::unique_ptr<segment_log> log{new segment_log{std::move(options)}};
  if (auto loaded = log->load(); !loaded) return std::move(loaded).error();
  return log;
}

result<void> segment_log::load() {
  std::error_code error;
  fs::create_directories(options_.directory, error);
  // Always, here and below: whoever made a name may have died before it was durable.
  if (!error) error = sync_directory(parent_directory(options_.directory));
  if (error) return failure{fmt::format("cannot create {}: {}", options_.directory.string(), error.message())};
  const fs::path identity = options_.directory / "identity";
  if (auto known = read_file(identity, 64)) {
    id_ = *known;
    while (!id_.empty() && id_.back() == '\n') id_.pop_back();
    if (id_.size() != 32)
      return failure{fmt::format("{} is not a journal's identity: restore it from a backup", identity.string())};
  } else if (known.error() != std::errc::no_such_file_or_directory) {
    return failure{fmt::format("cannot read {}: {}", identity.string(), known.error().message())};
  }

  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator{options_.directory, error}) {
    if (entry.path().extension() == ".segment") paths.push_back(entry.path());
  }
  if (error) return failure{fmt::format("cannot list {}: {}", options_.directory.string(), error.message())};
  std::sort(paths.begin(), paths.end());
  if (id_.empty()) {
    if (!paths.empty())
      return failure{fmt::format("{} is missing beside the journal's segments: restore it from a backup", identity.string())};
    id_ = random_id();
    if (const auto failed = replace_file(identity, id_ + "\n")) {
      return failure{fmt::format("cannot write {}: {}", identity.string(), failed.message())};
    }
  }

  for (std::size_t i = 0; i < paths.size(); ++i) {
    auto opened = open_segment(paths[i]);
    if (opened) {
      segments_.push_back(std::move(*opened));
      continue;
    }
    // The journal goes on behind the segment before it or, if there never was one, at the first record.
    const bool newest = i + 1 == paths.size();
    const bool follows = !segments_.empty() || paths[i] == segment_path(options_.directory, 1);
    if (!newest || !follows || !just_begun(paths[i])) return std::move(opened).error();
    fs::remove(paths[i], error);
    if (error) return failure{fmt::format("cannot remove {}: {}", paths[i].string(), error.message())};
    HAULCAST_FAILPOINT(recovery_discarded);
  }
  if (segments_.empty()) {
    if (const auto failed = start_segment(1)) {
      return failure{fmt::format("cannot begin a journal in {}: {}", options_.directory.string(), failed.message())};
    }
    return {};
  }
  segment& newest = *segments_.back();
  auto handle = file::open(newest.path, O_RDWR);
  if (!handle) return failure{fmt::format("cannot open {}: {}", newest.path.string(), handle.error().message())};
  newest.handle = std::make_shared<const file>(std::move(*handle));
  if (const auto failed = sync_directory(options_.directory)) {
    return failure{fmt::format("cannot sync {}: {}", options_.directory.string(), failed.message())};
  }
  return check_newest(newest);
}

result<std::shared_ptr<segment_log::segment>> segment_log::open_segment(const fs::path& path) const {
  const auto handle = file::open(path, O_RDONLY);
  if (!handle) return failure{fmt::format("cannot open {}: {}", path.string(), handle.error().message())};
  const auto bytes = handle->read_at(0, sizeof(segment_header));
  if (!bytes) return failure{fmt::format("cannot read {}: {}", path.string(), bytes.error().message())};
  segment_header header;
  const bool whole = bytes->size() == sizeof header;
  if (whole) std::memcpy(&header, bytes->data(), sizeof header);
  if (!whole || header.magic != segment_magic || header.checksum != checksum(before_checksum(header))) {
    return failure{fmt::format("{} is damaged: its header is not what was written; restore it from a backup", path.string())};
  }
  if (header.version > format_version) {
    return failure{fmt::format("{} was written by a newer version (format {}, this one reads up to {})", path.string(),
                               header.version, format_version)};
  }
  if (std::string_view{header.journal_id.data(), header.journal_id.size()} != id_) {
    return failure{fmt::format("{} belongs to another journal", path.string())};
  }
  if (path != segment_path(options_.directory, header.first)) {
    return failure{fmt::format("{} begins with record {}, which its name does not say: give it back its name", path.string(),
                               header.first)};
  }
  auto s = std::make_shared<segment>();
  s->path = path;
  s->first = header.first;
  const auto size = handle->size();
  if (!size) return failure{fmt::format("cannot read {}: {}", path.string(), size.error().message())};
  s->end = std::max<std::uint64_t>(*size, sizeof header);
  std::error_code error;
  const auto age = fs::file_time_type::clock::now() - fs::last_write_time(path, error);
  s->written_at = system_now() - std::chrono::duration_cast<milliseconds>(error ? fs::file_time_type::duration{} : age);
  return s;
}

// After a sync that failed, the kernel takes pages for clean that it never wrote: no later sync writes them.
std::error_code segment_log::write_again(const segment& s, offset_t from, offset_t end) {
  const auto header = s.handle->read_at(0, sizeof(segment_header));
  if (!header) return header.error();
  if (const auto error = s.handle->write_at(0, *header)) return error;
  std::uint64_t position = sizeof(segment_header);
  const auto after =
      std::upper_bound(s.index.begin(), s.index.end(), from, [](offset_t o, const segment::mark& m) { return o < m.first; });
  if (after != s.index.begin()) position = (after - 1)->position;
  for (offset_t next = from; next < end;) {
    const auto group = read_group(*s.handle, position);
    if (!group) return std::make_error_code(std::errc::io_error);
    const std::string_view head{reinterpret_cast<const char*>(&group->header), sizeof(group_header)};
    next = group->header.first + group->header.count;
    if (next > from) {
      if (const auto error = s.handle->write_at(position, head, group->payload)) return error;
    }
    position += sizeof(group_header) + group->payload.size();
  }
  return {};
}

// Walks the newest segment group by group and cuts off what a crash left half-written.
result<void> segment_log::check_newest(segment& s) {
  const std::uint64_t size = s.end;
  std::uint64_t position = sizeof(segment_header);
  offset_t next = s.first;
  offset_t durable = 0;
  while (position < size) {
    const auto group = read_group(*s.handle, position);
    if (!group || group->header.first != next || group->header.count == 0) break;
    s.note(next, position);
    durable = group->header.durable;
    next += group->header.count;
    position += sizeof(group_header) + group->header.payload_bytes;
  }
  if (position < size) {
    if (durable_later(*s.handle, position, size, next)) {
      return failure{fmt::format(
          "{} is damaged at byte {}: record {} was acknowledged and is not what was written; restore the file from a backup",
          s.path.string(), position, next)};
    }
    if (const auto error = s.handle->truncate(position)) {
      return failure{fmt::format("cannot cut the torn end off {}: {}", s.path.string(), error.message())};
    }
    HAULCAST_FAILPOINT(recovery_cut);
  }
  // What was found may so far be only in the kernel's cache; from here on it is told.
  if (const auto error = write_again(s, std::max(durable + 1, s.first), next)) {
    return failure{fmt::format("cannot write to {}: {}", s.path.string(), error.message())};
  }
  HAULCAST_FAILPOINT(recovery_rewritten);
  if (const auto error = s.handle->sync()) return failure{fmt::format("cannot sync {}: {}", s.path.string(), error.message())};
  HAULCAST_FAILPOINT(recovery_synced);
  s.end = position;
  s.indexed = true;
  last_ = next - 1;
  return {};
}

std::error_code segment_log::start_segment(offset_t first) {
  HAULCAST_FAILPOINT(rotate_begun);
  // A segment is durable before the next one is there, in `normal` mode too: a power cut takes records from the end only.
  if (const auto before = newest()) {
    if (before->room_end > before->end) {
      if (const auto error = before->handle->truncate(before->end)) return error;
    }
    if (const auto error = before->handle->sync()) return error;
  }
  HAULCAST_FAILPOINT(rotate_synced);
  auto s = std::make_shared<segment>();
  s->path = segment_path(options_.directory, first);
  s->first = first;
  s->indexed = true;
  s->written_at = system_now();
  auto handle = file::open(s->path, O_RDWR | O_CREAT | O_TRUNC);
  if (!handle) return handle.error();
  HAULCAST_FAILPOINT(rotate_created);
  s->handle = std::make_shared<const file>(std::move(*handle));
  segment_header header;
  header.first = first;
  std::copy(id_.begin(), id_.end(), header.journal_id.begin());
  header.checksum = checksum(before_checksum(header));
  if (const auto error = s->handle->write_at(0, {reinterpret_cast<const char*>(&header), sizeof header})) return error;
  HAULCAST_FAILPOINT(rotate_written);
  if (const auto error = s->handle->sync()) return error;
  HAULCAST_FAILPOINT(rotate_durable);
  if (const auto error = sync_directory(options_.directory)) return error;
  HAULCAST_FAILPOINT(rotate_named);
  const std::lock_guard lock{mutex_};
  // A segment of the same first offset that holds nothing durable is replaced (its file was just emptied).
  if (!segments_.empty() && segments_.back()->first == first) segments_.pop_back();
  if (!segments_.empty()) segments_.back()->handle = nullptr;
  segments_.push_back(std::move(s));
  return {};
}

// Zeros behind a group, in the group's own sync. The groups to come then change neither the size nor the blocks of the file,
// and their syncs need not wait for the file system's journal: measured on ext4 they take 30 to 50 % less time and CPU. To
// whoever looks for groups the zeros are a torn tail with nothing in it.
std::error_code segment_log::make_room(segment& s, std::uint64_t end) const {
  if (options_.sync != sync_mode::full || end <= s.room_end) return {};
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(room_bytes, options_.segment_bytes));
  if (const auto error = s.handle->write_at(end, {zeros.data(), size})) return error;
  s.room_end = end + size;
  return {};
}

std::error_code segment_log::append(const group& g) {
  assert(g.first == last_offset() + 1 && g.count > 0);
  if (failed_) return std::make_error_code(std::errc::io_error);
  failed_ = true;  // until all of it went well
  if (g.bytes.size() > group_bytes_max) return std::make_error_code(std::errc::message_size);
  if (newest()->end > options_.segment_bytes) {
    if (const auto error = start_segment(g.first)) return error;
  }
  const auto held = newest();
  segment& s = *held;
  group_header header;
  header.payload_bytes = static_cast<std::uint32_t>(g.bytes.size());
  header.first = g.first;
  header.count = g.count;
  header.durable = options_.sync == sync_mode::full ? last_offset() : 0;
  header.checksum = checksum(before_checksum(header), g.bytes);
  if (const auto error = s.handle->write_at(s.end, {reinterpret_cast<const char*>(&header), sizeof header}, g.bytes)) {
    return error;
  }
  if (const auto error = make_room(s, s.end + sizeof header + g.bytes.size())) return error;
  HAULCAST_FAILPOINT(commit_written);
  if (options_.sync == sync_mode::full) {
    if (const auto error = s.handle->sync_data()) return error;
  }
  HAULCAST_FAILPOINT(commit_synced);
  {
    const std::lock_guard lock{mutex_};
    s.note(g.first, s.end);
    s.end += sizeof header + g.bytes.size();
    s.written_at = system_now();
  }
  last_.store(g.last(), std::memory_order_release);
  HAULCAST_FAILPOINT(commit_noted);
  failed_ = false;
  return {};
}

std::error_code segment_log::restart() {
  // The doubtful bytes stay behind the old segment's end; they are not read, for the next segment begins where they do.
  const auto s = newest();
  if (const auto error = s->handle->truncate(s->end)) return error;
  HAULCAST_FAILPOINT(rebuild_truncated);
  if (const auto error = start_segment(last_offset() + 1)) return error;
  failed_ = false;
  return {};
}

std::error_code segment_log::sync() const {
  if (options_.sync == sync_mode::full) return {};
  std::shared_ptr<const file> handle;  // of the newest segment: those before it were synced when it was begun
  {
    const std::lock_guard lock{mutex_};
    handle = segments_.back()->handle;
  }
  return handle->sync_data();
}

std::size_t segment_log::drop(offset_t keep_from, utc_time older_than, std::uint64_t bytes_max) {
  std::uint64_t held = bytes();
  std::size_t gone = 0;
  for (;; ++gone) {
    std::shared_ptr<segment> oldest;
    {
      const std::lock_guard lock{mutex_};
      if (segments_.size() < 2 || segments_[1]->first > keep_from) return gone;
      oldest = segments_[0];
      if (oldest->written_at >= older_than && held <= bytes_max) return gone;
    }
    HAULCAST_FAILPOINT(retention_chosen);
    std::error_code error;
    fs::remove(oldest->path, error);
    if (error) return gone;  // the next one must not go before it: that would leave a gap
    HAULCAST_FAILPOINT(retention_removed);
    held -= oldest->end;
    {
      const std::lock_guard lock{mutex_};
      segments_.erase(segments_.begin());
    }
    // Neither may a power cut bring it back without the next one.
    if (sync_directory(options_.directory)) return gone + 1;
    HAULCAST_FAILPOINT(retention_durable);
  }
}

std::shared_ptr<segment_log::segment> segment_log::newest() const {
  const std::lock_guard lock{mutex_};
  return segments_.empty() ? nullptr : segments_.back();
}

offset_t segment_log::first_offset() const {
  const std::lock_guard lock{mutex_};
  return segments_.front()->first;
}

std::uint64_t segment_log::bytes() const {
  const std::lock_guard lock{mutex_};
  std::uint64_t sum = 0;
  for (const auto& s : segments_) sum += s->end;
  return sum;
}

std::shared_ptr<segment_log::segment> segment_log::segment_of(offset_t offset) const {
  const std::lock_guard lock{mutex_};
  const auto after = std::upper_bound(segments_.begin(), segments_.end(), offset,
                                      [](offset_t o, const std::shared_ptr<segment>& s) { return o < s->first; });
  return after == segments_.begin() ? nullptr : *(after - 1);
}

fs::path segment_log::file_of(offset_t offset) const {
  const auto s = segment_of(offset);
  return s ? s->path : fs::path{};
}

result<shared_group, read_error> segment_log::read(offset_t offset) const {
  if (offset > last_offset()) return shared_group{};
  const auto s = segment_of(offset);
  if (!s) return read_error::expired;
  std::uint64_t position = sizeof(segment_header);
  std::uint64_t end = 0;
  offset_t expected = s->first;
  std::shared_ptr<const file> handle;
  {
    const std::lock_guard lock{mutex_};
    handle = s->handle;
    end = s->end;
    const auto after = std::upper_bound(s->index.begin(), s->index.end(), offset,
                                        [](offset_t o, const segment::mark& m) { return o < m.first; });
    if (after != s->index.begin()) {
      position = (after - 1)->position;
      expected = (after - 1)->first;
    }
    if (s->read_on.first > expected && s->read_on.first <= offset) {
      position = s->read_on.position;
      expected = s->read_on.first;
    }
  }
  if (!handle) {
    auto opened = file::open(s->path, O_RDONLY);
    if (!opened) {
      const bool dropped = opened.error() == std::errc::no_such_file_or_directory && s->first <= first_offset();
      return dropped ? read_error::expired : read_error::failed;
    }
    handle = std::make_shared<const file>(std::move(*opened));
  }
  // Headers first: a group is read whole only when it is the one.
  while (position < end) {
    const auto bytes = handle->read_at(position, sizeof(group_header));
    if (!bytes) return read_error::failed;
    group_header header;
    if (bytes->size() < sizeof header) return read_error::corrupt;
    std::memcpy(&header, bytes->data(), sizeof header);
    if (header.magic != group_magic || header.first != expected || header.count == 0) return read_error::corrupt;
    if (offset < header.first + header.count) {
      auto whole = read_group(*handle, position);
      if (!whole) return read_error::corrupt;
      auto g = std::make_shared<group>();
      g->first = whole->header.first;
      g->count = whole->header.count;
      g->bytes = std::move(whole->payload);
      const std::lock_guard lock{mutex_};
      if (!s->indexed && (s->index.empty() || s->index.back().position < position)) s->note(g->first, position);
      s->read_on = {g->last() + 1, position + sizeof header + g->bytes.size()};
      return shared_group{std::move(g)};
    }
    if (!s->indexed) {
      const std::lock_guard lock{mutex_};
      if (s->index.empty() || s->index.back().position < position) s->note(expected, position);
    }
    expected += header.count;
    position += sizeof header + header.payload_bytes;
  }
  return read_error::corrupt;
}

}  // namespace haulcast::journal
