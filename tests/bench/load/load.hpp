// What the loaders are told and what they tell.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace haulcast::bench {

struct target {
  std::uint16_t port = 0;
  std::string token;  // bearer; any text for a server that does not look
  pid_t server = 0;   // whose CPU is read; 0: nobody's
};

struct load_result {
  std::uint64_t requests = 0;    // answered 200
  std::uint64_t refused = 0;     // answered otherwise
  std::uint64_t positions = 0;   // in the requests answered 200
  std::uint64_t accepted = 0;    // as the answers say
  std::uint64_t duplicates = 0;  // as the answers say
  std::uint64_t deliveries = 0;  // positions that reached subscribers
  std::uint64_t missing = 0;     // deliveries that never came
  double seconds = 0;
  double server_cpu_s = 0;  // of all its threads, user and system
  double p50_us = 0;        // from a request's first byte to its answer's last
  double p99_us = 0;
};

/// One line of JSON.
std::string to_json(const load_result& result);

struct ingest_plan {
  std::size_t connections = 64;
  std::size_t batch = 100;                 // positions a request, all of one truck
  std::size_t trucks_per_connection = 16;  // taking turns
  double warm_up_s = 0.5;
  double seconds = 3;
  std::uint64_t requests = 0;  // stop after so many, without warm-up; 0: by time
};

/// Closed loop: every connection sends its next batch when the one before is answered. One thread.
load_result run_ingest(const target& to, const ingest_plan& plan);

struct fanout_plan {
  std::size_t subscribers = 1000;  // every truck is followed by 10 of them, each follows 20 trucks
  std::size_t posters = 16;        // trucks are divided among them, so each truck's positions stay in order
  std::size_t batch = 100;
  bool one_truck = false;       // a batch is one truck's, not a hundred trucks'
  std::size_t window = 20'000;  // deliveries that may be outstanding
  double warm_up_s = 0.5;
  double seconds = 3;
};

/// Posts batches and counts what reaches the subscribers. One thread.
load_result run_fanout(const target& to, const fanout_plan& plan);

}  // namespace haulcast::bench
