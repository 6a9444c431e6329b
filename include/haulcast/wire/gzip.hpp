// Bodies with `Content-Encoding: gzip`, both ways.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "haulcast/base/result.hpp"

namespace haulcast::wire {

enum class gzip_error : std::uint8_t {
  corrupt,          // no gzip, or its checksum does not hold
  truncated,        // ends before the end of the stream
  trailing_data,    // goes on after it: junk, or a second member
  wrong_length,     // its last four bytes are not its length: cut short, or something follows
  too_large,        // more than `max_out` bytes come out
  too_many_blocks,  // more than 64 and one for each 256 bytes of `max_out`: each costs time, however little it holds
};

/// One clear sentence.
std::string_view to_string(gzip_error error) noexcept;
[[noreturn]] void throw_exception_from_error(gzip_error error, const boost::source_location& where);

/// Inflates one gzip member, a slice at a time. A body that says that more than `max_out` bytes (4 GiB at most) are in it, or
/// more than can be, is refused unread. Otherwise one allocation of the length it tells, with `padding` bytes that stay readable
/// behind the text's end, and not a byte more comes out.
class gunzipper {
 public:
  /// `in` must stay where it is.
  gunzipper(std::string_view in, std::size_t max_out, std::size_t padding = 0);
  ~gunzipper();

  /// How long it says it is, modulo 4 GiB. It may lie.
  static std::size_t told(std::string_view in) noexcept;
  /// What it allocates at the first slice, but for zlib's own 50 KiB.
  std::size_t memory() const noexcept;
  /// Takes and gives about so many bytes more, together. Nothing: there is more to do. Once over, not to be called again. A
  /// MiB of positions in JSON took 1.2 ms, of letters at random (which pack badly) 2.9 ms.
  std::optional<result<std::string, gzip_error>> slice(std::size_t bytes);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// All of it in one go.
result<std::string, gzip_error> gunzip(std::string_view in, std::size_t max_out, std::size_t padding = 0);

/// Deflates into one gzip member, at zlib's default level.
std::string gzip(std::string_view in);

}  // namespace haulcast::wire
