// A question to history, answered in steps on a thread of the pool.
#pragma once

#include <optional>
#include <string>

#include "haulcast/store/reader.hpp"

namespace haulcast::queries {

/// One is made on the loop and then used on the pool's threads, one step at a time: so it owns what it uses. Between steps it
/// waits in line like any other, so that one that reads much holds up nobody for long.
class question {
 public:
  virtual ~question() = default;
  /// A page or so. False: it is answered. Blocks as long as one call of the reader may.
  virtual store::store_result<bool> step(store::reader& from) = 0;

  /// Once it is answered: the text, and what goes beside it.
  std::string text;
  std::string next_cursor;                   // empty: there is no more
  std::optional<utc_time> complete_until{};  // none: everything is in it
};

}  // namespace haulcast::queries
