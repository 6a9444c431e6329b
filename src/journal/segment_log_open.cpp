// What a start finds, and what it makes of it.
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "haulcast/base/failpoint.hpp"
#include "segment.hpp"

namespace haulcast::journal {

namespace fs = std::filesystem;

namespace {

std::string random_id() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) throw std::runtime_error{"no randomness to be had"};
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

// A crash while a segment was begun leaves a file without a whole header and with nothing behind it.
bool just_begun(const fs::path& path) {
  const auto bytes = read_file(path, sizeof(segment_header));
  return bytes && (bytes->size() < sizeof(segment_header) || bytes->find_first_not_of('\0') == std::string::npos);
}

}  // namespace

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
  std::uint64_t position = s.nearest(from).position;
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

}  // namespace haulcast::journal
