#include "integration/past.hpp"

namespace haulcast::support {

using nlohmann::json;

json must_get(api& as, const std::string& target) {
  auto answer = as.get(target);
  EXPECT_EQ(answer.status, 200U) << target << ": " << answer.raw.body;
  return std::move(answer.body);
}

std::vector<json> all_pages(api& as, const std::string& target, int limit, const std::function<void()>& between) {
  const auto first = target + (target.find('?') == target.npos ? "?" : "&") + "limit=" + std::to_string(limit);
  std::vector<json> items;
  for (std::string next = first;;) {
    const auto page = must_get(as, next);
    if (!page.is_object()) return items;
    EXPECT_LE(page.at("items").size(), static_cast<std::size_t>(limit));
    for (const auto& item : page.at("items")) items.push_back(item);
    if (page.at("next_cursor").is_null()) return items;
    next = first + "&cursor=" + page.at("next_cursor").get<std::string>();
    if (between) between();
  }
}

std::vector<std::string> all_of(const std::vector<json>& items, const char* member) {
  std::vector<std::string> values;
  for (const auto& item : items) values.push_back(item.at(member).get<std::string>());
  return values;
}

bool store_has_all(api& admin) { return metric(admin.get("/metrics").raw.body, "haulcast_store_lag_records").value_or(1) == 0; }

}  // namespace haulcast::support
