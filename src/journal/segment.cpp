#include "segment.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace haulcast::journal {

std::uint64_t checksum(std::string_view head, std::string_view payload) {
  return XXH3_64bits_withSeed(payload.data(), payload.size(), XXH3_64bits(head.data(), head.size()));
}

std::filesystem::path segment_path(const std::filesystem::path& directory, offset_t first) {
  return directory / fmt::format("{:016}.segment", first);
}

segment_log::segment::mark segment_log::segment::nearest(offset_t offset) const {
  mark best{first, sizeof(segment_header)};
  const auto after =
      std::upper_bound(index.begin(), index.end(), offset, [](offset_t o, const mark& m) { return o < m.first; });
  if (after != index.begin()) best = *(after - 1);
  return read_on.first > best.first && read_on.first <= offset ? read_on : best;
}

void segment_log::segment::note(offset_t group_first, std::uint64_t position) {
  if (index.empty() || position >= index.back().position + index_every_bytes) index.push_back({group_first, position});
}

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

namespace {

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

}  // namespace

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

}  // namespace haulcast::journal
