// A YAML file -> settings, each with its place. Knows YAML, which keys take lists, and nothing about what they mean.
#pragma once

#include <optional>
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
  std::optional<std::string> value;  // none: null, or items; of a list of words those with blanks between them
  std::string where;                 // "haulcast.yaml:12", or a variable's name
  std::optional<std::vector<setting_item>> items = {};
};

/// Reads mappings of values and of mappings of values. Refused, with `FILE:LINE: sentence`: whatever YAML refuses, a key given
/// twice, anchors and aliases, tags, lists for keys that take none, deeper nesting, a second document, a root that is no
/// mapping. A section without keys is fine. Values are text as written; quotes make no difference.
/// `nests`: whether a mapping of that name ("server.tls") may stand in a section.
result<std::vector<setting>> read_settings(const std::string& yaml, std::string_view file_name,
                                           bool (*nests)(std::string_view name) = nullptr);

/// The value of a variable that stands for a key of items: one line of YAML, "[{file: a, alg: RS256}]" or a word. `name` has a
/// section.
result<setting> read_items(std::string_view name, const std::string& value, std::string_view variable);

}  // namespace haulcast::app
