// One Placemark of KML while it is read, and how it becomes features of GeoJSON.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "haulcast/client/kml.hpp"

namespace haulcast::client {

struct kml_placemark {
  enum class shape { point, line, polygon };
  struct part {
    shape what = shape::point;
    std::vector<std::string> lines;  // "[[8.5,47.3],...]"; of a polygon one a ring, the outer one first
  };

  std::string id;  // the attribute
  std::string name;
  std::vector<std::pair<std::string, std::string>> data;
  std::vector<part> parts;
};

/// "8.5,47.3,408 8.6,47.4" -> "[[8.5,47.3],[8.6,47.4]]". Error: what is wrong with it.
result<std::string> read_kml_coordinates(std::string_view text);

/// Appends features to `to`, and takes ids that are not in `taken`.
class kml_writer {
 public:
  explicit kml_writer(const kml_defaults& defaults) : defaults_{defaults} {
    made_.geo_json = R"({"type":"FeatureCollection","features":[)";
  }

  void add(const kml_placemark& from);
  kml_features finish();

 private:
  std::string choose_id(const kml_placemark& from, std::size_t part);
  void add_part(const kml_placemark& from, const kml_placemark::part& part, const std::string& id);
  void append_properties(const kml_placemark& from, kml_placemark::shape what);

  const kml_defaults& defaults_;
  kml_features made_;
  std::set<std::string> taken_;
  std::size_t placemarks_ = 0;
};

}  // namespace haulcast::client
