#include "haulcast/wire/gunzip_stream.hpp"

#include <zlib.h>

#include <new>

namespace haulcast::wire {

namespace {

constexpr int gzip_only = 15 + 16;  // the largest window; +16: gzip, neither zlib nor raw
constexpr std::size_t out_bytes = 64ULL << 10;

// A block's code tables take longer to build than a short block to read: see gunzipper.
std::size_t blocks_most(std::size_t max_out) noexcept { return 64 + max_out / 256; }

}  // namespace

struct gunzip_stream::state {
  z_stream z{};
  std::size_t max_out;
  std::size_t done = 0;
  std::size_t blocks = 0;
  bool ended = false;
  std::array<char, out_bytes> out;

  explicit state(std::size_t most) : max_out{most} {
    if (inflateInit2(&z, gzip_only) != Z_OK) throw std::bad_alloc{};
  }
  ~state() { inflateEnd(&z); }
  state(const state&) = delete;
  state& operator=(const state&) = delete;
};

gunzip_stream::gunzip_stream(std::size_t max_out) : state_{std::make_unique<state>(max_out)} {}
gunzip_stream::~gunzip_stream() = default;
gunzip_stream::gunzip_stream(gunzip_stream&&) noexcept = default;

// zlib takes its input as `Bytef*`, const or not by how it was built; it never writes to it.
void gunzip_stream::begin(std::string_view piece) noexcept {
  state_->z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  state_->z.avail_in = static_cast<uInt>(piece.size());
}

gunzip_stream::step gunzip_stream::next() {
  state& s = *state_;
  if (s.ended) return {.wrong = s.z.avail_in == 0 ? std::nullopt : std::optional{gzip_error::trailing_data}};
  s.z.next_out = reinterpret_cast<Bytef*>(s.out.data());
  s.z.avail_out = static_cast<uInt>(s.out.size());
  const int said = inflate(&s.z, Z_BLOCK);
  const std::size_t gained = s.out.size() - s.z.avail_out;
  s.done += gained;
  if ((s.z.data_type & 128) != 0) ++s.blocks;
  if (said == Z_MEM_ERROR) throw std::bad_alloc{};
  if (said != Z_OK && said != Z_BUF_ERROR && said != Z_STREAM_END) return {.wrong = gzip_error::corrupt};
  if (s.done > s.max_out) return {.wrong = gzip_error::too_large};
  if (s.blocks > blocks_most(s.max_out)) return {.wrong = gzip_error::too_many_blocks};
  s.ended = said == Z_STREAM_END;
  const bool more = s.z.avail_in > 0 || (s.z.avail_out == 0 && !s.ended);
  return {.text = {s.out.data(), gained}, .more = more};
}

std::optional<gzip_error> gunzip_stream::finish() const noexcept {
  return state_->ended ? std::nullopt : std::optional{gzip_error::truncated};
}

}  // namespace haulcast::wire
