// What the loaders are told and what they tell.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "load/connection.hpp"

namespace haulcast::bench {

struct target {
  std::uint16_t port = 0;
  std::string token;                                    // bearer; any text for a server that does not look
  pid_t server = 0;                                     // whose CPU is read; 0: nobody's
  std::uint16_t mqtt_port = 0;                          // not 0: an MQTT broker; `port` is its WebSocket listener
  const volatile std::uint64_t* allocations = nullptr;  // the server's, counted while it runs
};

struct load_result {
  std::uint64_t requests = 0;    // answered 200 (MQTT: published)
  std::uint64_t refused = 0;     // answered otherwise
  std::uint64_t positions = 0;   // in the requests answered 200
  std::uint64_t accepted = 0;    // as the answers say
  std::uint64_t duplicates = 0;  // as the answers say
  std::uint64_t deliveries = 0;  // positions that reached subscribers
  std::uint64_t missing = 0;     // deliveries that never came
  double seconds = 0;
  double server_cpu_s = 0;  // cpu_seconds() of it
  double p50_us = 0;        // from a request's first byte (at a fixed rate: from when it was due) to its answer's last
  double p99_us = 0;
  double told_p50_us = 0;  // the same to the arrival of its positions at subscribers; only where that is asked for
  double told_p99_us = 0;
  double told_p999_us = 0;
  std::uint64_t allocations = 0;  // by the server
};

/// One line of JSON.
std::string to_json(const load_result& result);

struct ingest_plan {
  std::size_t connections = 64;
  std::size_t batch = 100;                 // positions a request
  std::size_t trucks_per_connection = 16;  // taking turns
  std::uint32_t stride = 1;                // between their numbers
  bool mixed = false;                      // turns change with each position, not with each request
  std::uint32_t first_position = 0;        // of every truck: behind what an earlier plan sent
  double rate = 0;                         // requests a second, of all connections together; 0: as many as are answered
  bool sleeps = false;                     // until the next is due, rather than look all the time: others have its core too
  double warm_up_s = 0.5;
  double seconds = 3;
  std::uint64_t requests = 0;  // stop after so many, without warm-up; 0: by time
};

/// Without a rate every connection sends its next batch when the one before is answered; with one, batches are sent when they
/// are due, and wait (which counts) while all connections are busy. One thread.
load_result run_ingest(const target& to, const ingest_plan& plan);

struct fanout_plan {
  std::size_t subscribers = 1000;  // every truck is followed by 10 of them, each follows 4 trucks
  std::size_t posters = 16;  // trucks are divided among them, so each truck's positions stay in order; a batch is of one's
  std::size_t batch = 100;
  bool one_truck = false;       // a batch is one truck's, not a hundred trucks'
  std::size_t window = 20'000;  // deliveries that may be outstanding
  double rate = 0;              // batches a second, with each position's way to its subscribers timed; 0: as the window allows
  double warm_up_s = 0.5;
  double seconds = 3;
};

/// Posts batches and counts what reaches the subscribers. One thread.
load_result run_fanout(const target& to, const fanout_plan& plan);

/// GET /healthz, one at a time, the next one `interval_us` after the one before was sent or when it is answered. Adds each
/// one's microseconds to `found`.
void run_probe(const target& to, double seconds, double interval_us, latencies& found);

}  // namespace haulcast::bench
