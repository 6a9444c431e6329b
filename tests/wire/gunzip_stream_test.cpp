#include "haulcast/wire/gunzip_stream.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace haulcast::wire {
namespace {

/// What comes out, or "!" and what is wrong.
std::string through(std::string_view packed, std::size_t piece, std::size_t max_out) {
  gunzip_stream stream{max_out};
  std::string out;
  while (!packed.empty()) {
    if (const auto wrong = stream.feed(packed.substr(0, piece), [&](std::string_view text) { out += text; }))
      return "!" + std::string{to_string(*wrong)};
    packed.remove_prefix(std::min(piece, packed.size()));
  }
  const auto wrong = stream.finish();
  return wrong ? "!" + std::string{to_string(*wrong)} : out;
}

std::string noise(std::size_t size) {
  std::mt19937 dice{7};
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>('a' + dice() % 26);
  return text;
}

TEST(GunzipStream, GivesBackWhatWasPackedWhateverThePieces) {
  for (const std::size_t size : {0U, 1U, 1000U, 64U << 10, 300'000U}) {
    const std::string text = noise(size);
    const std::string packed = gzip(text);
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{64} << 10, packed.size()})
      EXPECT_EQ(through(packed, piece, size), text) << size << " in pieces of " << piece;
  }
  EXPECT_EQ(through(gzip("abc"), 1, 3), "abc");
}

TEST(GunzipStream, RefusesWhatTheOneForWholeBodiesRefuses) {
  const std::string packed = gzip(noise(100'000));
  const auto told = [](gzip_error e) { return "!" + std::string{to_string(e)}; };
  EXPECT_EQ(through(packed, 1000, 99'999), told(gzip_error::too_large));
  EXPECT_EQ(through(packed.substr(0, packed.size() - 1), 1000, 100'000), told(gzip_error::truncated));
  EXPECT_EQ(through("", 1, 1), told(gzip_error::truncated));
  for (const std::string& more : {std::string{"x"}, packed})
    EXPECT_EQ(through(packed + more, 1000, 1'000'000), told(gzip_error::trailing_data));
  std::string damaged = packed;
  damaged[damaged.size() - 5] = static_cast<char>(damaged[damaged.size() - 5] ^ 1);
  EXPECT_EQ(through(damaged, 1000, 100'000), told(gzip_error::corrupt)) << "its checksum";
  EXPECT_EQ(through("{\"type\":1}", 3, 1000), told(gzip_error::corrupt));
}

TEST(GunzipStream, ABombGivesNoMoreThanTheMost) {
  const std::string packed = gzip(std::string(std::size_t{64} << 20, 'x'));
  std::size_t out = 0;
  gunzip_stream stream{1 << 20};
  const auto wrong = stream.feed(packed, [&](std::string_view text) { out += text.size(); });
  EXPECT_EQ(wrong, gzip_error::too_large);
  EXPECT_LE(out, std::size_t{1} << 20);
}

}  // namespace
}  // namespace haulcast::wire
