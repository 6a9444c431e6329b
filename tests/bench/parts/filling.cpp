#include "parts/filling.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <vector>

namespace haulcast::bench {
namespace {

using std::chrono::days;

constexpr std::size_t rows_a_batch = 20'000;
constexpr std::size_t rows_an_event = 21;  // not 20, or only each twentieth truck would have some
constexpr std::size_t rows_a_rejection = 100;
const std::string journal = "a journal that is nowhere";

template <class T>
T must(store::store_result<T> done) {
  if (!done) throw std::runtime_error{done.error().why};
  if constexpr (!std::is_void_v<T>) return *std::move(done);
}

class filler {
 public:
  filler(store::writer& to, const filling& what)
      : to_{to}, what_{what}, begins_{day_ago(what.newest + what.days - 1)}, length_{days{what.days}} {
    for (std::size_t i = 0; i < what.trucks; ++i) names_.push_back(old_truck(i));
  }

  void run() {
    must(to_.open());
    for (std::size_t next = 0; next < what_.rows;) {
      const store::batch rows = make(next, std::min(rows_a_batch, what_.rows - next));
      must(to_.write(rows, journal));
      next += rows.positions.size();
    }
    const store::retention all{.positions = days{3'650}, .events = days{3'650}, .quarantine = days{3'650}, .dead = days{3'650}};
    while (must(to_.upkeep(all, system_now()))) {
    }
    must(to_.make_durable());
  }

 private:
  store::batch make(std::size_t first, std::size_t count) {
    store::batch b;
    b.begins = b.reaches = ++record_;
    b.trucks.assign(names_.begin(), names_.end());
    for (std::size_t i = 0; i < count; ++i) add(b, first + i, static_cast<std::uint32_t>(i));
    b.heard = b.positions.back().received_at;
    return b;
  }

  void add(store::batch& to, std::size_t n, std::uint32_t place) const {
    const std::size_t truck = n % what_.trucks;
    engine::position p;
    p.timestamp = begins_ + length_ * static_cast<std::int64_t>(n) / static_cast<std::int64_t>(what_.rows);
    p.point = {.latitude = 47 + static_cast<double>(truck) * 1e-3,
               .longitude = 8 + static_cast<double>(n / what_.trucks % 400) * 1e-4};
    p.speed_kmh = 45.5;
    p.heading = 180;
    p.accuracy_m = 5;
    p.engine_status = "running";
    const utc_time heard = p.timestamp + milliseconds{80};
    to.positions.push_back(
        {.at = {record_, place}, .truck = static_cast<std::uint32_t>(truck), .judged = {}, .received_at = heard, .what = p});
    if (!what_.lists) return;
    // Not by truck number alone, or each truck would have one type.
    if (n % rows_an_event == 0) {
      const auto type = static_cast<engine::event_type>(n / rows_an_event % 7 % engine::event_types);
      to.events.push_back(
          {.id = {record_, place},
           .type = type,
           .time = p.timestamp,
           .truck_id = names_[truck],
           .subject = "truck/" + names_[truck],
           .text = fmt::format(R"({{"specversion":"1.0","type":"{}","subject":"truck/{}","data":{{"is":"{:>200}"}}}})",
                               engine::to_string(type), names_[truck], n)});
    }
    if (n % rows_a_rejection == 0) {
      to.quarantine.push_back({.at = {record_, place},
                               .received_at = heard,
                               .code = n / rows_a_rejection % 3 == 0 ? engine::reject_code::timestamp_missing
                                                                     : engine::reject_code::latitude_missing,
                               .truck_id = names_[n / rows_a_rejection % what_.trucks],
                               .raw = R"({"truck_id":"OLD-00000","latitude":47.1,"longitude":8.5,"speed_kmh":45.5})"});
    }
  }

  store::writer& to_;
  const filling what_;
  const utc_time begins_;
  const milliseconds length_;
  std::vector<std::string> names_;
  store::offset_t record_ = 0;
};

}  // namespace

std::string old_truck(std::size_t number) { return fmt::format("OLD-{:05}", number); }

utc_time day_ago(int ago) { return std::chrono::floor<days>(system_now()) - days{ago}; }

void fill(store::writer& to, const filling& what) { filler{to, what}.run(); }

}  // namespace haulcast::bench
