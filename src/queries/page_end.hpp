// How every page of a list about the past ends.
#pragma once

#include <optional>
#include <string>

#include "haulcast/base/time.hpp"
#include "haulcast/wire/time.hpp"

namespace haulcast::queries {

/// Behind the last item: the cursor of the next page (empty: there is none) and, where the store lags, until when it is
/// complete.
inline void append_page_end(std::string& text, const std::string& next_cursor, std::optional<utc_time> complete_until) {
  text += R"(],"next_cursor":)";
  text += next_cursor.empty() ? std::string{"null"} : '"' + next_cursor + '"';
  if (complete_until) {
    text += R"(,"complete_until":")";
    wire::append_time(text, *complete_until);
    text += '"';
  }
  text += '}';
}

}  // namespace haulcast::queries
