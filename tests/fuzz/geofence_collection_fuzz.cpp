#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/require.hpp"
#include "haulcast/wire/geofence.hpp"
#include "haulcast/wire/geofence_collection.hpp"

using namespace haulcast;

namespace {

struct outcome {
  std::vector<engine::geofence> read;
  std::optional<wire::body_failure> refused;
};

outcome read(std::string_view text, std::size_t piece) {
  outcome came;
  wire::geofence_collection_reader reader{{.features_max = 50, .feature_bytes_max = 20'000}, [&](engine::geofence&& g) {
                                            came.read.push_back(std::move(g));
                                            return std::optional<wire::body_failure>{};
                                          }};
  bool well = true;
  for (; well && !text.empty(); text.remove_prefix(std::min(piece, text.size()))) well = reader.feed(text.substr(0, piece));
  if (!well || !reader.finish()) came.refused = reader.failure();
  return came;
}

}  // namespace

/// Whatever the bytes: it does not matter in which pieces they come, a refusal has a code and a sentence, and what was taken is
/// listed so that it is taken again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const outcome whole = read(bytes, std::max<std::size_t>(1, size));
  const outcome cut = read(bytes, 1 + size % 13);
  REQUIRE(whole.read.size() == cut.read.size() && whole.refused.has_value() == cut.refused.has_value());
  if (whole.refused) {
    REQUIRE(!whole.refused->code.empty() && !whole.refused->detail.empty());
    REQUIRE(whole.refused->code == cut.refused->code && whole.refused->pointer == cut.refused->pointer);
    return 0;
  }
  std::string listed = R"({"type":"FeatureCollection","features":[)";
  for (const engine::geofence& g : whole.read) {
    REQUIRE(!g.id.empty() && !geo::problem_of(g.shape));
    if (&g != &whole.read.front()) listed += ',';
    wire::append_geofence_feature(listed, g);
  }
  listed += R"(],"next_cursor":null})";
  const outcome again = read(listed, 1000);
  REQUIRE(again.read.size() == whole.read.size());
  for (std::size_t i = 0; i < again.read.size(); ++i) REQUIRE(same(again.read[i], whole.read[i]));
  return 0;
}
