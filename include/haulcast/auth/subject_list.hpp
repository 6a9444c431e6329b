// Subjects whose tokens are revoked, from a file that an operator writes.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "haulcast/base/result.hpp"

namespace haulcast::auth {

/// Exact texts. O(1), no allocation to look one up.
class subject_list {
 public:
  /// One subject a line; blanks around it do not count, empty lines neither. `#` begins a comment at the start of a line or
  /// behind a blank; a line with one is also taken whole, since a subject may look like that ("Truck #7"), and counts twice in
  /// size(). Failure: how a sentence about the text goes on, with the line; control characters are refused, because a subject has
  /// none and the line would revoke nobody.
  static result<subject_list> read(std::string_view text);

  bool contains(std::string_view subject) const noexcept { return subjects_.contains(subject); }
  bool empty() const noexcept { return subjects_.empty(); }
  std::size_t size() const noexcept { return subjects_.size(); }

 private:
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  boost::unordered_flat_set<std::string, hash, std::equal_to<>> subjects_;
};

/// Blocking. Failure: one sentence that names the file. At most 64 MiB, some millions of subjects.
result<subject_list> load_subjects(const std::filesystem::path& file);

}  // namespace haulcast::auth
