// What one position of a batch costs to parse, judge and keep: ns per position for batches of several sizes and shapes.
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "haulcast/wire/batch_parser.hpp"
#include "haulcast/wire/time.hpp"

namespace {

using namespace haulcast;

constexpr utc_time now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20} + std::chrono::hours{12}};

/// About 190 bytes a position, ten members, two of them unknown to the server: what a phone sends.
std::string batch_of(std::size_t positions, bool many_trucks, bool rich) {
  std::string body = R"({"positions":[)";
  for (std::size_t i = 0; i < positions; ++i) {
    if (i != 0) body += ',';
    body += R"({"truck_id":"TRK-)" + std::to_string(10000 + (many_trucks ? i : 0)) + R"(","timestamp":")";
    wire::append_time(body, now - seconds{5} * static_cast<long>(positions - i));
    const std::string n = std::to_string(i % 90 + 10);
    body += R"(","latitude":47.37)" + n + R"(9,"longitude":8.54)" + n + R"(7,"speed_kmh":45.5,"heading":180,"accuracy_m":4.)" +
            n + R"(,"odometer_km":120345.)" + n;
    body += rich ? R"(,"trip_id":"T-1","driver_id":"D-7","engine_status":"running","attributes":{"reefer_c":-18.5}})"
                 : R"(,"ignition":true,"seq":1)" + n + "}";
  }
  body += "]}";
  return body;
}

/// CPU time of this thread: other loads on the machine count little.
double cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

/// The yardstick: simdjson's on-demand front end asked for eight members, with nothing validated, judged or kept.
std::size_t walk_lazily(simdjson::ondemand::parser& parser, const std::string& body) {
  std::size_t found = 0;
  simdjson::ondemand::document json = parser.iterate(body);
  for (simdjson::ondemand::object position : json["positions"]) {
    std::string_view text;
    double sum = 0;
    text = position["truck_id"], found += text.size();
    text = position["timestamp"], found += text.size();
    for (const char* name : {"latitude", "longitude", "speed_kmh", "heading", "accuracy_m", "odometer_km"}) {
      sum += position[name].get_double();
    }
    found += sum > 0 ? 1 : 0;
  }
  return found;
}

void measure(const char* name, std::size_t positions, bool many_trucks, bool rich) {
  std::string body = batch_of(positions, many_trucks, rich);
  body.reserve(body.size() + wire::batch_parser::padding());
  wire::batch_parser parser;
  simdjson::ondemand::parser lazy;
  const wire::batch_limits limits;
  const wire::covers all;
  std::vector<double> ours;
  std::vector<double> yardstick;
  std::size_t seen = 0;
  const std::size_t times = std::max<std::size_t>(1, 20'000 / positions);
  const double in_a_round = static_cast<double>(times * positions);
  for (int round = 0; round < 101; ++round) {  // short and interleaved, so that the median is of quiet ones
    const double begin = cpu_ns();
    for (std::size_t i = 0; i < times; ++i) seen += parser.parse(body, now, limits, all)->batch->positions.size();
    const double middle = cpu_ns();
    for (std::size_t i = 0; i < times; ++i) seen += walk_lazily(lazy, body);
    ours.push_back((middle - begin) / in_a_round);
    yardstick.push_back((cpu_ns() - middle) / in_a_round);
  }
  std::ranges::sort(ours);
  std::ranges::sort(yardstick);
  std::printf("%-28s %5zu positions %7zu bytes: median %6.1f best %6.1f ns/position; lazy simdjson %6.1f, %6.1f: x%.2f\n", name,
              positions, body.size(), ours[50], ours[0], yardstick[50], yardstick[0], ours[50] / yardstick[50]);
  if (seen == 0) std::puts("nothing was seen");
}

/// What a body of 1 MiB made to be slow costs at most.
void measure_hostile(const char* name, const std::string& start, const std::string& unit, const std::string& end) {
  std::string body = start;
  for (std::size_t i = 0; body.size() < (1U << 20); ++i) {
    const std::size_t place = unit.find('#');
    body +=
        place == std::string::npos ? unit : unit.substr(0, place) + std::to_string(i * 7919 % 999'983) + unit.substr(place + 1);
  }
  body += end;
  body.reserve(body.size() + wire::batch_parser::padding());
  wire::batch_parser parser;
  double best = 1e9;
  std::string said;
  for (int round = 0; round < 15; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    const auto parsed = parser.parse(body, now, {}, {});
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count());
    said = parsed ? "taken" : std::string{to_string(parsed.error().code)};
  }
  std::printf("%-40s %7zu bytes  best %6.2f ms  (%s)\n", name, body.size(), best, said.c_str());
}

}  // namespace

int main() {
  measure("one truck", 1, false, false);
  measure("one truck", 10, false, false);
  measure("one truck", 100, false, false);
  measure("one truck", 1000, false, false);
  measure("as many trucks as positions", 1000, true, false);
  measure("with texts and attributes", 100, false, true);
  measure_hostile("a position of many unknown members", R"({"positions":[{"x":0)", R"(,"#":0)", "}]}");
  measure_hostile("a million brackets", "[[", "[],", "0]]");
  measure_hostile("many elements that are none", R"({"positions":[0)", ",0", "]}");
  measure_hostile("many numbers", R"({"positions":[{"x":[0)", ",-1.7976931348623157e308", "]}]}");
  measure_hostile("many long numbers", R"({"positions":[{"x":[0)", ",0.12345678901234567890123456789e-300", "]}]}");
  measure_hostile("one long text of escapes", R"({"positions":[{"x":")", R"(\ud83d\ude9a)", "\"}]}");
  measure_hostile("one long name", R"({"positions":[{")", "x", "\":0}]}");
}
