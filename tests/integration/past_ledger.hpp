// A few days of a few trucks, seeded, as phones send them: late, twice, wrong. And the books: what must come of it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace haulcast::support {

/// Pure: the same seed and begin give the same batches. Nothing is sent that the server may judge either way, but for a
/// position that is sent again long after: how it is counted is the server's choice, and the first one stands.
class past_ledger {
 public:
  /// `begin_ms` is when the trucks' days begin; they take `days` of them.
  past_ledger(unsigned seed, std::int64_t begin_ms, int days);

  /// Positions to be posted in this order, a batch at a time, each when the one before has its answer; empty: all were given.
  std::vector<nlohmann::json> next();
  /// How many of the last batch must be in `rejected`.
  std::size_t refused_of_last() const noexcept { return refused_of_last_; }

  struct refusal {
    std::size_t index = 0;
    std::string code, truck_id, raw;
  };
  /// What was given so far has come to this. By time: the first position of each, as the API tells it, without `received_at`;
  /// `late` and `suspect` as they must be.
  const std::map<std::string, std::map<std::int64_t, nlohmann::json>>& tracks() const noexcept { return tracks_; }
  const std::vector<refusal>& refused() const noexcept { return refused_; }
  std::vector<std::string> trucks() const;

 private:
  struct truck_plan {
    std::string id;
    std::deque<nlohmann::json> ahead;    // in the order of time
    std::vector<nlohmann::json> behind;  // to be sent late
    std::int64_t newest_ms = 0;
  };
  nlohmann::json a_position(const truck_plan& of, std::int64_t at_ms, double latitude, double speed_kmh, const char* engine);
  void plan_days(truck_plan& of, std::int64_t begin_ms, int days);
  void give_one(truck_plan& of, std::vector<nlohmann::json>& into);
  void give(truck_plan& of, nlohmann::json sent, std::vector<nlohmann::json>& into, const char* suspect = nullptr);
  void refuse(truck_plan& of, nlohmann::json wrong, std::vector<nlohmann::json>& into);
  bool chance(double share) { return std::uniform_real_distribution<double>{}(dice_) < share; }
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>{0, n - 1}(dice_); }

  std::mt19937 dice_;
  std::vector<truck_plan> trucks_;
  std::map<std::string, std::map<std::int64_t, nlohmann::json>> tracks_;
  std::vector<refusal> refused_;
  std::size_t refused_of_last_ = 0;
};

}  // namespace haulcast::support
