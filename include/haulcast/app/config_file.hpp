// A YAML file -> settings, each with its place. Knows YAML and nothing about what the keys mean.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "haulcast/base/result.hpp"

namespace haulcast::app {

/// An item of a list: a mapping of words to values, in the order given, no word twice.
struct setting_item {
  std::vector<std::pair<std::string, std::string>> members;
  std::string where;
};

struct setting {
  std::string name;                  // "journal.sync"
  std::optional<std::string> value;  // none: null, or a list
  std::string where;                 // "haulcast.yaml:12", or a variable's name
  std::optional<std::vector<setting_item>> list = {};
};

/// Reads mappings of values and of mappings of values. Refused, with `FILE:LINE: sentence`: whatever YAML refuses, a key given
/// twice, anchors and aliases, tags, deeper nesting, a second document, a root that is no mapping, and lists, but for the keys
/// named in `lists`, which may have one of mappings. A section without keys is fine. Values are text as written; quotes make no
/// difference.
result<std::vector<setting>> read_settings(const std::string& yaml, std::string_view file_name,
                                           std::span<const std::string_view> lists = {});

/// The value of a variable that stands for such a key: one line of YAML, "[{file: a, alg: RS256}]" or a word. `name` has a
/// section.
result<setting> read_list(std::string_view name, const std::string& value, std::string_view variable);

}  // namespace haulcast::app
