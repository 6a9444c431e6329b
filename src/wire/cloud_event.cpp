#include "haulcast/wire/cloud_event.hpp"

#include <cmath>

#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/time.hpp"

namespace haulcast::wire {

namespace {

/// Members separated by commas; the first one has none before it.
class object_writer {
 public:
  explicit object_writer(std::string& out) : out_{out} { out_ += '{'; }

  std::string& name(std::string_view member) {
    if (!first_) out_ += ',';
    first_ = false;
    append_string(out_, member);
    out_ += ':';
    return out_;
  }
  void close() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

void append_fence(object_writer& data, const engine::fence_facts& about) {
  if (!about.geofence_id.empty()) append_string(data.name("geofence_id"), about.geofence_id);
  if (!about.geofence_name.empty()) append_string(data.name("geofence_name"), about.geofence_name);
  if (about.reason != engine::exit_reason::none) append_string(data.name("reason"), to_string(about.reason));
  if (!std::isnan(about.speed_limit_kmh)) append_number(data.name("speed_limit_kmh"), about.speed_limit_kmh);
}

void append_data(std::string& out, const engine::event& e) {
  object_writer data{out};
  if (!e.truck_id.empty()) append_string(data.name("truck_id"), e.truck_id);
  if (e.fence) append_fence(data, *e.fence);
  if (e.where) append_position(data.name("position"), e.truck_id, e.where->get());
  if (e.late) data.name("late") += "true";
  if (e.interpolated) data.name("interpolated") += "true";
  data.close();
}

}  // namespace

void append_cloud_event(std::string& out, const engine::event& e, engine::event_id id, std::string_view source) {
  out += R"({"specversion":"1.0","id":")";
  out += id.to_string();
  out += R"(","source":)";
  append_string(out, source);
  out += R"(,"type":)";
  append_string(out, engine::to_string(e.type));
  if (!e.truck_id.empty()) {
    out += R"(,"subject":)";
    append_string(out, "truck/" + e.truck_id);
  }
  out += R"(,"time":")";
  append_time(out, e.time);
  out += R"(","datacontenttype":"application/json","data":)";
  append_data(out, e);
  out += '}';
}

}  // namespace haulcast::wire
