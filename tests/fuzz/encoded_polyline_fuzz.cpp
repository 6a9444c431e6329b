#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/require.hpp"
#include "haulcast/geo/encoded_polyline.hpp"

using namespace haulcast;

/// What is read is on the earth, no longer than allowed, and written again it is the same text. The first byte says the
/// precision.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto precision = data[0] == '6' ? geo::polyline_precision::six : geo::polyline_precision::five;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto line = geo::decode_polyline(text, precision, 1000);
  if (!line) {
    REQUIRE(line.error().at <= text.size());
    return 0;
  }
  REQUIRE(line->size() <= 1000);
  for (const auto p : *line) REQUIRE(std::fabs(p.latitude) <= 90 && std::fabs(p.longitude) <= 180);
  REQUIRE(geo::encode_polyline(*line, precision) == text);
  return 0;
}
