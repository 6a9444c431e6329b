#include "parts/phases.hpp"

#include <fmt/core.h>

#include <array>
#include <cstdio>

namespace haulcast::bench {
namespace {

constexpr double rate_held = 0.98;

double median_of(const std::vector<phase>& all, double phase::* what) {
  std::vector<double> values;
  for (const auto& p : all) values.push_back(p.*what);
  return median(values);
}

}  // namespace

std::string flaw_of_paced(const load_result& r, double rate) {
  if (r.refused > 0 || r.accepted != r.positions) return "not all was accepted: " + to_json(r);
  return static_cast<double>(r.requests) < rate_held * rate * r.seconds ? "the rate was not held" : "";
}

phase_pairs::phase_pairs(std::size_t rounds, const std::function<phase(bool with, std::size_t turn)>& run) {
  for (std::size_t round = 0; round < rounds; ++round) {
    const bool with_first = round % 2 == 1;
    for (const std::size_t turn : {0U, 1U}) {
      for (const bool second : {false, true}) {
        const bool with = with_first != second;
        (with ? with_ : without_).push_back(run(with, turn));
      }
    }
    fmt::print(stderr, ".");
    std::fflush(stderr);
  }
  fmt::print(stderr, "\n");
}

spread phase_pairs::ratio(double phase::* what) const {
  std::vector<double> values;
  for (std::size_t i = 0; i < with_.size(); ++i) values.push_back(with_[i].*what / without_[i].*what);
  return spread_of(values);
}

spread phase_pairs::noise(double phase::* what) const {
  std::vector<double> values;
  for (std::size_t i = 1; i < with_.size(); i += 2) {
    values.push_back(with_[i].*what / with_[i - 1].*what);
    values.push_back(without_[i].*what / without_[i - 1].*what);
  }
  return spread_of(values);
}

double phase_pairs::with(double phase::* what) const { return median_of(with_, what); }
double phase_pairs::without(double phase::* what) const { return median_of(without_, what); }

void phase_pairs::tell(report& out, const std::string& work, const std::string& voided, const std::string& note,
                       goal cost_must) const {
  const struct {
    const char* name;
    double phase::* what;
  } all[] = {{"p50", &phase::p50_us}, {"p99", &phase::p99_us}, {"CPU a position", &phase::cost_us}};
  for (const auto& [name, what] : all) {
    const spread self = noise(what);
    const bool cost = what == &phase::cost_us;
    out.add({.work = work + ": " + name,
             .unit = "x",
             .value = ratio(what),
             .wanted = cost && cost_must.must ? cost_must : unchanged(self),
             .against_itself = self,
             .void_because = voided,
             .note = cost ? fmt::format("{:.3f} us against {:.3f} us, all threads but the store's", with(what), without(what))
                          : fmt::format("{:.0f} us against {:.0f} us; {}", with(what), without(what), note)});
  }
}

}  // namespace haulcast::bench
