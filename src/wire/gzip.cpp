#include "haulcast/wire/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <new>
#include <optional>
#include <stdexcept>

namespace haulcast::wire {
namespace {

constexpr int gzip_only = 15 + 16;  // the largest window; +16: gzip, neither zlib nor raw

/// zlib counts in 32 bits: larger texts are handed over in pieces.
unsigned piece(std::size_t left) noexcept {
  return static_cast<unsigned>(std::min<std::size_t>(left, std::numeric_limits<unsigned>::max()));
}

/// zlib takes its input as `Bytef*`, const or not by how it was built; it never writes to it.
Bytef* bytes(const char* text) noexcept { return reinterpret_cast<Bytef*>(const_cast<char*>(text)); }

struct inflater {
  z_stream z{};
  inflater() {
    if (inflateInit2(&z, gzip_only) != Z_OK) throw std::bad_alloc{};
  }
  ~inflater() { inflateEnd(&z); }
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;
};

struct deflater {
  z_stream z{};
  deflater() {
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_only, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc{};
  }
  ~deflater() { deflateEnd(&z); }
  deflater(const deflater&) = delete;
  deflater& operator=(const deflater&) = delete;
};

/// What a gzip text says of its own length, in its last four bytes. Only a guess: it may lie, and counts modulo 4 GiB.
std::size_t length_it_tells(std::string_view in) noexcept {
  if (in.size() < 4) return 0;
  std::size_t length = 0;
  for (std::size_t i = 1; i <= 4; ++i) length = length << 8 | static_cast<unsigned char>(in[in.size() - i]);
  return length;
}

constexpr std::size_t longest_out = std::numeric_limits<std::uint32_t>::max();  // up to here the length told is exact
constexpr std::string_view magic = "\x1F\x8B\x08";                              // RFC 1952: gzip, deflated
constexpr std::size_t shortest_in = 20;                                         // header, an empty block, checksum and length
constexpr std::size_t deflate_ratio_most = 1032;  // zlib's documentation: "Maximum Compression Factor"

/// A block's code tables take longer to build than a short block to read: 90,000 empty ones fit into a MiB, and took 80 ms.
/// Whoever flushes for each position of a batch makes one or two blocks of 200 bytes.
std::size_t blocks_most(std::size_t max_out) noexcept { return 64 + max_out / 256; }

constexpr std::size_t block_costs = 1024;  // so many bytes are inflated in the time that its tables take

bool is_between_blocks(const z_stream& z) noexcept { return (z.data_type & 128) != 0; }

}  // namespace

std::string_view to_string(gzip_error error) noexcept {
  static constexpr std::array<std::string_view, 6> sentences{
      "The body is not valid gzip.",
      "The gzip body ends too early.",
      "The gzip body goes on after its end.",
      "The gzip body is cut short, or goes on after its end: its last four bytes are not its length.",
      "The body is too large once it is decompressed.",
      "The gzip body is cut into too many blocks for what it carries."};
  return sentences[static_cast<std::size_t>(error)];
}

void throw_exception_from_error(gzip_error error, const boost::source_location&) {
  throw std::runtime_error{std::string{to_string(error)}};
}

struct gunzipper::state {
  std::string_view in;
  std::size_t max_out;
  std::size_t told = length_it_tells(in);
  std::size_t padding;
  std::string out{};
  std::size_t done = 0;
  std::size_t taken = 0;
  std::size_t blocks = 0;
  std::optional<inflater> stream{};  // from the first slice on

