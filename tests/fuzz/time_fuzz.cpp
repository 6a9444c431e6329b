#include <cstring>
#include <string>

#include "fuzz/require.hpp"
#include "haulcast/wire/time.hpp"

using namespace haulcast;

/// What is read can be written, and what is written is read as the same moment. Any number of milliseconds can be written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text;
  if (const auto t = wire::parse_time({reinterpret_cast<const char*>(data), size})) {
    REQUIRE(*t >= wire::earliest_time && *t <= wire::latest_time);
    REQUIRE(size >= 19);
    wire::append_time(text, *t);
    REQUIRE(wire::parse_time(text) == t);
  }
  if (size < 8) return 0;
  std::int64_t ms = 0;
  std::memcpy(&ms, data, 8);
  text.clear();
  wire::append_time(text, from_epoch_ms(ms));
  REQUIRE(text.size() == 24 && wire::parse_time(text));
  return 0;
}
