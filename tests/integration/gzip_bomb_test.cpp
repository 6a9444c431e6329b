// Small bodies that become large ones: each is refused for what it is, and costs no more than an honest body of the limit's
// size.
#include <gtest/gtest.h>
#include <cstdio>
#include <fstream>

#include "haulcast/wire/gzip.hpp"
#include "integration/http_attack.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::string_literals;

constexpr std::size_t mib = 1U << 20;
constexpr double memory_kib_most = 1024;
constexpr double cpu_ms_most = 20;

/// `bytes` blanks, packed: 1028 to 1.
std::string bomb(std::size_t bytes) { return wire::gzip(std::string(bytes, ' ')); }

/// It says of itself that it is smaller.
std::string telling(std::string packed, std::uint32_t length) {
  for (std::size_t i = 0; i < 4; ++i) packed[packed.size() - 4 + i] = static_cast<char>(length >> 8 * i);
  return packed;
}

/// As many blocks as fit, each with code tables and nothing in it.
std::string hollow(std::size_t bytes) {
  // Eight blocks of 92 bits: final 0, type 2; 257 lengths, 1 distance, 18 lengths of lengths; 256 zeros, 1, 0; the end.
  std::string bits;
  const auto put = [&bits](unsigned value, unsigned count) {
    for (unsigned i = 0; i < count; ++i) bits += (value >> i & 1U) != 0 ? '1' : '0';
  };
  for (int block = 0; block < 8; ++block) {
    put(0, 1), put(2, 2), put(0, 5), put(0, 5), put(14, 4);
    for (int i = 0; i < 18; ++i) put(i == 2 ? 1 : i == 3 || i == 17 ? 2 : 0, 3);
    put(0, 1), put(127, 7), put(0, 1), put(107, 7), put(3, 2), put(1, 2), put(0, 1);
  }
  std::string eight;
  for (std::size_t i = 0; i < bits.size(); i += 8) {
    char byte = 0;
    for (std::size_t j = 0; j < 8; ++j) byte = static_cast<char>(byte | (bits[i + j] == '1' ? 1 << j : 0));
    eight += byte;
  }
  std::string out = "\x1F\x8B\x08\0\0\0\0\0\0\x03"s;
  while (out.size() + eight.size() + 8 < bytes) out += eight;
  return out + std::string(8, '\0');  // it says that nothing is in it
}

struct bomb_case {
  std::string name;
  std::string body;
  unsigned status;
  std::string code;
};

