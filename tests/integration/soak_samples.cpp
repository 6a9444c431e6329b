#include "integration/soak_samples.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <thread>

namespace haulcast::support {

namespace {

double median(std::vector<double> of) {
  if (of.empty()) return 0;
  const auto middle = of.begin() + std::ssize(of) / 2;
  std::nth_element(of.begin(), middle, of.end());
  return *middle;
}

holdings reading(int pid) {
  holdings h;
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(status, line);) {
    const auto number = [&line] { return std::stod(line.substr(line.find(':') + 1)); };
    if (line.starts_with("VmRSS:")) h.resident_mib = number() / 1024;
    if (line.starts_with("RssAnon:")) h.anonymous_mib = number() / 1024;
    if (line.starts_with("Threads:")) h.threads = number();
  }
  h.descriptors = descriptors_of(pid);
  return h;
}

}  // namespace

double descriptors_of(int pid) {
  std::error_code gone;
  const std::filesystem::directory_iterator all{"/proc/" + std::to_string(pid) + "/fd", gone};
  return gone ? 0 : static_cast<double>(std::distance(begin(all), end(all)));
}

holdings holdings_of(int pid) {
  std::vector<double> resident, anonymous, descriptors, threads;
  for (int i = 0; i < 11; ++i) {
    const holdings one = reading(pid);
    resident.push_back(one.resident_mib);
    anonymous.push_back(one.anonymous_mib);
    descriptors.push_back(one.descriptors);
    threads.push_back(one.threads);
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  return {median(resident), median(anonymous), median(descriptors), median(threads)};
}

std::string trend::to_string() const {
  return fmt::format("{:.1f} -> {:.1f} ({:+.1f}, {:.1f} allowed): {}", first, last, last - first, allowed,
                     flat() ? "flat" : "it grows");
}

trend trend_of(const std::vector<double>& series, std::size_t period, double share, double at_least) {
  const std::size_t side = std::min(series.size(), std::max(series.size() / 3 / period, std::size_t{1}) * period);
  if (side == 0) return {};
  const auto n = static_cast<std::ptrdiff_t>(side);
  trend t;
  t.first = std::accumulate(series.begin(), series.begin() + n, 0.0) / static_cast<double>(side);
  t.last = std::accumulate(series.end() - n, series.end(), 0.0) / static_cast<double>(side);
  t.allowed = std::max(share * t.first, at_least);
  return t;
}

}  // namespace haulcast::support
