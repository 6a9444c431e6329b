// Gives back what a text holds.
#pragma once

#include <string>

namespace haulcast {

/// `text = {}` and assigning an empty text keep the memory: the one for the next characters, the other because it has none to
/// give in exchange.
inline void free_memory(std::string& text) noexcept { std::string{}.swap(text); }

}  // namespace haulcast
