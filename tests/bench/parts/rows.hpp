// The figures a run ends with: each beside what it must and should be.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace haulcast::bench {

double median(std::vector<double> values);

/// Median, least and greatest of one figure over the rounds.
struct spread {
  double median = 0;
  double least = 0;
  double greatest = 0;
};
spread spread_of(std::vector<double> values);

struct goal {
  std::optional<double> must;
  std::optional<double> aim;
  bool at_most = true;  // or at least
};

/// A ratio is unchanged: by no more than a tenth, or than what is measured differs from itself.
goal unchanged(const spread& noise);

struct row {
  std::string work;
  std::string unit;  // behind the value: "x", " us", " B"
  spread value;
  goal wanted;
  std::optional<spread> against_itself;  // haulcast over haulcast in the same rounds: the noise
  std::string void_because;              // the figure is worth nothing
  std::string note;
};

class report {
 public:
  /// A smoke run is not judged.
  explicit report(bool judged) : judged_{judged} {}

  /// Printed at once, and kept for the end.
  void add(row r);
  /// A part that gave no rows, or not all of its rows.
  void missing(const std::string& part, const std::string& why);
  /// A line of detail, for people.
  void say(const std::string& line) const;

  void print() const;
  std::string json() const;

 private:
  std::string verdict(const row& r) const;

  bool judged_;
  std::vector<row> rows_;
  std::vector<std::string> missing_;
};

}  // namespace haulcast::bench
