// What a segment is on the disk: a header, then groups, each a header and its records; and what is known of it in memory.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/base/file.hpp"
#include "haulcast/journal/segment_log.hpp"

namespace haulcast::journal {

inline constexpr std::uint32_t format_version = 1;
inline constexpr std::array<char, 8> segment_magic{'h', 'a', 'u', 'l', 'c', 'a', 's', 't'};
inline constexpr std::uint32_t group_magic = 0x31474A48;  // "HJG1"

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

/// XXH3 of one behind the other.
std::uint64_t checksum(std::string_view head, std::string_view payload = {});

std::filesystem::path segment_path(const std::filesystem::path& directory, offset_t first);

struct segment_log::segment {
  static constexpr std::uint64_t index_every_bytes = 256ULL << 10;
  struct mark {
    offset_t first;
    std::uint64_t position;
  };

  std::filesystem::path path;
  offset_t first = 0;
  std::shared_ptr<const file> handle;          // of the newest segment; others are opened to be read: there may be thousands
  std::uint64_t end = sizeof(segment_header);  // behind the last group; moves only in the newest segment
  std::vector<mark> index;                     // a group about each index_every_bytes
  std::uint64_t room_end = 0;                  // up to here the file holds groups, then zeros; 0: no zeros were written
  bool indexed = false;                        // the index covers the segment up to `end`
  mark read_on{};                              // behind the group that was read last: who reads on need not search
  utc_time written_at;

  /// The group before or at the one that holds `offset`, as far as is known without looking.
  mark nearest(offset_t offset) const;
  /// Groups are noted in their order, now and then; what is known already changes nothing.
  void note(offset_t group_first, std::uint64_t position);
};

struct found_group {
  group_header header;
  std::string payload;
};

/// The group at that place if all of it is there and whole.
std::optional<found_group> read_group(const file& f, std::uint64_t position);

/// Is there a whole group anywhere in [position, size) that was written when `offset` was already durable? Then what stands at
/// `position` was acknowledged, and is no torn tail. Reads all of it.
bool durable_later(const file& f, std::uint64_t position, std::uint64_t size, offset_t offset);

}  // namespace haulcast::journal
