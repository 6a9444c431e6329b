#include "haulcast/wire/track_out.hpp"

#include <cmath>

#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/time.hpp"
#include "track_files.hpp"

namespace haulcast::wire {

namespace {

void append_end_members(std::string& out, const track_end& end) {
  out += R"(,"next_cursor":)";
  if (end.next_cursor.empty())
    out += "null";
  else
    append_string(out, end.next_cursor);
  if (!end.complete_until) return;
  out += R"(,"complete_until":")";
  append_time(out, *end.complete_until);
  out += '"';
}

class json_track final : public track_writer {
 public:
  explicit json_track(std::string truck_id) : truck_id_{std::move(truck_id)} {}

  void add(const engine::position& p, engine::judgement judged, utc_time received_at) override {
    text_ += text_.empty() ? R"({"items":[{)" : ",{";
    append_position_members(text_, truck_id_, p);
    append_judgement_members(text_, judged, received_at);
    text_ += '}';
  }
  std::size_t bytes() const noexcept override { return text_.size(); }
  std::string finish(const track_end& end) override {
    if (text_.empty()) text_ = R"({"items":[)";
    text_ += ']';
    append_end_members(text_, end);
    text_ += '}';
    return std::move(text_);
  }

 private:
  const std::string truck_id_;
  std::string text_;
};

// A line needs two places (RFC 7946): a track of one is a Point, and one of none has no geometry.
class geo_json_track final : public track_writer {
 public:
  explicit geo_json_track(std::string truck_id) : truck_id_{std::move(truck_id)} {}

  void add(const engine::position& p, engine::judgement judged, utc_time) override {
    const std::size_t index = points_++;
    if (index > 0) {
      places_ += ',';
      times_ += ',';
    }
    places_ += '[';
    append_number(places_, p.point.longitude);
    places_ += ',';
    append_number(places_, p.point.latitude);
    if (!std::isnan(p.altitude_m)) {
      places_ += ',';
      append_number(places_, p.altitude_m);
    }
    places_ += ']';
    times_ += '"';
    append_time(times_, p.timestamp);
    times_ += '"';
    if (judged.what == engine::verdict::late) mark(late_, index);
    if (judged.what != engine::verdict::suspect) return;
    suspect_ += suspect_.empty() ? R"({"index":)" : R"(,{"index":)";
    append_number(suspect_, index);
    suspect_ += R"(,"reason":")";
    suspect_ += to_string(judged.why);
    suspect_ += "\"}";
  }
  std::size_t bytes() const noexcept override { return places_.size() + times_.size() + suspect_.size() + late_.size(); }
  std::string finish(const track_end& end) override {
    std::string text = R"({"type":"Feature","geometry":)";
    if (points_ == 0)
      text += "null";
    else if (points_ == 1)
      text += R"({"type":"Point","coordinates":)" + places_ + '}';
    else
      text += R"({"type":"LineString","coordinates":[)" + places_ + "]}";
    text += R"(,"properties":{"truck_id":)";
    append_string(text, truck_id_);
    text += R"(,"times":[)" + times_ + ']';
    if (!late_.empty()) text += R"(,"late":[)" + late_ + ']';
    if (!suspect_.empty()) text += R"(,"suspect":[)" + suspect_ + ']';
    text += '}';
    append_end_members(text, end);
    text += '}';
    return text;
  }

 private:
  static void mark(std::string& list, std::size_t index) {
    if (!list.empty()) list += ',';
    append_number(list, index);
  }

  const std::string truck_id_;
  std::string places_, times_, late_, suspect_;
  std::size_t points_ = 0;
};

}  // namespace

void append_judgement_members(std::string& out, engine::judgement judged, utc_time received_at) {
  out += R"(,"received_at":")";
  append_time(out, received_at);
  out += '"';
  if (judged.what == engine::verdict::late) out += R"(,"late":true)";
  if (judged.what != engine::verdict::suspect) return;
  out += R"(,"suspect":")";
  out += to_string(judged.why);
  out += '"';
}

std::unique_ptr<track_writer> make_track_writer(track_format format, std::string truck_id) {
  switch (format) {
    case track_format::geo_json: return std::make_unique<geo_json_track>(std::move(truck_id));
    case track_format::csv: return make_csv_track(std::move(truck_id));
    case track_format::gpx: return make_gpx_track(std::move(truck_id));
    case track_format::json: break;
  }
  return std::make_unique<json_track>(std::move(truck_id));
}

}  // namespace haulcast::wire
