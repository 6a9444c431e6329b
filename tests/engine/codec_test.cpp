#include "haulcast/engine/codec.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

#include "engine/story.hpp"

namespace haulcast::engine {
namespace {

using namespace story;

constexpr std::array numbers{&position::speed_kmh,   &position::heading,        &position::altitude_m, &position::accuracy_m,
                             &position::odometer_km, &position::fuel_level_pct, &position::battery_pct};

void expect_exact(const position& a, const position& b) {
  const auto bits = [](double d) { return std::isnan(d) ? 0x7FF8'0000'0000'0000 : std::bit_cast<std::uint64_t>(d); };
  EXPECT_EQ(a.timestamp, b.timestamp);
  EXPECT_EQ(bits(a.point.latitude), bits(b.point.latitude)) << a.point.latitude;
  EXPECT_EQ(bits(a.point.longitude), bits(b.point.longitude)) << a.point.longitude;
  for (const auto number : numbers) EXPECT_EQ(bits(a.*number), bits(b.*number)) << a.*number;
  EXPECT_EQ(a.engine_status, b.engine_status);
  EXPECT_EQ(a.trip_id, b.trip_id);
  EXPECT_EQ(a.driver_id, b.driver_id);
  EXPECT_EQ(a.attributes, b.attributes);
}

void expect_round_trip(const std::vector<position>& sent) {
  std::string bytes;
  byte_writer out{bytes};
  position_encoder encoder{morning};
  for (const position& p : sent) encoder.encode(out, p);
  byte_reader in{bytes};
  position_decoder decoder{morning};
  for (const position& p : sent) expect_exact(p, decoder.decode(in));
  EXPECT_TRUE(in.ok() && in.done());
}

TEST(PositionCodec, KeepsEveryBitOfPlainAndOddNumbers) {
  const double odd[] = {0.0,
                        -0.0,
                        0.1,
                        0.3,
                        1.0 / 3,
                        45.5,
                        5e-324,
                        1e-300,
                        1e15,
                        1e300,
                        -1000,
                        20'000,
                        1e7,
                        123'456.789,
                        0.0005,
                        -0.0005,
                        999'999'999'999.999,
                        std::nextafter(45.5, 100.0),
                        std::numeric_limits<double>::max()};
  std::vector<position> sent;
  for (const double a : odd) {
    for (const double b : odd) {
      position p = at(static_cast<int>(sent.size()) * 1s);
      p.point = {std::fmod(a, 90), std::fmod(b, 180)};
      p.speed_kmh = a;
      p.altitude_m = b;
      p.heading = a;
      sent.push_back(p);
    }
  }
  expect_round_trip(sent);
}

TEST(PositionCodec, KeepsPlacesAtTheEndsOfTheEarth) {
  std::vector<position> sent;
  for (const double latitude : {90.0, -90.0, 0.0, -0.0, 89.99999999999999, 1e-7, 5e-8}) {
    for (const double longitude : {180.0, -180.0, -0.0, 179.99999999999997}) {
      sent.push_back(at_point(static_cast<int>(sent.size()) * -1s, {latitude, longitude}));
    }
  }
  expect_round_trip(sent);
}

class PositionCodecAtRandom : public testing::TestWithParam<unsigned> {};

TEST_P(PositionCodecAtRandom, IsExact) {
  std::mt19937_64 dice{GetParam()};
  const auto any_number = [&](double low, double high) {
    const double value = std::uniform_real_distribution{low, high}(dice);
    switch (dice() % 4) {
      case 0: return value;
      case 1: return std::round(value * 1000) / 1000;
      case 2: return std::round(value * 1e7) / 1e7;
      default: return std::round(value);
    }
  };
  const std::string texts[] = {"", "running", "T-1", "Zürich \U0001F69A", R"({"reefer_c":-18.5})", std::string(1024, 'x')};
  std::vector<position> sent;
  for (int i = 0; i < 500; ++i) {
    position p;
    p.timestamp = morning + milliseconds{static_cast<std::int64_t>(dice() % 10'000'000'000) - 5'000'000'000};
    p.point = {any_number(-90, 90), any_number(-180, 180)};
    for (const auto number : numbers) {
      if (dice() % 3 != 0) p.*number = any_number(-1000, 10'000'000);
    }
    for (auto text : {&position::engine_status, &position::trip_id, &position::driver_id, &position::attributes}) {
      if (dice() % 2 == 0) p.*text = texts[dice() % std::size(texts)];
    }
    sent.push_back(p);
  }
  expect_round_trip(sent);
}
INSTANTIATE_TEST_SUITE_P(Seeds, PositionCodecAtRandom, testing::Range(1u, 11u));

TEST(PositionCodec, APlainPositionIsSmall) {
  std::string bytes;
  byte_writer out{bytes};
  position_encoder encoder{morning};
  for (int i = 0; i < 100; ++i) {
    position p = at(i * 5s);
    p.point = {(473'769 + i * 5) / 1e4, (85'417 + i * 4) / 1e4};
    p.speed_kmh = 45.5 + i % 9;
    p.heading = 180;
    p.altitude_m = 408;
    p.accuracy_m = 5;
    p.battery_pct = 80;
    p.driver_id = "D-7";
    encoder.encode(out, p);
  }
  std::printf("a position with five numbers: %.1f bytes\n", static_cast<double>(bytes.size()) / 100);
  EXPECT_LE(bytes.size(), 100 * 24u);
}

TEST(EventCodec, KeepsEventsWithAndWithoutAPosition) {
  event e;
  e.type = event_type::truck_offline;
  e.time = morning + 600'001ms;
  e.truck_id = "TRK-1";
  e.late = true;
  event with = e;
  with.type = event_type::truck_online;
  with.interpolated = true;
  position where = at(-3s, 12.345678, 33.3);
  where.attributes = "{}";
  with.where.emplace(where);
  std::string bytes;
  byte_writer out{bytes};
  encode(out, e, morning);
  encode(out, with, morning);
  byte_reader in{bytes};
  const event first = decode_event(in, morning);
  const event second = decode_event(in, morning);
  EXPECT_TRUE(in.ok() && in.done());
  EXPECT_EQ(told(first), "truck.offline TRK-1 @600.001");
  EXPECT_TRUE(first.late);
  EXPECT_FALSE(first.interpolated || first.where);
  EXPECT_EQ(told(second), "truck.online TRK-1 @600.001");
  EXPECT_TRUE(second.interpolated);
  ASSERT_TRUE(second.where);
  expect_exact(second.where->get(), where);
}

TEST(EventCodec, KeepsTheGeofenceThatAnEventIsAbout) {
  event left;
  left.type = event_type::geofence_exited;
  left.time = morning;
  left.truck_id = "TRK-1";
  left.fence = fence_facts{"depot", "Dépôt", exit_reason::changed};
  event fast = left;
  fast.type = event_type::speed_violated;
  fast.fence = fence_facts{"depot", "", exit_reason::none, 30.5};
  std::string bytes;
  byte_writer out{bytes};
  encode(out, left, morning);
  encode(out, fast, morning);
  byte_reader in{bytes};
  const event first = decode_event(in, morning);
  const event second = decode_event(in, morning);
  EXPECT_TRUE(in.ok() && in.done());
  ASSERT_TRUE(first.fence && second.fence);
  EXPECT_EQ(first.fence->geofence_id, "depot");
  EXPECT_EQ(first.fence->geofence_name, "Dépôt");
  EXPECT_EQ(first.fence->reason, exit_reason::changed);
  EXPECT_TRUE(std::isnan(first.fence->speed_limit_kmh));
  EXPECT_EQ(second.fence->geofence_name, "");
  EXPECT_EQ(second.fence->reason, exit_reason::none);
  EXPECT_EQ(second.fence->speed_limit_kmh, 30.5);
}

TEST(EventCodec, AnUnknownReasonIsRefused) {
  std::string bytes{"\x03\x08\x00\x00\x01g\x00\x04", 8};
  byte_reader in{bytes};
  decode_event(in, morning);
  EXPECT_FALSE(in.ok());
}

TEST(EventCodec, AnUnknownTypeIsRefused) {
  std::string bytes{"\x7F\x00\x00\x00", 4};
  byte_reader in{bytes};
  decode_event(in, morning);
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace haulcast::engine
