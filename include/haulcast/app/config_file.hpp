// A YAML file -> settings, each with its place. Knows YAML, which keys take lists, and nothing about what they mean.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/base/result.hpp"

namespace haulcast::app {

struct setting {
  std::string name;                  // "journal.sync"
  std::optional<std::string> value;  // none: null; of a list its items with blanks between them
  std::string where;                 // "haulcast.yaml:12", or a variable's name
};

/// Reads mappings of values and of mappings of values. Refused, with `FILE:LINE: sentence`: whatever YAML refuses, a key given
/// twice, anchors and aliases, tags, lists for keys that take none, deeper nesting, a second document, a root that is no
/// mapping. A section without keys is fine. Values are text as written; quotes make no difference.
/// `nests`: whether a mapping of that name ("server.tls") may stand in a section.
result<std::vector<setting>> read_settings(const std::string& yaml, std::string_view file_name,
                                           bool (*nests)(std::string_view name) = nullptr);

}  // namespace haulcast::app