std::vector<bomb_case> make_bombs() {
  std::vector<bomb_case> all;
  for (const std::size_t size : {100UL << 10, 1UL << 20}) {
    all.push_back({std::to_string(size >> 10) + " KiB of blanks", bomb(size), 400, "malformed_json"});
  }
  for (const std::size_t size : {2UL, 10UL, 100UL, 200UL}) {
    all.push_back({std::to_string(size) + " MiB of blanks", bomb(size * mib), 413, "body_too_large"});
  }
  const std::string large = bomb(100 * mib);
  all.push_back({"100 MiB that say they are 1", telling(large, mib), 400, "body_not_decodable"});
  all.push_back({"100 MiB that say they are nothing", telling(large, 0), 400, "body_not_decodable"});
  all.push_back({"100 MiB that say they are 4 GiB", telling(large, 0xFFFFFFFF), 400, "body_not_decodable"});
  all.push_back({"a bomb in a bomb", wire::gzip(large), 400, "malformed_json"});
  all.push_back({"a bomb cut short", large.substr(0, large.size() / 2), 400, "body_not_decodable"});
  all.push_back({"a mebibyte cut short", bomb(mib).substr(0, 900), 400, "body_not_decodable"});
  all.push_back({"a mebibyte and junk", bomb(mib) + "junk", 400, "body_not_decodable"});
  all.push_back({"a good batch and a bomb behind it", wire::gzip(good_body("TRK-BOMB")) + large, 413, "body_too_large"});
  std::string members;
  while (members.size() < 200'000) members += wire::gzip("");
  all.push_back({"ten thousand members of nothing", members, 400, "body_not_decodable"});
  all.push_back({"a mebibyte of hollow blocks", hollow(mib), 400, "body_not_decodable"});
  all.push_back({"a mebibyte of stored blocks of nothing",
                 [] {
                   std::string out = "\x1F\x8B\x08\0\0\0\0\0\0\x03"s;
                   while (out.size() + 5 < mib) out += "\0\0\0\xff\xff"s;
                   return out;
                 }(),
                 400, "body_not_decodable"});
  std::string named = "\x1F\x8B\x08\x08\0\0\0\0\0\x03"s + std::string(mib - 100, 'n');
  all.push_back({"a name that does not end", named, 400, "body_not_decodable"});
  return all;
}

const std::vector<bomb_case>& bombs() {
  static const std::vector<bomb_case> all = make_bombs();
  return all;
}

/// The memory of the allocator and the buffers of connections are there after the first rounds.
TEST(GzipBombs, EachIsRefusedAndCostsLittle) {
  server s;
  auto api = s.as();
  const int pid = s.process().pid();
  const client::http_headers coded{{"Content-Encoding", "gzip"}};
  for (int round = 0; round < 3; ++round) {
    for (const bomb_case& one : bombs()) {
      ASSERT_LE(one.body.size(), mib) << one.name;
      expect_problem(api.post_text("/v1/positions", one.body, coded), one.status, one.code);
    }
  }
  const auto honest = api.post_text("/v1/positions", wire::gzip(good_body("TRK-HONEST")), coded);
  EXPECT_EQ(honest.status, 200U);
  EXPECT_EQ(s.as().get("/v1/trucks/TRK-BOMB").status, 404U);

  const int repeats = 40;
  for (const bomb_case& one : bombs()) {
    SCOPED_TRACE(one.name);
    const double memory = resident_kib(pid);
    const double cpu = cpu_ms(pid);
    double most = memory;
    for (int i = 0; i < repeats; ++i) {
      EXPECT_EQ(api.post_text("/v1/positions", one.body, coded).status, one.status);
      most = std::max(most, resident_kib(pid));
    }
    const double each_ms = (cpu_ms(pid) - cpu) / repeats;
    std::printf("%-42s %8zu bytes: %4.0f KiB more, %5.2f ms of CPU\n", one.name.c_str(), one.body.size(), most - memory,
                each_ms);
    // What was sent is held besides, as of every body, and twice while its block grows.
    if (memory_tells) EXPECT_LE(most - memory, memory_kib_most + 2 * static_cast<double>(one.body.size()) / 1024);
    EXPECT_LE(each_ms, cpu_ms_most * slower);
  }
}

/// The kernel's own record of the most memory that was ever in use, which no moment between two looks escapes.
TEST(GzipBombs, NoneTakesMoreThanAMebibyteAtItsPeak) {
  if (!memory_tells) GTEST_SKIP() << "a sanitizer keeps what was freed";
  server s;
  auto api = s.as();
  const auto peak_kib = [&] {
    std::ifstream status{"/proc/" + std::to_string(s.process().pid()) + "/status"};
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmHWM:")) return std::stod(line.substr(6));
    }
    return 0.0;
  };
  const client::http_headers coded{{"Content-Encoding", "gzip"}};
  // An honest body of the largest size first: what it takes, the server keeps.
  for (int i = 0; i < 5; ++i) api.post_text("/v1/positions", std::string(mib, ' '));
  for (int i = 0; i < 5; ++i) api.post_text("/v1/positions", good_body("TRK-1"));
  for (const std::size_t size : {2UL, 10UL, 100UL, 200UL}) {
    const std::string body = bomb(size * mib);
    const double before = std::max(resident_kib(s.process().pid()), 0.0);
    std::ofstream{"/proc/" + std::to_string(s.process().pid()) + "/clear_refs"} << "5";  // the peak starts anew
    for (int i = 0; i < 5; ++i) EXPECT_EQ(api.post_text("/v1/positions", body, coded).status, 413U);
    EXPECT_LE(peak_kib() - before, memory_kib_most) << size << " MiB";
    std::printf("%zu MiB: %.0f KiB at the peak\n", size, peak_kib() - before);
  }
}

}  // namespace
}  // namespace haulcast::support
