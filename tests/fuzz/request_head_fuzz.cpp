// Whatever a client sends, and however it is cut: what passes the gate is one message with one end, and keeps every bound; a
// chunked body decodes to the same. The first byte of the input chooses the cuts, the rest is head and body.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/require.hpp"
#include "haulcast/http/body.hpp"
#include "haulcast/http/head.hpp"
#include "haulcast/http/text.hpp"
#include "haulcast/wire/ws_frame.hpp"

using namespace haulcast;
using namespace haulcast::http;

namespace {

// Small, so that the bounds are met.
constexpr head_limits limits{.head_bytes = 600, .target_bytes = 100, .fields = 8};
constexpr std::size_t body_bytes_max = 64;

/// A block of exactly its size, so that reading beyond it is seen.
struct exact {
  explicit exact(std::string_view bytes) : size{bytes.size()}, memory{std::make_unique_for_overwrite<char[]>(size)} {
    std::copy(bytes.begin(), bytes.end(), memory.get());
  }
  std::string_view view() const { return {memory.get(), size}; }
  bool holds(std::string_view part) const {
    return part.empty() || (part.data() >= memory.get() && part.data() + part.size() <= memory.get() + size);
  }

  std::size_t size;
  std::unique_ptr<char[]> memory;
};

class cuts {
 public:
  explicit cuts(std::uint8_t seed) : state_{seed} {}
  std::size_t next() {
    state_ = state_ * 1664525 + 1013904223;
    return std::size_t{1} + (state_ >> 24U) % 17;
  }

 private:
  std::uint32_t state_;
};

/// Values of the lines with that name, by the plainest reading of a head.
std::vector<std::string_view> values_of(std::string_view head, std::string_view name) {
  std::vector<std::string_view> found;
  head.remove_prefix(head.find("\r\n") + 2);
  while (head.size() > 2) {
    const auto line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(line.size() + 2);
    const auto colon = std::min(line.find(':'), line.size());
    if (iequals(trim(line.substr(0, colon)), name)) found.push_back(trim(line.substr(std::min(colon + 1, line.size()))));
  }
  return found;
}

bool is_text(std::string_view s) {
  wire::utf8_check utf8;
  return utf8.admit(s) && utf8.complete() &&
         std::none_of(s.begin(), s.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

void check_framing(std::string_view head, const request& r, const head_facts& facts) {
  const auto lengths = values_of(head, "Content-Length");
  const auto codings = values_of(head, "Transfer-Encoding");
  const auto hosts = values_of(head, "Host");
  REQUIRE(lengths.size() + codings.size() <= 1);
  REQUIRE(facts.chunked == (codings.size() == 1) && facts.content_length.has_value() == (lengths.size() == 1));
  REQUIRE(codings.empty() || (iequals(codings[0], "chunked") && r.version_minor == 1));
  if (!lengths.empty()) {
    const auto zeros = std::min(lengths[0].find_first_not_of('0'), lengths[0].size() - 1);
    REQUIRE(std::to_string(*facts.content_length) == lengths[0].substr(zeros));
  }
  REQUIRE(hosts.size() == 1 || (hosts.empty() && r.version_minor == 0));
}

void check_request(const exact& head, const request& r) {
  REQUIRE(head.size <= limits.head_bytes && r.headers().size() <= limits.fields);
  REQUIRE(head.holds(r.method_name) && !r.method_name.empty());
  REQUIRE(head.holds(r.target) && r.target.size() <= limits.target_bytes);
  for (const auto& f : r.headers()) {
    REQUIRE(head.holds(f.name) && head.holds(f.value) && !f.name.empty());
    REQUIRE(f.value.find_first_of(std::string_view{"\0\r\n", 3}) == std::string_view::npos);
  }
  REQUIRE(is_text(r.path));
  for (const auto& q : r.query()) REQUIRE(is_text(q.name) && is_text(q.value));
  REQUIRE(r.traceparent.empty() || is_traceparent(r.traceparent));
}

/// What a reader that gets the head in pieces would refuse before it is whole.
void check_cuts(const exact& head, bool passed, cuts cut) {
  for (std::size_t have = 0, scanned = 0; have < head.size; scanned = have, have = std::min(head.size, have + cut.next())) {
    const exact part{head.view().substr(0, have)};
    REQUIRE(head_size(part.view(), scanned) == 0);
    if (passed) REQUIRE(!check_partial_head(part.view(), limits));
  }
}

struct decoded {
  std::string text;
  std::size_t used = 0;
  bool done = false;
  std::optional<code> wrong;
  friend bool operator==(const decoded&, const decoded&) = default;
};

template <class Cut>
decoded decode(std::string_view raw, Cut cut) {
  chunk_decoder decoder;
  byte_block out;
  decoded result;
  while (result.used < raw.size() && !result.done && !result.wrong) {
    const exact piece{raw.substr(result.used, cut())};
    const auto made = decoder.decode(piece.view(), out, body_bytes_max);
    REQUIRE(out.size() <= body_bytes_max);
    if (!made) {
      result.wrong = made.error().what;
      break;
    }
    REQUIRE(made->used <= piece.size && (made->done || made->used == piece.size));
    result.used += made->used;
    result.done = made->done;
  }
  if (result.wrong) result.used = 0;  // nobody goes on from there
  for (std::size_t i = 0; out.has_memory() && i < body_padding; ++i) REQUIRE(out.view().data()[out.size() + i] == 0);
  // What came before the fault depends on the cuts; a body with one is never handed on.
  if (!result.wrong) result.text = out.view();
  return result;
}

void check_chunks(std::string_view raw, cuts cut) {
  const auto whole = decode(raw, [&] { return raw.size(); });
  REQUIRE(whole == decode(raw, [] { return std::size_t{1}; }));
  REQUIRE(whole == decode(raw, [&] { return cut.next(); }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const cuts cut{data[0]};
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  check_chunks(text, cut);
  const std::size_t end = head_size(text, 0);
  REQUIRE(end == 0 ? text.find("\r\n\r\n") == std::string_view::npos : text.find("\r\n\r\n") + 4 == end);
  if (end == 0) return 0;

  const exact head{text.substr(0, end)};
  request r;
  head_facts facts;
  const auto wrong = parse_head(head.view(), limits, r, facts);
  check_cuts(head, !wrong, cut);
  if (wrong) {
    REQUIRE(entry_of(wrong->what).status >= 400);
    return 0;
  }
  check_request(head, r);
  check_framing(head.view(), r, facts);
  if (facts.chunked) check_chunks(text.substr(end), cut);
  return 0;
}
