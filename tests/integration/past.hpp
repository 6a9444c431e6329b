// What the stories about history have in common: paging, and positions told by number.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "integration/story.hpp"

namespace haulcast::support {

/// The JSON answer to GET, which must be 200.
nlohmann::json must_get(api& as, const std::string& target);
/// All items, page after page of so many; `target` has no limit and no cursor. `between` is called between pages.
std::vector<nlohmann::json> all_pages(api& as, const std::string& target, int limit, const std::function<void()>& between = {});
/// The values of one member.
std::vector<std::string> all_of(const std::vector<nlohmann::json>& items, const char* member);
/// Whether a sample of /metrics says that the store holds everything that the journal has.
bool store_has_all(api& admin);

}  // namespace haulcast::support
