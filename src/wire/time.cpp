#include "haulcast/wire/time.hpp"

#include <algorithm>
#include <array>

namespace haulcast::wire {
namespace {

using std::chrono::minutes;

/// Digits at fixed places. A character that is none is remembered, so that a text is judged once, at its end.
class digits {
 public:
  explicit digits(const char* at) : at_{at} {}
  unsigned two(std::size_t place) noexcept { return one(place) * 10 + one(place + 1); }
  unsigned four(std::size_t place) noexcept { return two(place) * 100 + two(place + 2); }
  bool all() const noexcept { return all_; }

 private:
  unsigned one(std::size_t place) noexcept {
    const auto digit = static_cast<unsigned>(static_cast<unsigned char>(at_[place])) - '0';
    all_ &= digit <= 9;
    return digit;
  }
  const char* at_;
  bool all_ = true;
};

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Takes `.123456` off the front of `rest`: its milliseconds; 0 when there is no fraction, nothing for a bare point.
std::optional<milliseconds> take_fraction(std::string_view& rest) noexcept {
  if (rest.empty() || rest.front() != '.') return milliseconds{0};
  rest.remove_prefix(1);
  if (rest.empty() || !is_digit(rest.front())) return std::nullopt;
  int value = 0;
  int weight = 100;
  while (!rest.empty() && is_digit(rest.front())) {
    value += (rest.front() - '0') * weight;
    weight /= 10;
    rest.remove_prefix(1);
  }
  return milliseconds{value};
}

/// `Z`, `z`, nothing, `+01:00`: how far the clock that was read is ahead of UTC.
std::optional<minutes> offset(std::string_view rest) noexcept {
  if (rest.empty() || rest == "Z" || rest == "z") return minutes{0};
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return std::nullopt;
  digits d{rest.data()};
  const unsigned hour = d.two(1);
  const unsigned minute = d.two(4);
  if (!d.all() || hour > 23 || minute > 59) return std::nullopt;
  const minutes ahead{static_cast<int>(hour * 60 + minute)};
  return rest[0] == '-' ? -ahead : ahead;
}

void put_two(char* at, unsigned value) noexcept {
  at[0] = static_cast<char>('0' + value / 10);
  at[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::optional<utc_time> parse_time(std::string_view text) noexcept {
  constexpr std::size_t to_the_second = 19;
  if (text.size() < to_the_second) return std::nullopt;
  const char between = text[10];
  if (text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') return std::nullopt;
  if (between != 'T' && between != 't' && between != ' ') return std::nullopt;

  digits d{text.data()};
  const std::chrono::year_month_day day{std::chrono::year{static_cast<int>(d.four(0))}, std::chrono::month{d.two(5)},
                                        std::chrono::day{d.two(8)}};
  const unsigned hour = d.two(11);
  const unsigned minute = d.two(14);
  const unsigned second = d.two(17);
  if (!d.all() || !day.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;

  std::string_view rest = text.substr(to_the_second);
  const auto fraction = take_fraction(rest);
  const auto ahead = offset(rest);
  if (!fraction || !ahead) return std::nullopt;
  const utc_time t = std::chrono::sys_days{day} + seconds{hour * 3600 + minute * 60 + second} + *fraction - *ahead;
  if (t < earliest_time || t > latest_time) return std::nullopt;
  return t;
}

void append_time(std::string& out, utc_time t) {
  t = std::clamp(t, earliest_time, latest_time);
  const auto midnight = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day day{midnight};
  const auto year = static_cast<unsigned>(static_cast<int>(day.year()));
  const auto ms = static_cast<unsigned>((t - midnight).count());

  std::array<char, 24> text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0',
                            '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0', 'Z'};
  put_two(&text[0], year / 100);
  put_two(&text[2], year % 100);
  put_two(&text[5], static_cast<unsigned>(day.month()));
  put_two(&text[8], static_cast<unsigned>(day.day()));
  put_two(&text[11], ms / 3'600'000);
  put_two(&text[14], ms / 60'000 % 60);
  put_two(&text[17], ms / 1000 % 60);
  put_two(&text[20], ms % 1000 / 10);
  text[22] = static_cast<char>('0' + ms % 10);
  out.append(text.data(), text.size());
}

}  // namespace haulcast::wire
