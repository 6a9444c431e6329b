// Directories that go away, groups of small records, and days written to a journal.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/random_day.hpp"
#include "haulcast/journal/record.hpp"
#include "haulcast/journal/segment_log.hpp"

namespace haulcast::journal::scratch {

namespace fs = std::filesystem;

class directory {
 public:
  directory() {
    auto name = (fs::temp_directory_path() / "haulcast-journal-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"no scratch directory"};
    path_ = name;
  }
  directory(const directory&) = delete;
  ~directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }
  fs::path operator/(std::string_view name) const { return path_ / name; }

 private:
  fs::path path_;
};

inline std::string content(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}
inline void write(const fs::path& path, std::string_view bytes) {
  std::ofstream{path, std::ios::binary | std::ios::trunc}.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}
inline void flip(const fs::path& path, std::size_t at) {
  std::string bytes = content(path);
  bytes.at(at) = static_cast<char>(bytes.at(at) ^ 0x10);
  write(path, bytes);
}

inline void add(group& g, std::string_view record) {
  const auto size = static_cast<std::uint32_t>(record.size());
  g.bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
  g.bytes.append(record);
  ++g.count;
}
inline group group_of(offset_t first, const std::vector<std::string>& records) {
  group g;
  g.first = first;
  for (const auto& r : records) add(g, r);
  return g;
}

/// What a record says in these tests: its own offset, and enough words to fill a segment.
inline std::string says(offset_t offset, std::size_t size = 20) {
  std::string text = "record " + std::to_string(offset) + " ";
  while (text.size() < size) text += static_cast<char>('a' + offset % 26);
  return text;
}
inline group saying(offset_t first, std::uint32_t count = 1, std::size_t size = 20) {
  group g;
  g.first = first;
  for (offset_t o = first; o < first + count; ++o) add(g, says(o, size));
  return g;
}

inline std::vector<std::string> records_of(const group& g) {
  std::vector<std::string> all;
  for (record_cursor c{g}; c.valid(); c.next()) all.emplace_back(c.bytes());
  return all;
}

/// The record at that place, or why not.
inline std::string record_at(const segment_log& log, offset_t offset) {
  const auto g = log.read(offset);
  if (!g) return g.error() == read_error::expired ? "expired" : g.error() == read_error::corrupt ? "corrupt" : "failed";
  if (!*g) return "not written yet";
  for (record_cursor c{**g}; c.valid(); c.next()) {
    if (c.offset() == offset) return std::string{c.bytes()};
  }
  return "not in its group";
}

inline std::unique_ptr<segment_log> open(const fs::path& path, sync_mode sync = sync_mode::full,
                                         std::uint64_t segment_bytes = 64ULL << 20) {
  return std::move(segment_log::open({path, sync, segment_bytes})).value();
}
inline std::string why_not_open(const fs::path& path) {
  const auto log = segment_log::open({path});
  return log ? "it opened" : log.error().what;
}
inline std::vector<fs::path> segments(const fs::path& path) {
  std::vector<fs::path> all;
  for (const auto& entry : fs::directory_iterator{path}) {
    if (entry.path().extension() == ".segment") all.push_back(entry.path());
  }
  std::sort(all.begin(), all.end());
  return all;
}

/// While it lives, no file of this process grows beyond so many bytes: writes fail half-way, as on a full disk.
class full_disk {
 public:
  explicit full_disk(std::uint64_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit now = before_;
    now.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  full_disk(const full_disk&) = delete;
  ~full_disk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

inline std::string encoded(const engine::story::input& i) {
  std::string bytes;
  if (i.sent) {
    encode_record(bytes, *i.sent, i.first);
  } else if (i.asked) {
    encode_record(bytes, *i.asked, i.first);
  } else if (i.begun) {
    encode_record(bytes, *i.begun, i.first);
  } else if (i.trimmed_to) {
    encode_record(bytes, i.as_trim(), i.first);
  } else {
    encode_record(bytes, i.as_tick(), i.first);
  }
  return bytes;
}

/// Appends the inputs that the journal does not have yet, some to a group.
inline void append(segment_log& log, const engine::story::random_day& day, std::size_t group_records = 7) {
  group g;
  for (std::size_t at = log.last_offset(); at < day.inputs.size(); ++at) {
    if (g.count == 0) g.first = at + 1;
    add(g, encoded(day.inputs[at]));
    if (g.count < group_records && at + 1 < day.inputs.size()) continue;
    ASSERT_FALSE(log.append(g));
    g = {};
  }
}

}  // namespace haulcast::journal::scratch
