#include "faults/disk.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <stdexcept>

namespace haulcast::faults {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t everything = std::numeric_limits<std::uint64_t>::max();

std::string content(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::runtime_error{"cannot read " + path.string()};
  return {std::istreambuf_iterator<char>{file}, {}};
}

bool chance(std::mt19937_64& dice, unsigned percent) { return dice() % 100 < percent; }

// How much a cut keeps: none, all, or each piece by itself.
unsigned share_kept(std::mt19937_64& dice) {
  switch (dice() % 4) {
    case 0: return 0;
    case 1: return 100;
    default: return static_cast<unsigned>(5 + dice() % 91);
  }
}

}  // namespace

disk::disk(fs::path root) : root_{std::move(root)}, top_{std::make_shared<node>()} {
  top_->directory = true;
  read(*top_, root_);
}

void disk::read(node& n, const fs::path& path) {
  for (const auto& entry : fs::directory_iterator{path}) {
    auto child = std::make_shared<node>();
    child->directory = entry.is_directory();
    if (child->directory)
      read(*child, entry.path());
    else
      child->seen = child->durable = content(entry.path());
    n.names[entry.path().filename().string()] = child;
  }
  n.durable_names = n.names;
}

disk::shared_node disk::find(std::string_view path) const {
  shared_node at = top_;
  while (at && !path.empty()) {
    const std::string part{path.substr(0, path.find('/'))};
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    const auto found = at->names.find(part);
    at = found == at->names.end() ? nullptr : found->second;
  }
  return at;
}

disk::shared_node disk::must_find(std::string_view path) const {
  auto found = find(path);
  if (!found) throw std::runtime_error{"the log knows no " + std::string{path}};
  return found;
}

void disk::name(std::uint64_t number, std::string_view path, shared_node now) {
  const std::size_t slash = path.rfind('/');
  const auto parent = must_find(slash == std::string_view::npos ? "" : path.substr(0, slash));
  const std::string last{slash == std::string_view::npos ? path : path.substr(slash + 1)};
  if (const auto before = parent->names.find(last); before != parent->names.end()) before->second->touched = true;
  if (now) {
    now->touched = true;
    parent->names[last] = now;
  } else {
    parent->names.erase(last);
  }
  parent->pending_names.push_back({number, last, std::move(now)});
}

void disk::replay(const fs::path& log, std::mt19937_64& dice) {
  const std::string all = fs::exists(log) ? content(log) : std::string{};
  files_.clear();
  std::uint64_t entries = 0;
  for (std::string_view rest = all; rest.size() >= sizeof(entry_header);) {
    entry_header head;
    std::memcpy(&head, rest.data(), sizeof head);
    if (head.magic != entry_header::magic_number || head.number != entries + 1) throw std::runtime_error{"the log is damaged"};
    rest.remove_prefix(sizeof head);
    if (rest.size() < std::uint64_t{head.name_bytes} + head.data_bytes) break;  // the process died while it wrote this
    ++entries;
    const std::string_view name = rest.substr(0, head.name_bytes);
    take(head, name, rest.substr(head.name_bytes, head.data_bytes), dice);
    rest.remove_prefix(head.name_bytes + head.data_bytes);
  }
  earlier_entries_ += entries;
  fs::remove(log);
}

void disk::take(const entry_header& head, std::string_view name_text, std::string_view bytes, std::mt19937_64& dice) {
  const std::uint64_t number = earlier_entries_ + head.number;
  const std::string_view from = name_text.substr(0, name_text.find('\0'));
  const std::string_view to = name_text.substr(std::min(name_text.size(), from.size() + 1));
  switch (head.kind) {
    case entry_kind::opened:
      if (head.size == 1) name(number, name_text, std::make_shared<node>());
      files_[head.file] = must_find(name_text);
      break;
    case entry_kind::written:
      files_.at(head.file)->pending.push_back({number, false, head.offset, std::string{bytes}});
      files_.at(head.file)->touched = true;
      break;
    case entry_kind::resized:
      files_.at(head.file)->pending.push_back({number, true, head.size, {}});
      files_.at(head.file)->touched = true;
      break;
    case entry_kind::synced:
      write_back(*files_.at(head.file), earlier_entries_ + head.offset);
      write_names(*files_.at(head.file), earlier_entries_ + head.offset);
      break;
    case entry_kind::sync_failed: write_back_some(*files_.at(head.file), earlier_entries_ + head.offset, dice); break;
    case entry_kind::renamed: {
      const auto moved = must_find(from);
      name(number, from, nullptr);
      name(number, to, moved);
      break;
    }
    case entry_kind::linked: name(number, to, must_find(from)); break;
    case entry_kind::removed: name(number, name_text, nullptr); break;
    case entry_kind::made_directory: {
      auto made = std::make_shared<node>();
      made->directory = true;
      name(number, name_text, made);
      break;
    }
  }
}

