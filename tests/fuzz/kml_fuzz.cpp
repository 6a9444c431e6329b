#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "fuzz/require.hpp"
#include "haulcast/client/kml.hpp"

using namespace haulcast;

/// Whatever the bytes: reading ends, a refusal is a sentence, and what comes out is JSON with as many features as it says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = client::read_kml({reinterpret_cast<const char*>(data), size}, {"100", "50"});
  if (!read) {
    REQUIRE(!read.error().what.empty());
    return 0;
  }
  const auto made = nlohmann::json::parse(read->geo_json, nullptr, false);
  REQUIRE(made.is_object() && made.at("features").size() == read->count);
  return 0;
}
