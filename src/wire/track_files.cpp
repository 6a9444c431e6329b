#include "track_files.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/time.hpp"

namespace haulcast::wire {

namespace {

// The numbers that a position may have beside its place, in the order of the API.
struct named_number {
  std::string_view name;
  double engine::position::* value;
};
constexpr std::array numbers{named_number{"speed_kmh", &engine::position::speed_kmh},
                             named_number{"heading", &engine::position::heading},
                             named_number{"altitude_m", &engine::position::altitude_m},
                             named_number{"accuracy_m", &engine::position::accuracy_m},
                             named_number{"odometer_km", &engine::position::odometer_km},
                             named_number{"fuel_level_pct", &engine::position::fuel_level_pct},
                             named_number{"battery_pct", &engine::position::battery_pct}};
struct named_text {
  std::string_view name;
  std::string_view engine::position::* value;
};
constexpr std::array texts{
    named_text{"engine_status", &engine::position::engine_status}, named_text{"trip_id", &engine::position::trip_id},
    named_text{"driver_id", &engine::position::driver_id}, named_text{"attributes", &engine::position::attributes}};

std::string_view suspicion_of(engine::judgement judged) {
  return judged.what == engine::verdict::suspect ? to_string(judged.why) : std::string_view{};
}

class csv_track final : public track_writer {
 public:
  explicit csv_track(std::string truck_id) : truck_id_{std::move(truck_id)} {
    text_ = "truck_id,timestamp,latitude,longitude";
    for (const auto& n : numbers) text_.append(1, ',').append(n.name);
    for (const auto& t : texts) text_.append(1, ',').append(t.name);
    text_ += ",received_at,late,suspect\r\n";
  }

  void add(const engine::position& p, engine::judgement judged, utc_time received_at) override {
    text_ += truck_id_;
    text_ += ',';
    append_time(text_, p.timestamp);
    text_ += ',';
    append_number(text_, p.point.latitude);
    text_ += ',';
    append_number(text_, p.point.longitude);
    for (const auto& n : numbers) {
      text_ += ',';
      if (!std::isnan(p.*n.value)) append_number(text_, p.*n.value);
    }
    for (const auto& t : texts) field(p.*t.value);
    text_ += ',';
    append_time(text_, received_at);
    text_ += judged.what == engine::verdict::late ? ",true" : ",";
    field(suspicion_of(judged));
    text_ += "\r\n";
  }
  std::size_t bytes() const noexcept override { return text_.size(); }
  std::string finish(const track_end&) override { return std::move(text_); }

 private:
  void field(std::string_view value) {
    text_ += ',';
    if (value.find_first_of(",\"\r\n") == value.npos) {
      text_ += value;
      return;
    }
    text_ += '"';
    for (const char c : value) {
      if (c == '"') text_ += '"';
      text_ += c;
    }
    text_ += '"';
  }

  const std::string truck_id_;
  std::string text_;
};

// U+FFFE and U+FFFF are UTF-8 that XML does not take; control characters were refused at the door, and white space between the
// tokens of attributes is none of them.
void append_xml(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (const char c = text[i]) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '\r': out += ' '; break;
      case '\xEF':
        if (const auto three = text.substr(i, 3); three == "\xEF\xBF\xBE" || three == "\xEF\xBF\xBF") {
          out += "\xEF\xBF\xBD";
          i += 2;
          break;
        }
        [[fallthrough]];
      default: out += c;
    }
  }
}

// xsd:decimal knows no exponent.
void append_decimal(std::string& out, double value) {
  std::array<char, 400> text;
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr);
}

class gpx_track final : public track_writer {
 public:
  explicit gpx_track(std::string truck_id) {
    text_ =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<gpx version=\"1.1\" creator=\"haulcast\" xmlns=\"http://www.topografix.com/GPX/1/1\" "
        "xmlns:haulcast=\"urn:haulcast:position:1\">\n<trk><name>";
    append_xml(text_, truck_id);
    text_ += "</name><trkseg>\n";
  }

  void add(const engine::position& p, engine::judgement judged, utc_time received_at) override {
    text_ += "<trkpt lat=\"";
    append_decimal(text_, p.point.latitude);
    text_ += "\" lon=\"";
    append_decimal(text_, p.point.longitude);
    text_ += "\">";
    if (!std::isnan(p.altitude_m)) {
      text_ += "<ele>";
      append_decimal(text_, p.altitude_m);
      text_ += "</ele>";
    }
    text_ += "<time>";
    append_time(text_, p.timestamp);
    text_ += "</time><extensions>";
    for (const auto& n : numbers) {
      if (n.value == &engine::position::altitude_m || std::isnan(p.*n.value)) continue;
      std::string value;
      append_number(value, p.*n.value);
      element(n.name, value);
    }
    for (const auto& t : texts) element(t.name, p.*t.value);
    std::string heard;
    append_time(heard, received_at);
    element("received_at", heard);
    if (judged.what == engine::verdict::late) element("late", "true");
    element("suspect", suspicion_of(judged));
    text_ += "</extensions></trkpt>\n";
  }
  std::size_t bytes() const noexcept override { return text_.size(); }
  std::string finish(const track_end&) override {
    text_ += "</trkseg></trk>\n</gpx>\n";
    return std::move(text_);
  }

 private:
  void element(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    text_.append("<haulcast:").append(name).append(1, '>');
    append_xml(text_, value);
    text_.append("</haulcast:").append(name).append(1, '>');
  }

  std::string text_;
};

}  // namespace

std::unique_ptr<track_writer> make_csv_track(std::string truck_id) { return std::make_unique<csv_track>(std::move(truck_id)); }
std::unique_ptr<track_writer> make_gpx_track(std::string truck_id) { return std::make_unique<gpx_track>(std::move(truck_id)); }

}  // namespace haulcast::wire