void disk::apply(const change& c, std::string& to) {
  if (c.resize) return to.resize(c.offset);
  to.resize(std::max<std::size_t>(to.size(), c.offset + c.bytes.size()));
  to.replace(c.offset, c.bytes.size(), c.bytes);
}

void disk::write_back(node& n, std::uint64_t upto) {
  std::size_t done = 0;
  for (; done < n.pending.size() && n.pending[done].number <= upto; ++done) {
    apply(n.pending[done], n.seen);
    apply(n.pending[done], n.durable);
  }
  if (done > 0) n.durable.resize(n.seen.size());
  n.pending.erase(n.pending.begin(), n.pending.begin() + static_cast<std::ptrdiff_t>(done));
}

// The kernel writes blocks as they are when their turn comes, and sizes in the order in which they changed.
void disk::write_back_some(node& n, std::uint64_t upto, std::mt19937_64& dice) {
  const auto end = std::find_if(n.pending.begin(), n.pending.end(), [&](const change& c) { return c.number > upto; });
  const auto count = static_cast<std::size_t>(end - n.pending.begin());
  if (count == 0) return;
  const std::size_t block = chance(dice, 50) ? 512 : 4096;
  const unsigned share = share_kept(dice);
  const std::size_t sizes_kept = share == 0 ? 0 : share == 100 ? count : dice() % (count + 1);
  std::size_t size = n.durable.size();
  for (std::size_t i = 0; i < count; ++i) {
    const change& c = n.pending[i];
    apply(c, n.seen);
    if (i < sizes_kept) {
      size = n.seen.size();
      if (c.resize && c.offset < n.durable.size()) n.durable.resize(c.offset);
    }
    if (c.resize) continue;
    for (std::size_t at = c.offset / block * block; at < c.offset + c.bytes.size(); at += block) {
      if (!chance(dice, share)) continue;
      const std::size_t length = std::min(block, n.seen.size() - at);
      n.durable.resize(std::max(n.durable.size(), at + length));
      n.durable.replace(at, length, n.seen, at, length);
    }
  }
  n.durable.resize(size);
  n.pending.erase(n.pending.begin(), end);
}

void disk::write_names(node& n, std::uint64_t upto) {
  std::size_t done = 0;
  for (; done < n.pending_names.size() && n.pending_names[done].number <= upto; ++done) {
    const name_change& c = n.pending_names[done];
    if (c.now)
      n.durable_names[c.name] = c.now;
    else
      n.durable_names.erase(c.name);
  }
  n.pending_names.erase(n.pending_names.begin(), n.pending_names.begin() + static_cast<std::ptrdiff_t>(done));
}

void disk::write_some_names(node& n, std::mt19937_64& dice) {
  const unsigned share = share_kept(dice);
  std::vector<name_change> kept;
  std::uint64_t last = 0;
  bool keep = false;
  for (name_change& c : n.pending_names) {
    if (c.number != last) keep = chance(dice, share);  // both halves of a renaming, or none
    last = c.number;
    if (keep) kept.push_back(std::move(c));
  }
  n.pending_names = std::move(kept);
  write_names(n, everything);
}

void disk::cut(node& n, std::mt19937_64& dice) {
  if (n.directory) {
    write_some_names(n, dice);
    n.names = n.durable_names;
    for (const auto& [name, child] : n.names) cut(*child, dice);
  } else {
    write_back_some(n, everything, dice);
    n.seen = n.durable;
  }
}

void disk::cut(std::mt19937_64& dice) {
  cut(*top_, dice);
  write(*top_, root_);
}

void disk::write(node& n, const fs::path& path) {
  if (!n.directory) {
    if (!n.touched && fs::exists(path)) return;
    fs::remove(path);
    std::ofstream{path, std::ios::binary}.write(n.durable.data(), static_cast<std::streamsize>(n.durable.size()));
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
    n.touched = false;
    return;
  }
  if (fs::create_directory(path)) fs::permissions(path, fs::perms::owner_all);
  std::vector<fs::path> gone;
  for (const auto& entry : fs::directory_iterator{path}) {
    if (!n.names.contains(entry.path().filename().string())) gone.push_back(entry.path());
  }
  for (const auto& g : gone) fs::remove_all(g);
  for (const auto& [name, child] : n.names) write(*child, path / name);
}

void disk::compare(const node& n, const fs::path& path, std::vector<std::string>& found) {
  if (!n.directory) {
    if (path.string().ends_with("-shm")) return;
    std::string seen = n.seen;
    for (const change& c : n.pending) apply(c, seen);
    if (!fs::exists(path) || content(path) != seen) found.push_back(path.string() + " holds something else");
    return;
  }
  for (const auto& entry : fs::directory_iterator{path}) {
    if (!n.names.contains(entry.path().filename().string())) found.push_back(entry.path().string() + " is not in the log");
  }
  for (const auto& [name, child] : n.names) compare(*child, path / name, found);
}

std::vector<std::string> disk::differences() const {
  std::vector<std::string> found;
  compare(*top_, root_, found);
  return found;
}

}  // namespace haulcast::faults
