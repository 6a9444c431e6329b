// Bytes that no well-behaved client sends, and what the server must say to them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integration/raw_connection.hpp"
#include "support/server.hpp"

namespace haulcast::support {

/// An answer taken off a raw connection.
struct raw_answer {
  int status = 0;  // 0: none came
  std::string head;
  std::string body;

  std::string header(std::string_view name) const;  // the name in small letters
  std::string code() const;                         // of a problem; empty when it is none
};

/// The next one; not for streams, and not to HEAD.
raw_answer read_answer(raw_connection& from, std::chrono::milliseconds within = std::chrono::seconds{20});

/// One attack: what is sent, what is answered, and whether the connection ends behind it.
struct attack {
  std::string name;
  std::string bytes;
  int status = 400;
  std::string code = "bad_request";
  bool closes = true;
};

/// Sends each over a connection of its own and checks the answer: a complete problem, exactly one, and behind it the end, or a
/// connection that serves the next request.
void expect_answers(const server& s, const std::vector<attack>& attacks);

/// A good request of an admin, by its parts.
std::string post_positions(const server& s, std::string_view fields, std::string_view body);
std::string good_body(std::string_view truck);
std::string get_request(std::string_view target, std::string_view fields = {});

/// Of the server's process, now.
double resident_kib(int pid);
double cpu_ms(int pid);

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAULCAST_SANITIZED 1
#endif
#endif
#ifdef HAULCAST_SANITIZED
inline constexpr bool memory_tells = false;  // a sanitizer keeps what was freed
inline constexpr int slower = 10;
#else
inline constexpr bool memory_tells = true;
inline constexpr int slower = 1;
#endif

}  // namespace haulcast::support
