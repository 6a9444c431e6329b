// What is done to a server that is soaked, one fault a minute.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "faults/switchboard.hpp"
#include "integration/prober.hpp"

namespace haulcast::support {

struct soak_fault {
  std::string name;
  std::function<observed()> happen;  // blocks until it is over; what the prober was told meanwhile
};

struct soak_fault_options {
  std::string token;                  // an admin's
  std::vector<std::string> followed;  // trucks that subscribers who vanish had asked for
  milliseconds length{0};             // of each
  bool many = false;                  // thousands of bad requests, and longer standstills
};

/// All of them, in turn. What is given must outlive them.
std::vector<soak_fault> soak_faults(server& s, faults::switchboard& disk, prober& probe, soak_fault_options options);

}  // namespace haulcast::support
