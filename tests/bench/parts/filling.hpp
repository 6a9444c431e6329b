// A store that has been filled for days, by the store's own writer: no server, no journal.
#pragma once

#include <cstddef>
#include <string>

#include "haulcast/store/writer.hpp"

namespace haulcast::bench {

struct filling {
  std::size_t rows = 10'000'000;  // positions, evenly over
  int days = 10;                  // whole ones, in UTC, of which
  int newest = 11;                // is so many days ago
  std::size_t trucks = 500;       // that report by turns
  bool lists = false;             // events and refused positions too: one to each 21, and to each 100
};

/// "OLD-00042"
std::string old_truck(std::size_t number);

/// All hours are settled afterwards, and everything is durable. Throws std::runtime_error with the store's words. The store's
/// checkpoint is of a journal that is nowhere: a server takes it over with --adopt.
void fill(store::writer& to, const filling& what);

/// The moment at which the day begins that many days ago.
utc_time day_ago(int days);

}  // namespace haulcast::bench
