#include "haulcast/engine/registration.hpp"

#include <cmath>

#include "haulcast/base/bytes.hpp"

namespace haulcast::engine {

namespace {

// The places are written to journals and snapshots: append, never reorder.
constexpr std::array texts{&registration::name, &registration::plate, &registration::attributes};
constexpr std::array numbers{&registration::max_speed_kmh, &registration::length_m, &registration::width_m,
                             &registration::height_m, &registration::weight_kg};

constexpr std::uint64_t bit(std::size_t place) noexcept { return std::uint64_t{1} << place; }
constexpr std::uint64_t known_bits = bit(texts.size() + numbers.size()) - 1;

bool same(double a, double b) noexcept { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

void registration::save(byte_writer& out) const {
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) mask |= (this->*texts[i]).empty() ? 0 : bit(i);
  for (std::size_t i = 0; i < numbers.size(); ++i) mask |= std::isnan(this->*numbers[i]) ? 0 : bit(texts.size() + i);
  out.varint(version);
  out.varint(mask);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if ((mask & bit(i)) != 0) out.text(this->*texts[i]);
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if ((mask & bit(texts.size() + i)) != 0) out.raw(this->*numbers[i]);
  }
}

bool registration::load(byte_reader& in) {
  version = in.varint();
  const std::uint64_t mask = in.varint();
  if ((mask & ~known_bits) != 0) return false;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if ((mask & bit(i)) != 0) this->*texts[i] = in.text();
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if ((mask & bit(texts.size() + i)) != 0) this->*numbers[i] = in.raw();
  }
  return in.ok();
}

bool same(const registration& a, const registration& b) noexcept {
  for (const auto text : texts) {
    if (a.*text != b.*text) return false;
  }
  for (const auto number : numbers) {
    if (!same(a.*number, b.*number)) return false;
  }
  return true;
}

}  // namespace haulcast::engine
