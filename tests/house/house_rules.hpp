// The rules of the house as a function of one file's text: what docs/architecture.md says about rooms and floors.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace haulcast::house {

struct source_file {
  std::string path;  // from the top of the tree: "include/haulcast/hub/hub.hpp", "src/hub/hub.cpp"
  std::string text;
};

/// The floor on which a room lives; none for a room that is not in the plan.
std::optional<int> floor_of(std::string_view room);

/// The room that a file of include/haulcast or src belongs to; empty for a file that lies in none.
std::string_view room_of(std::string_view path);

/// Everything in this file that the rules forbid, one sentence each. Pure. O(text).
std::vector<std::string> violations(const source_file& file);

}  // namespace haulcast::house
