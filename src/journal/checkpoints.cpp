#include "haulcast/journal/checkpoints.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "haulcast/base/failpoint.hpp"
#include "haulcast/base/file.hpp"
#include "haulcast/base/id.hpp"

namespace haulcast::journal {

namespace fs = std::filesystem;

namespace {

// Behind every name, so that `.` and `..` are names like any other and none meets a temporary file.
constexpr std::string_view extension = ".checkpoint";
constexpr std::size_t file_bytes_max = 256;

std::string to_text(const checkpoint& c) { return fmt::format("journal {}\noffset {}\n", c.journal_id, c.offset); }

std::optional<std::string_view> take_line(std::string_view& text, std::string_view label) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(label)) return std::nullopt;
  const std::string_view value = text.substr(label.size(), end - label.size());
  text.remove_prefix(end + 1);
  return value;
}

std::optional<checkpoint> parse(std::string_view text) {
  const auto id = take_line(text, "journal ");
  if (!id || id->empty()) return std::nullopt;
  const auto number = take_line(text, "offset ");
  if (!number || !text.empty()) return std::nullopt;
  checkpoint c{.journal_id = std::string{*id}, .offset = 0};
  const auto [end, error] = std::from_chars(number->data(), number->data() + number->size(), c.offset);
  if (error != std::errc{} || end != number->data() + number->size()) return std::nullopt;
  return c;
}

failure not_a_name(std::string_view name) {
  return {fmt::format("\"{}\" cannot name a consumer: 1 to 128 of A-Z a-z 0-9 . _ : -", name.substr(0, 128))};
}

}  // namespace

result<checkpoints> checkpoints::open(fs::path directory, std::string journal_id, std::vector<std::string> holding) {
  if (::mkdir(directory.c_str(), 0700) == 0) {
    if (const auto error = sync_directory(parent_directory(directory))) {
      return failure{fmt::format("cannot create {}: {}", directory.string(), error.message())};
    }
  } else if (errno != EEXIST) {
    return failure{fmt::format("cannot create {}: {}", directory.string(), std::generic_category().message(errno))};
  }
  checkpoints all{std::move(directory), std::move(journal_id)};
  for (std::string& name : holding) {
    const auto stored = all.load(name);
    if (!stored) return stored.error();
    all.holding_.emplace(std::move(name), stored->journal_id == all.journal_id_ ? stored->offset : 0);
  }
  const auto readable = all.for_each([](const std::string&, const checkpoint&) -> result<void> { return {}; });
  if (!readable) return readable.error();
  return all;
}

fs::path checkpoints::path_of(std::string_view name) const { return directory_ / fmt::format("{}{}", name, extension); }

result<checkpoint> checkpoints::load(std::string_view name) const {
  if (!is_id(name)) return not_a_name(name);
  const fs::path path = path_of(name);
  const auto text = read_file(path, file_bytes_max);
  if (!text && text.error() == std::errc::no_such_file_or_directory) return checkpoint{journal_id_, 0};
  if (!text && text.error() != std::errc::file_too_large) {
    return failure{fmt::format("cannot read {}: {}", path.string(), text.error().message())};
  }
  const auto stored = text ? parse(*text) : std::nullopt;
  if (!stored) {
    return failure{fmt::format("{} is damaged: remove it to have the consumer begin at the oldest record", path.string())};
  }
  return *stored;
}

result<void> checkpoints::store(std::string_view name, offset_t offset) {
  if (!is_id(name)) return not_a_name(name);
  const fs::path path = path_of(name);
  HAULCAST_FAILPOINT(checkpoint_begun);
  if (const auto error = replace_file(path, to_text({journal_id_, offset}))) {
    return failure{fmt::format("cannot write {}: {}", path.string(), error.message())};
  }
  if (const auto held = holding_.find(name); held != holding_.end()) held->second = offset;
  HAULCAST_FAILPOINT(checkpoint_stored);
  return {};
}

result<void> checkpoints::for_each(const std::function<result<void>(const std::string& name, const checkpoint&)>& take) const {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at{directory_, error}, end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    if (!name.ends_with(extension)) continue;
    name.resize(name.size() - extension.size());
    if (is_id(name)) names.push_back(std::move(name));
  }
  if (error) return failure{fmt::format("cannot list {}: {}", directory_.string(), error.message())};
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    const auto stored = load(name);
    if (!stored) return stored.error();
    if (auto taken = take(name, *stored); !taken) return taken;
  }
  return {};
}

result<std::map<std::string, checkpoint, std::less<>>> checkpoints::all() const {
  std::map<std::string, checkpoint, std::less<>> found;
  const auto listed = for_each([&](const std::string& name, const checkpoint& c) -> result<void> {
    found.emplace(name, c);
    return {};
  });
  if (!listed) return listed.error();
  return found;
}

result<void> checkpoints::check(offset_t last_offset) const {
  return for_each([&](const std::string& name, const checkpoint& c) -> result<void> {
    if (c.journal_id != journal_id_) {
      return failure{
          fmt::format("the checkpoint of consumer {} belongs to another journal ({}, this one is {}); start with "
                      "--adopt to have it begin at the oldest record",
                      name, c.journal_id, journal_id_)};
    }
    if (c.offset > last_offset) {
      return failure{
          fmt::format("the checkpoint of consumer {} is ahead of the journal (record {} of {}): was the journal "
                      "restored from an older backup? Start with --adopt to have it go on from the newest record",
                      name, c.offset, last_offset)};
    }
    return {};
  });
}

result<void> checkpoints::adopt(offset_t last_offset) {
  return for_each([&](const std::string& name, const checkpoint& c) -> result<void> {
    if (c.journal_id != journal_id_) return store(name, 0);
    if (c.offset > last_offset) return store(name, last_offset);
    return {};
  });
}

offset_t checkpoints::holds() const {
  offset_t first = std::numeric_limits<offset_t>::max();
  for (const auto& [name, offset] : holding_) first = std::min(first, offset + 1);
  return first;
}

}  // namespace haulcast::journal
