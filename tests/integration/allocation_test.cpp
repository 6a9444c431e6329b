// How often the server takes memory from the heap for a request once it is warm, counted in the real program. One connection,
// so every request is a commit of its own: what a commit takes is not shared by others.
#include "bench/load/allocation_counter.hpp"
#include "bench/load/load.hpp"
#include "faults/switchboard.hpp"
#include "support/server.hpp"

namespace haulcast::support {
namespace {

class Allocations : public testing::Test {
 protected:
  void SetUp() override {
    if (!faults::switchboard::available()) GTEST_SKIP() << "a sanitized server takes no preloaded library";
  }

  /// Of the server, for each of so many requests.
  static double per_request(std::size_t batch, const std::string& role = "admin") {
    const temp_directory scratch;
    const bench::allocation_counter counter{scratch / "allocations"};
    server s{{.binary = HAULCAST_BINARY,
              .environment = {{"LD_PRELOAD", HAULCAST_COUNT_ALLOCATIONS ":libstdc++.so.6"},
                              {"BENCH_ALLOCATIONS", (scratch / "allocations").string()},
                              // A driver is counted, and never refused.
                              {"HAULCAST_LIMITS__TRUCK_REQUESTS_PER_S", "1000"},
                              {"HAULCAST_LIMITS__TRUCK_BURST", "100000"},
                              {"HAULCAST_LIMITS__SUBJECT_BURST", "100000"}}}};
    std::vector<std::string> trucks;
    for (char digit = '0'; digit <= '9'; ++digit) trucks.push_back(std::string{"TRK-000000"} + digit);
    EXPECT_GT(*counter.value(), 0U) << "nothing is counted";
    const bench::target to{.port = static_cast<std::uint16_t>(std::stoi(s.base().port)),
                           .token = s.token(role, trucks),
                           .allocations = counter.value()};
    bench::ingest_plan plan{.connections = 1, .batch = batch, .trucks_per_connection = 8, .requests = 400};
    run_ingest(to, plan);
    plan.first_position = static_cast<std::uint32_t>(400 * batch / 8);
    const auto r = run_ingest(to, plan);
    EXPECT_EQ(r.accepted, 400 * batch);
    return static_cast<double>(r.allocations) / static_cast<double>(r.requests);
  }
};

// The group that is committed and kept, the word that it is, and 0.8 pieces of the trucks' windows; a little for the clock's.
TEST_F(Allocations, OfABatchOfAHundredAreNoMoreThanFive) { EXPECT_LE(per_request(100), 5.0); }

TEST_F(Allocations, OfASinglePositionAreNoMoreThanFour) { EXPECT_LE(per_request(1), 4.0); }

TEST_F(Allocations, ADriversAreNoMoreThoughTheyAreCounted) { EXPECT_LE(per_request(1, "driver"), 4.0); }

}  // namespace
}  // namespace haulcast::support
