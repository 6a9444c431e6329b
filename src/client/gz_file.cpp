#include "haulcast/client/gz_file.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace haulcast::client {
namespace {

constexpr int gzip_window = MAX_WBITS + 16;  // zlib's way to say: gzip and nothing else

Bytef* bytes_of(std::string_view text) {
  // zlib does not write through next_in, but declares it without const.
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));
}

uInt some_of(std::size_t size) { return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max())); }

struct inflating {
  z_stream stream{};
  inflating() {
    if (inflateInit2(&stream, gzip_window) != Z_OK) throw std::bad_alloc{};
  }
  inflating(const inflating&) = delete;
  inflating& operator=(const inflating&) = delete;
  ~inflating() { inflateEnd(&stream); }
};

}  // namespace

result<std::string> gunzip_file(std::string_view packed, std::size_t max) {
  inflating member;
  z_stream& stream = member.stream;
  std::string plain;
  std::array<char, 64 * 1024> room;
  std::size_t used = 0;
  for (;;) {
    const uInt given = some_of(packed.size() - used);
    stream.next_in = bytes_of(packed.substr(used));
    stream.avail_in = given;
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = static_cast<uInt>(room.size());
    const int state = inflate(&stream, Z_NO_FLUSH);
    used += given - stream.avail_in;
    const std::size_t gained = room.size() - stream.avail_out;
    if (gained > max - plain.size()) return failure{"gzip: more than " + std::to_string(max) + " bytes unpacked"};
    plain.append(room.data(), gained);
    if (state == Z_STREAM_END) {
      if (used == packed.size()) return result<std::string>{boost::system::in_place_value, std::move(plain)};
      if (inflateReset(&stream) != Z_OK) throw std::bad_alloc{};
      continue;
    }
    if (state == Z_BUF_ERROR || (state == Z_OK && used == packed.size() && stream.avail_out != 0))
      return failure{"gzip: cut short"};
    if (state != Z_OK) return failure{"gzip: damaged"};
  }
}

bool looks_gzipped(std::string_view bytes) noexcept { return bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b'; }

}  // namespace haulcast::client
