// Inflates one gzip member that comes piece by piece and goes on likewise: neither is ever whole in memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "haulcast/wire/gzip.hpp"

namespace haulcast::wire {

/// Strict as gunzipper: one member and nothing behind it, no more than `max_out` bytes, not too many blocks.
class gunzip_stream {
 public:
  explicit gunzip_stream(std::size_t max_out);
  ~gunzip_stream();
  gunzip_stream(gunzip_stream&&) noexcept;

  /// Calls `give(text)` for each 64 KiB at most that come out. Error: as there; not to be called again.
  template <class Give>
  std::optional<gzip_error> feed(std::string_view piece, Give&& give) {
    begin(piece);
    for (;;) {
      const auto [text, wrong, more] = next();
      if (wrong) return wrong;
      if (!text.empty()) give(text);
      if (!more) return std::nullopt;
    }
  }
  /// What came was all. Error: truncated.
  std::optional<gzip_error> finish() const noexcept;

 private:
  struct step {
    std::string_view text{};
    std::optional<gzip_error> wrong{};
    bool more = false;
  };
  struct state;

  void begin(std::string_view piece) noexcept;
  step next();

  std::unique_ptr<state> state_;
};

}  // namespace haulcast::wire