  bool may_be_true() const noexcept { return told / deflate_ratio_most <= in.size(); }
  std::optional<gzip_error> judge_unread() const noexcept;
  void make_room(std::size_t most);
  int inflate_some(std::size_t most);
  std::optional<gzip_error> judge(int said) const;
};

std::optional<gzip_error> gunzipper::state::judge_unread() const noexcept {
  if (in.substr(0, magic.size()) != magic.substr(0, in.size())) return gzip_error::corrupt;
  if (in.size() < shortest_in) return gzip_error::truncated;
  if (!may_be_true()) return gzip_error::wrong_length;
  return told > max_out ? std::optional{gzip_error::too_large} : std::nullopt;
}

/// Room for one byte more than is told: that byte tells a text that ends there from a longer one. It is filled as it is needed,
/// since that takes time too.
void gunzipper::state::make_room(std::size_t most) {
  if (done == 0) out.reserve(told + 1 + padding);
  if (done == out.size()) out.resize(std::min(told + 1, done + most));
}

int gunzipper::state::inflate_some(std::size_t most) {
  make_room(most);
  if (!stream) stream.emplace();
  z_stream& z = stream->z;
  z.next_in = bytes(in.data() + taken);
  z.avail_in = piece(std::min(most, in.size() - taken));
  z.next_out = reinterpret_cast<Bytef*>(out.data() + done);
  z.avail_out = piece(std::min(most, out.size() - done));
  const unsigned offered = z.avail_in;
  const unsigned room = z.avail_out;
  const int said = inflate(&z, Z_BLOCK);
  taken += offered - z.avail_in;
  done += room - z.avail_out;
  if (is_between_blocks(z)) ++blocks;
  return said;
}

/// Nothing: it goes on, or has come to its end.
std::optional<gzip_error> gunzipper::state::judge(int said) const {
  if (done > told) return gzip_error::wrong_length;
  if (said == Z_STREAM_END) return taken == in.size() ? std::nullopt : std::optional{gzip_error::trailing_data};
  if (said == Z_MEM_ERROR) throw std::bad_alloc{};
  if (said != Z_OK && said != Z_BUF_ERROR) return gzip_error::corrupt;
  if (blocks > blocks_most(max_out)) return gzip_error::too_many_blocks;
  if (taken == in.size() && stream->z.avail_out != 0) return gzip_error::truncated;
  return std::nullopt;
}

gunzipper::gunzipper(std::string_view in, std::size_t max_out, std::size_t padding)
    : state_{new state{.in = in, .max_out = std::min(max_out, longest_out), .padding = padding}} {}
gunzipper::~gunzipper() = default;

std::size_t gunzipper::told(std::string_view in) noexcept { return length_it_tells(in); }

std::size_t gunzipper::memory() const noexcept { return state_->judge_unread() ? 0 : state_->told + 1 + state_->padding; }

std::optional<result<std::string, gzip_error>> gunzipper::slice(std::size_t most) {
  state& s = *state_;
  if (const auto wrong = s.judge_unread()) return *wrong;
  for (std::size_t spent = 0; spent < most;) {
    const std::size_t before = s.done + s.taken;
    const int said = s.inflate_some(most - spent);
    if (const auto wrong = s.judge(said)) return *wrong;
    if (said == Z_STREAM_END) {
      assert(s.done == s.told);  // zlib has compared them
      s.out.resize(s.done);
      return std::move(s.out);
    }
    spent += s.done + s.taken - before + block_costs;
  }
  return std::nullopt;
}

result<std::string, gzip_error> gunzip(std::string_view in, std::size_t max_out, std::size_t padding) {
  gunzipper whole{in, max_out, padding};
  for (;;) {
    if (auto over = whole.slice(longest_out)) return *std::move(over);
  }
}

std::string gzip(std::string_view in) {
  deflater stream;
  z_stream& z = stream.z;
  std::string out(deflateBound(&z, static_cast<uLong>(in.size())), '\0');
  std::size_t done = 0;
  std::size_t taken = 0;
  for (int said = Z_OK; said != Z_STREAM_END;) {
    if (done == out.size()) out.resize(out.size() * 2);
    z.next_in = bytes(in.data() + taken);
    z.avail_in = piece(in.size() - taken);
    z.next_out = reinterpret_cast<Bytef*>(out.data() + done);
    z.avail_out = piece(out.size() - done);
    const unsigned offered = z.avail_in;
    const unsigned room = z.avail_out;
    said = deflate(&z, taken + offered == in.size() ? Z_FINISH : Z_NO_FLUSH);
    taken += offered - z.avail_in;
    done += room - z.avail_out;
  }
  out.resize(done);
  return out;
}

}  // namespace haulcast::wire
