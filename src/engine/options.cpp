#include "haulcast/engine/options.hpp"

#include <cmath>

#include "haulcast/base/bytes.hpp"
#include "haulcast/engine/position.hpp"

namespace haulcast::engine {

// Members that a later version adds are appended, so that an older record reads as "not set then".
void save(const options& o, byte_writer& out) {
  out.svarint(o.identity_window.count());
  out.varint(o.identity_bytes_max);
  out.raw(o.stop_speed_kmh);
  out.svarint(o.stop_after.count());
  out.svarint(o.offline_after.count());
  out.u8(o.filters ? 1 : 0);
  out.raw(o.filter_max_speed_kmh);
  out.raw(o.filter_max_accuracy_m);
  out.svarint(o.max_segment.count());
  out.raw(o.default_speed_limit_kmh.value_or(unknown));
}

bool load(options& o, byte_reader& in, std::uint32_t by) {
  o.identity_window = seconds{in.svarint()};
  o.identity_bytes_max = static_cast<std::uint32_t>(in.varint());
  o.stop_speed_kmh = in.raw();
  o.stop_after = seconds{in.svarint()};
  o.offline_after = seconds{in.svarint()};
  o.filters = in.u8() != 0;
  o.filter_max_speed_kmh = in.raw();
  o.filter_max_accuracy_m = in.raw();
  if (by >= 5) o.max_segment = seconds{in.svarint()};
  o.default_speed_limit_kmh.reset();
  if (by < 6) return in.ok();
  if (const double limit = in.raw(); !std::isnan(limit)) o.default_speed_limit_kmh = limit;
  return in.ok();
}

}  // namespace haulcast::engine
