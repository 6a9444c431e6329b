#include "load/metrics.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "load/connection.hpp"

namespace haulcast::bench {
namespace {

/// Length of the body, from a head that is there whole; npos when it does not say.
std::size_t length_of(std::string_view head) {
  const auto at = head.find("ontent-Length:");
  return at == head.npos ? head.npos : std::stoul(std::string{head.substr(at + 14, 20)});
}

std::string body_of(std::uint16_t port) {
  connection wire{port};
  wire.send("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  std::string text = wire.await_text("\r\n\r\n");
  const auto head = text.find("\r\n\r\n") + 4;
  const auto length = length_of(std::string_view{text}.substr(0, head));
  if (length == text.npos) throw std::runtime_error{"/metrics does not say how long it is"};
  while (text.size() < head + length) text += wire.await_text("");
  return text.substr(head);
}

}  // namespace

metrics metrics::of(std::uint16_t port) {
  metrics found;
  const auto text = body_of(port);
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    const auto line = text.substr(begin, end - begin);
    begin = end + 1;
    const auto space = line.rfind(' ');
    if (line.empty() || line[0] == '#' || space == line.npos) continue;
    found.values_[line.substr(0, space)] = std::strtod(line.c_str() + space, nullptr);
  }
  return found;
}

double metrics::value(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? 0 : found->second;
}

double metrics::quantile(std::string_view histogram, double share, const metrics& before) const {
  struct bucket {
    double bound;
    double count;  // up to it
  };
  std::vector<bucket> buckets;
  const auto prefix = fmt::format("{}_bucket{{le=\"", histogram);
  for (auto i = values_.lower_bound(prefix); i != values_.end() && i->first.starts_with(prefix); ++i) {
    const auto bound = i->first.substr(prefix.size(), i->first.rfind('"') - prefix.size());
    buckets.push_back(
        {bound == "+Inf" ? std::numeric_limits<double>::infinity() : std::stod(bound), i->second - before.value(i->first)});
  }
  std::ranges::sort(buckets, {}, &bucket::bound);
  if (buckets.empty() || buckets.back().count <= 0) return 0;
  const auto wanted = share * buckets.back().count;
  double low = 0;
  double below = 0;
  for (const auto& [bound, count] : buckets) {
    if (count >= wanted) {
      return std::isinf(bound) || count <= below ? low : low + (bound - low) * (wanted - below) / (count - below);
    }
    low = bound;
    below = count;
  }
  return low;
}

}  // namespace haulcast::bench
