#include "house/house_rules.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace haulcast::house {
namespace {

using namespace std::string_view_literals;

struct room_and_floor {
  std::string_view room;
  int floor;
};
constexpr room_and_floor plan[] = {
    {"base", 0},  {"geo", 0},       {"engine", 1},   {"wire", 2},    {"auth", 2}, {"tls", 2}, {"journal", 2}, {"hub", 3},
    {"store", 3}, {"consumers", 3}, {"pipeline", 4}, {"queries", 4}, {"http", 5}, {"ws", 5},  {"client", 5},  {"app", 6},
};

/// Arrows along a floor that the plan allows.
constexpr std::array sideways{std::pair{"consumers"sv, "store"sv}};

/// Rooms that turn values into values: no network, no SQL, no files, and nothing that differs from one replay to the next.
constexpr std::array pure_rooms{"geo"sv, "engine"sv, "wire"sv};
constexpr std::array impure_includes{"boost/asio"sv, "boost/beast"sv, "sqlite3.h"sv, "pqxx/"sv,   "libpq"sv,  "hiredis/"sv,
                                     "filesystem"sv, "fstream"sv,     "iostream"sv,  "cstdio"sv,  "random"sv, "thread"sv,
                                     "mutex"sv,      "sys/"sv,        "unistd.h"sv,  "fcntl.h"sv, "spdlog/"sv};
constexpr std::array clocks{"system_now("sv, "_clock::now("sv};

/// Headers that cost seconds each time; they belong into sources, or into headers that stay in src.
constexpr std::array heavy_includes{"boost/beast"sv, "nlohmann/json.hpp"sv, "simdjson.h"sv, "yaml-cpp/"sv, "CLI/"sv,
                                    "spdlog/"sv};

/// At the top of somebody's machine. A path through them is a mistake in code, and in a default a surprise.
constexpr std::array machine_directories{"root"sv, "home"sv, "tmp"sv};

bool allowed(std::string_view from, int from_floor, std::string_view to, int to_floor) {
  return from == to || to_floor < from_floor || std::ranges::find(sideways, std::pair{from, to}) != sideways.end();
}

std::string_view trimmed(std::string_view line) {
  const auto begin = line.find_first_not_of(" \t");
  return begin == line.npos ? ""sv : line.substr(begin);
}

/// What an #include line names, without quotes or brackets; empty for any other line.
std::string_view included(std::string_view line) {
  line = trimmed(line);
  if (!line.starts_with('#')) return {};
  line = trimmed(line.substr(1));
  if (!line.starts_with("include")) return {};
  const auto open = line.find_first_of("\"<");
  if (open == line.npos) return {};
  const auto close = line.find_first_of("\">", open + 1);
  return close == line.npos ? ""sv : line.substr(open + 1, close - open - 1);
}

template <class Prefixes>
bool starts_with_any(std::string_view text, const Prefixes& prefixes) {
  return std::ranges::any_of(prefixes, [&](std::string_view prefix) { return text.starts_with(prefix); });
}

/// The room that an included header belongs to; empty for a header that is not ours.
std::string_view room_of_header(std::string_view header) {
  constexpr auto ours = "haulcast/"sv;
  if (!header.starts_with(ours)) return {};
  header.remove_prefix(ours.size());
  return header.substr(0, header.find('/'));
}

class inspection {
 public:
  explicit inspection(const source_file& file)
      : file_{file},
        room_{room_of(file.path)},
        is_header_{file.path.ends_with(".hpp")},
        public_{file.path.starts_with("include/")},
        pure_{std::ranges::find(pure_rooms, room_) != pure_rooms.end()} {}

  std::vector<std::string> run() {
    const auto floor = floor_of(room_);
    if (!floor) {
      say("lies in no room of the plan");
      return std::move(found_);
    }
    floor_ = *floor;
    if (is_header_) check_header();
    std::string_view rest = file_.text;
    while (!rest.empty()) {
      ++line_;
      const auto end = rest.find('\n');
      check_line(rest.substr(0, end));
      rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    }
    return std::move(found_);
  }

 private:
  void check_header() {
    line_ = 1;
    if (!file_.text.starts_with("//")) say("does not open with a comment that says what it is");
    if (file_.text.find("\n#pragma once\n") == std::string::npos) say("has no #pragma once");
    line_ = 0;
  }

  void check_line(std::string_view line) {
    if (const auto header = included(line); !header.empty()) return check_include(header);
    for (const auto directory : machine_directories) {
      const auto path = '/' + std::string{directory} + '/';
      if (line.find(path) != line.npos) say("names a directory of one machine, " + path);
    }
    if (!pure_) return;
    for (const auto clock : clocks) {
      if (line.find(clock) != line.npos) say(std::string{room_} + " reads a clock: " + std::string{clock} + ")");
    }
  }

  void check_include(std::string_view header) {
    if (pure_ && starts_with_any(header, impure_includes))
      say(std::string{room_} + " is pure and includes " + std::string{header});
    if (public_ && starts_with_any(header, heavy_includes))
      say("is a public header and includes the heavy " + std::string{header});
    const auto to = room_of_header(header);
    if (to.empty()) return;
    const auto to_floor = floor_of(to);
    if (!to_floor) return say("includes " + std::string{header} + ", which lies in no room of the plan");
    if (allowed(room_, floor_, to, *to_floor)) return;
    say("an arrow " + std::string{*to_floor > floor_ ? "up" : "sideways"} + ": " + std::string{room_} + " (floor " +
        std::to_string(floor_) + ") includes " + std::string{header} + " (floor " + std::to_string(*to_floor) + ")");
  }

  void say(std::string what) {
    found_.push_back(file_.path + (line_ > 0 ? ":" + std::to_string(line_) : "") + ": " + std::move(what));
  }

  const source_file& file_;
  std::string_view room_;
  bool is_header_;
  bool public_;
  bool pure_;
  int floor_ = 0;
  int line_ = 0;
  std::vector<std::string> found_;
};

}  // namespace

std::optional<int> floor_of(std::string_view room) {
  const auto found = std::ranges::find(plan, room, &room_and_floor::room);
  return found == std::end(plan) ? std::nullopt : std::optional{found->floor};
}

std::string_view room_of(std::string_view path) {
  for (const auto top : {"include/haulcast/"sv, "src/"sv}) {
    if (!path.starts_with(top)) continue;
    path.remove_prefix(top.size());
    const auto slash = path.find('/');
    return slash == path.npos ? ""sv : path.substr(0, slash);
  }
  return {};
}

std::vector<std::string> violations(const source_file& file) { return inspection{file}.run(); }

}  // namespace haulcast::house
