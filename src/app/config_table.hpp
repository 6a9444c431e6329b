// The halves of the table of keys, and the units in which it is written.
#pragma once

#include "haulcast/app/config_keys.hpp"

namespace haulcast::app {

inline constexpr double kib = 1024;
inline constexpr double mib = 1024 * kib;
inline constexpr double gib = 1024 * mib;
inline constexpr double tib = 1024 * gib;
inline constexpr double week_s = 7 * 86'400;

std::span<const config_key> keys_of_the_house();  // where it is reached, who is believed, where things are kept
std::span<const config_key> keys_of_the_work();   // what is taken, what becomes of it, who is told

}  // namespace haulcast::app
