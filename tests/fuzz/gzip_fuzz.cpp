#include <zlib.h>

#include <string>

#include "fuzz/require.hpp"
#include "haulcast/wire/gzip.hpp"

using namespace haulcast;

/// No input gives more than was allowed, whatever it says of itself; what is packed comes out again, and is no more than that
/// when it is cut or goes on.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t max_out = 4096;
  constexpr std::size_t padding = 64;
  const std::string_view in{reinterpret_cast<const char*>(data), size};
  if (const auto out = wire::gunzip(in, max_out, padding)) {
    REQUIRE(out->size() <= max_out);
    REQUIRE(out->capacity() >= out->size() + padding);
    REQUIRE(out->capacity() <= 2 * (max_out + padding + 2));
  }
  wire::gunzipper from{in, max_out, padding};
  auto sliced = from.slice(64);
  while (!sliced) sliced = from.slice(64);
  const auto whole = wire::gunzip(in, max_out, padding);
  REQUIRE(sliced->has_value() == whole.has_value());
  REQUIRE(whole ? **sliced == *whole : sliced->error() == whole.error());

  const std::string packed = wire::gzip(in);
  const auto again = wire::gunzip(packed, size);
  REQUIRE(again && *again == in);
  if (size > 0) REQUIRE(wire::gunzip(packed, size - 1).error() == wire::gzip_error::too_large);
  // What stands where the length should may be believed.
  const auto longer = wire::gunzip(packed + "x", size).error();
  REQUIRE(longer == wire::gzip_error::trailing_data || longer == wire::gzip_error::too_large ||
          longer == wire::gzip_error::wrong_length);
  const auto cut = wire::gunzip(packed.substr(0, packed.size() - 1), size).error();
  REQUIRE(cut == wire::gzip_error::truncated || cut == wire::gzip_error::too_large || cut == wire::gzip_error::wrong_length);
  return 0;
}
