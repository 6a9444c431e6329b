// Whatever text a client sends, it is a command that keeps the rules or a failure that can be told to it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "fuzz/require.hpp"
#include "haulcast/wire/live.hpp"
#include "haulcast/wire/ws_frame.hpp"

namespace {

using namespace haulcast::wire;

constexpr std::size_t max_interests = 8;

bool valid_id(const std::string& id) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";
  return !id.empty() && id.size() <= 128 && id.find_first_not_of(allowed) == std::string::npos;
}

void check(const subscribe_command& c) {
  REQUIRE(std::all_of(c.trucks.begin(), c.trucks.end(), valid_id));
  REQUIRE(std::all_of(c.deliveries.begin(), c.deliveries.end(), valid_id));
  REQUIRE(c.trucks.size() + c.deliveries.size() + (c.bbox ? 1 : 0) + (c.all ? 1 : 0) <= max_interests);
  if (c.bbox) {
    REQUIRE(c.bbox->west >= -180 && c.bbox->west <= 180 && c.bbox->east >= -180 && c.bbox->east <= 180);
    REQUIRE(c.bbox->south >= -90 && c.bbox->south <= c.bbox->north && c.bbox->north <= 90);
  }
  REQUIRE(!c.max_rate_hz || (*c.max_rate_hz >= max_rate_hz_least && *c.max_rate_hz <= max_rate_hz_most));
  REQUIRE(c.events.size() <= event_patterns_most);
  const event_filter filter{c.events};
  for (const std::string& pattern : c.events) {
    REQUIRE(!pattern.empty() && pattern.size() <= event_pattern_bytes_most);
    REQUIRE(filter.admits(pattern));  // a name admits itself, and a prefix whatever goes on after its dot
  }
}

void check(const unsubscribe_command& c) {
  REQUIRE(std::all_of(c.trucks.begin(), c.trucks.end(), valid_id));
  REQUIRE(std::all_of(c.deliveries.begin(), c.deliveries.end(), valid_id));
  std::string out;
  append_unsubscribed(out, c);
  REQUIRE(nlohmann::json::accept(out));
}

void check(const ping_command&) {}

void check(const command_failure& failed) {
  REQUIRE(!failed.code.empty() && failed.detail.size() < 300);
  REQUIRE(std::none_of(failed.detail.begin(), failed.detail.end(), [](char c) { return c >= 0 && c < 0x20; }));
  utf8_check utf8;
  REQUIRE(utf8.admit(failed.detail) && utf8.complete());
  std::string out;
  append_error(out, failed.code, failed.detail);
  REQUIRE(nlohmann::json::accept(out));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  const std::string frame(input, input + size);
  const auto parsed = parse_live_command(frame, max_interests);
  if (parsed) {
    std::visit([](const auto& command) { check(command); }, *parsed);
    REQUIRE(nlohmann::json::accept(frame));
  } else {
    check(parsed.error());
  }
  return 0;
}
