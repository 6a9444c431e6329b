// GPX 1.0 and 1.1, as far as a track needs it: <trk> with <trkpt lat lon> and its <time>.
#include <algorithm>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <charconv>
#include <filesystem>
#include <sstream>

#include "haulcast/base/id.hpp"
#include "track_readers.hpp"

namespace haulcast::client {
namespace {

namespace xml = boost::property_tree;

/// A track's own name where it can be an id; else the file's, numbered from the second track on.
std::string id_of(const xml::ptree& trk, std::string_view file, std::size_t number, const track_options& options) {
  std::string id = options.truck_id;
  if (id.empty()) {
    if (std::string named = trk.get("name", std::string{}); is_id(named)) return named;
    id = std::filesystem::path{file}.filename().string();
    id = id.substr(0, id.find('.'));
    for (char& c : id)
      if (!is_id({&c, 1})) c = '-';
    if (id.empty()) id = "track";
  }
  return number == 0 ? id : id + '-' + std::to_string(number + 1);
}

/// GPX has metres a second.
void append_speed(std::string& members, const std::string& mps) {
  double value = 0;
  const auto [end, error] = std::from_chars(mps.data(), mps.data() + mps.size(), value);
  if (error == std::errc{} && end == mps.data() + mps.size()) append_member(members, "speed_kmh", std::to_string(value * 3.6));
}

}  // namespace

result<track> read_gpx(const std::string& text, std::string_view name, const track_options& options) {
  const std::string file{name};
  xml::ptree document;
  try {
    std::istringstream in{text};
    xml::read_xml(in, document, xml::xml_parser::trim_whitespace | xml::xml_parser::no_comments);
  } catch (const xml::xml_parser_error& e) {
    return at_line(file, e.line(), e.message());
  }
  const auto gpx = document.get_child_optional("gpx");
  if (!gpx) return failure{file + ": no <gpx> element"};

  track_builder builder;
  std::size_t tracks = 0;
  std::size_t points = 0;
  for (const auto& [element, trk] : *gpx) {
    if (element != "trk") continue;
    const std::string id = id_of(trk, name, tracks++, options);
    for (const auto& [part, segment] : trk) {
      if (part != "trkseg") continue;
      for (const auto& [kind, point] : segment) {
        if (kind != "trkpt") continue;
        ++points;
        const auto at = read_moment(point.get("time", std::string{}));
        const auto lat = point.get("<xmlattr>.lat", std::string{});
        const auto lon = point.get("<xmlattr>.lon", std::string{});
        if (!at || lat.empty() || lon.empty())
          return failure{file + ": track point " + std::to_string(points) + " has no lat, lon or <time>"};
        std::string members;
        append_member(members, "latitude", lat);
        append_member(members, "longitude", lon);
        append_member(members, "altitude_m", point.get("ele", std::string{}));
        append_member(members, "heading", point.get("course", std::string{}));
        append_speed(members, point.get("speed", std::string{}));
        builder.add(id, *at, std::move(members));
      }
    }
  }
  return builder.finish();
}

}  // namespace haulcast::client
