#include "geofence_text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "haulcast/client/gz_file.hpp"
#include "haulcast/client/kml.hpp"
#include "haulcast/wire/feature_splitter.hpp"
#include "haulcast/wire/geofence_collection.hpp"

namespace haulcast::client {
namespace {

constexpr std::size_t text_bytes_max = std::size_t{256} << 20;  // the server takes no more
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::string_view zip_magic = "PK\x03\x04";
constexpr std::size_t name_bytes_max = 80;

result<std::string> read_file(const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return failure{path + ": cannot be opened"};
  }
  std::istream& in = path == "-" ? std::cin : file;
  std::string text;
  std::string piece(std::size_t{1} << 20, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    text.append(piece, 0, static_cast<std::size_t>(in.gcount()));
    if (text.size() > text_bytes_max) return failure{path + ": more than 256 MiB"};
  }
  if (in.bad()) return failure{path + ": cannot be read"};
  if (text.starts_with(zip_magic)) return failure{path + ": a KMZ is a zip file: unpack it, and give the KML in it"};
  if (looks_gzipped(text)) {
    auto plain = gunzip_file(text, text_bytes_max);
    if (!plain) return failure{path + ": " + plain.error().what};
    text = std::move(*plain);
  }
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  return result<std::string>{boost::system::in_place_value, std::move(text)};
}

std::string number_text(double value) { return value > 0 ? fmt::format("{}", value) : std::string{}; }

std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (text.size() > name_bytes_max) text.resize(name_bytes_max);
  return text;
}

}  // namespace

result<std::string> read_geofence_text(const import_options& options, std::ostream& err) {
  auto text = read_file(options.file);
  if (!text || !looks_like_xml(*text)) return text;
  auto kml = read_kml(*text, {number_text(options.radius_m), number_text(options.width_m)});
  if (!kml) return failure{options.file + ": " + kml.error().what};
  for (const auto& [name, placemarks] : kml->skipped)
    err << fmt::format("left out: {}, in {} placemark{}", printable(name), placemarks, placemarks == 1 ? "" : "s") << std::endl;
  return result<std::string>{boost::system::in_place_value, std::move(kml->geo_json)};
}

std::optional<std::size_t> feature_in(std::string_view pointer) noexcept {
  constexpr std::string_view before = "/features/";
  if (!pointer.starts_with(before)) return std::nullopt;
  pointer.remove_prefix(before.size());
  std::size_t place = 0;
  const auto [end, error] = std::from_chars(pointer.data(), pointer.data() + pointer.size(), place);
  if (error != std::errc{} || (end != pointer.data() + pointer.size() && *end != '/')) return std::nullopt;
  return place;
}

std::optional<std::string> name_of_feature(std::string_view geo_json, std::size_t place) {
  wire::feature_splitter features{text_bytes_max};
  std::string found;
  static_cast<void>(features.feed(geo_json, [&](std::string_view text) {
    if (features.count() - 1 != place) return true;
    found = text;
    return false;
  }));
  const auto feature = nlohmann::json::parse(found, nullptr, false);
  if (!feature.is_object()) return std::nullopt;
  const auto properties = feature.value("properties", nlohmann::json::object());
  for (const auto& [from, key] : {std::pair{&properties, "name"}, {&feature, "id"}, {&properties, "geofence_id"}}) {
    if (!from->is_object() || !from->contains(key)) continue;
    const auto& value = from->at(key);
    if (value.is_string() && !value.get_ref<const std::string&>().empty()) return printable(value.get<std::string>());
    if (value.is_number_unsigned()) return std::to_string(value.get<std::uint64_t>());
  }
  return std::nullopt;
}

std::string tell_fault(std::string_view geo_json, std::string_view pointer, std::string_view detail) {
  const auto place = feature_in(pointer);
  if (!place) return pointer.empty() ? std::string{detail} : fmt::format("{}: {}", pointer, detail);
  const auto name = name_of_feature(geo_json, *place);
  return name ? fmt::format("feature {} ({}): {}: {}", *place, *name, pointer, detail)
              : fmt::format("feature {}: {}: {}", *place, pointer, detail);
}

result<std::size_t> check_geofence_text(std::string_view geo_json) {
  wire::geofence_collection_reader reader{{}, [](engine::geofence&&) { return std::nullopt; }};
  if (reader.feed(geo_json) && reader.finish()) return reader.count();
  return failure{tell_fault(geo_json, reader.failure().pointer, reader.failure().detail)};
}

}  // namespace haulcast::client
