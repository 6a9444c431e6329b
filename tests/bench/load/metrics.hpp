// What a server says of itself at GET /metrics.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace haulcast::bench {

/// One reading. Names as in the text, with their labels.
class metrics {
 public:
  /// Throws std::runtime_error when the server does not answer.
  static metrics of(std::uint16_t port);

  /// 0 when there is none.
  double value(const std::string& name) const;
  /// The upper bound, interpolated in its bucket, that `share` (0-1) of the observations since `before` do not exceed.
  double quantile(std::string_view histogram, double share, const metrics& before) const;

 private:
  std::map<std::string, double> values_;
};

}  // namespace haulcast::bench
