#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/require.hpp"
#include "haulcast/wire/geofence.hpp"

using namespace haulcast;

/// Whatever the bytes: reading ends, a refusal has a code and a sentence, and what was taken is shown so that it is taken
/// again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto read = wire::parse_geofence(bytes);
  if (!read) {
    REQUIRE(!read.error().code.empty() && !read.error().detail.empty());
    return 0;
  }
  REQUIRE(geo::vertices_of(read->shape) <= geo::vertices_max && !geo::problem_of(read->shape));
  engine::geofence named = *read;
  if (named.id.empty()) named.id = "g";
  std::string shown;
  wire::append_geofence(shown, named);
  const auto again = wire::parse_geofence(shown);
  REQUIRE(again && same(*again, named));
  shown.clear();
  wire::append_geofence_feature(shown, named);
  REQUIRE(shown.ends_with("}}"));
  return 0;
}
