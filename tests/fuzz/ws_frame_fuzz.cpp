// Whatever a client sends, and however it is cut, the decoder hears the same and keeps to its bounds.
// The first byte of the input chooses the cuts, the rest is the stream.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/require.hpp"
#include "haulcast/wire/ws_frame.hpp"

namespace {

using namespace haulcast::wire;
using kind = ws_decoder::message::kind;

constexpr std::uint32_t max_message = 300;  // small, so that the bound is met

struct heard {
  std::vector<std::string> messages;
  std::uint16_t failed_with = 0;
  bool inside = false;
  bool finished = false;
  friend bool operator==(const heard&, const heard&) = default;
};

void check(const ws_decoder::message& m) {
  const bool data = m.what == kind::text || m.what == kind::binary;
  REQUIRE(m.payload.size() <= (data ? max_message : ws_control_bytes_most));
  REQUIRE(m.what == kind::close || m.close_code == ws_no_status);
  utf8_check utf8;
  if (m.what == kind::text || m.what == kind::close) REQUIRE(utf8.admit(m.payload) && utf8.complete());
}

/// `cut` gives the size of the next piece.
template <class Cut>
heard hear(const std::vector<char>& stream, Cut cut) {
  ws_decoder decoder{max_message};
  heard result;
  const ws_decoder::sink note = [&](const ws_decoder::message& m) {
    REQUIRE(result.messages.empty() ||
            result.messages.back().front() != static_cast<char>('0' + static_cast<int>(kind::close)));
    check(m);
    result.messages.push_back(std::to_string(static_cast<int>(m.what)) + " " + std::to_string(m.close_code) + " " +
                              std::string{m.payload});
  };
  for (std::size_t from = 0; from < stream.size();) {
    const std::size_t size = std::min<std::size_t>(cut(), stream.size() - from);
    // A block of its own for each piece, so that reading beyond it is seen.
    std::vector<char> piece(stream.begin() + static_cast<std::ptrdiff_t>(from),
                            stream.begin() + static_cast<std::ptrdiff_t>(from + size));
    const bool was_finished = decoder.finished();
    if (const auto failed = decoder.feed(piece, note)) {
      REQUIRE(!was_finished && decoder.finished());
      REQUIRE(failed->close_code == 1002 || failed->close_code == 1007 || failed->close_code == 1009);
      result.failed_with = failed->close_code;
    }
    from += size;
  }
  result.inside = decoder.inside_message();
  result.finished = decoder.finished();
  REQUIRE(!(result.inside && result.finished));
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  if (size == 0) return 0;
  std::uint32_t state = input[0];
  const std::vector<char> stream(input + 1, input + size);
  const heard whole = hear(stream, [&] { return stream.size(); });
  REQUIRE(whole == hear(stream, [] { return std::size_t{1}; }));
  REQUIRE(whole == hear(stream, [&] {
            state = state * 1664525 + 1013904223;
            return std::size_t{1} + (state >> 24U) % 17;
          }));
  return 0;
}
