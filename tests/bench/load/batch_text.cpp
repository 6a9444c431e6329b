#include "load/batch_text.hpp"

#include <fmt/core.h>

#include <chrono>

namespace haulcast::bench {
namespace {

constexpr std::string_view model =
    R"({"truck_id":"TRK-0000000","timestamp":"2026-01-01T00:00:00.000Z","latitude":47.000000,"longitude":8.541712,)"
    R"("speed_kmh":45.0,"heading":180,"accuracy_m":5,"odometer_km":1203456.78,"engine_status":"running"})";
constexpr auto id_at = model.find("0000000");
constexpr auto time_at = model.find("2026");
constexpr auto latitude_at = model.find("47.000000");
constexpr auto stamp_at = model.find("1203456.78");

constexpr std::int64_t step_ms = 5000;
constexpr std::uint32_t road_steps = 400;
constexpr std::uint32_t microdegrees_a_step = 562;

/// `width` digits, leading zeros.
void write_digits(char* to, std::uint32_t value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

/// Over a model of the same form: "2026-11-20T10:30:00.000Z".
void write_time(char* to, std::int64_t epoch_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> t{milliseconds{epoch_ms}};
  const auto day = floor<days>(t);
  const year_month_day date{day};
  const auto ms = static_cast<std::uint32_t>((t - day).count());
  write_digits(to, static_cast<std::uint32_t>(static_cast<int>(date.year())), 4);
  write_digits(to + 5, static_cast<unsigned>(date.month()), 2);
  write_digits(to + 8, static_cast<unsigned>(date.day()), 2);
  write_digits(to + 11, ms / 3'600'000, 2);
  write_digits(to + 14, ms / 60'000 % 60, 2);
  write_digits(to + 17, ms / 1000 % 60, 2);
  write_digits(to + 20, ms % 1000, 3);
}

std::int64_t days_ago_ms(int days) {
  const auto now = std::chrono::system_clock::now() - std::chrono::days{days};
  return std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count() * 1000;
}

}  // namespace

std::uint32_t read_stamp(std::string_view text) {
  std::uint32_t value = 0;
  int fraction = -1;  // digits read of it
  for (const char c : text) {
    if (c == '.') {
      fraction = 0;
    } else if (c >= '0' && c <= '9' && fraction < 2) {
      value = value * 10 + static_cast<std::uint32_t>(c - '0');
      fraction += fraction >= 0 ? 1 : 0;
    } else {
      break;
    }
  }
  for (; fraction < 2; fraction = fraction < 0 ? 1 : fraction + 1) value *= 10;
  return value - 100'000'000;
}

std::string truck_id(std::uint32_t number) { return fmt::format("TRK-{:07}", number); }

batch_text::batch_text(std::size_t positions, std::string_view token) : start_ms_{days_ago_ms(25)} {
  std::string body = R"({"positions":[)";
  for (std::size_t i = 0; i < positions; ++i) {
    if (i > 0) body += ',';
    slots_.push_back(body.size());
    body += model;
  }
  body += "]}";
  text_ = fmt::format(
      "POST /v1/positions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n\r\n",
      token, body.size());
  for (auto& slot : slots_) slot += text_.size();
  text_ += body;
}

void batch_text::put(std::size_t at, bench_truck& truck) {
  char* slot = text_.data() + slots_[at];
  const auto n = truck.sent++;
  const auto along = n % (2 * road_steps);
  const auto steps = along < road_steps ? along : 2 * road_steps - along;
  write_digits(slot + id_at + 0, truck.number, 7);
  write_time(slot + time_at, start_ms_ + n * step_ms);
  write_digits(slot + latitude_at + 3, steps * microdegrees_a_step, 6);
}

void batch_text::stamp(std::size_t at, std::uint32_t microseconds) {
  char* slot = text_.data() + slots_[at] + stamp_at;
  const auto value = microseconds + 100'000'000;  // no leading zeros
  write_digits(slot, value / 100, 7);
  write_digits(slot + 8, value % 100, 2);
}

std::string_view batch_text::position(std::size_t at) const { return std::string_view{text_}.substr(slots_[at], model.size()); }

}  // namespace haulcast::bench
