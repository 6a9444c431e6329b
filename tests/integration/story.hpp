// What the stories told to the real server have in common: positions, waiting for something, reading refusals.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/server.hpp"

namespace haulcast::support {

using std::chrono::milliseconds;

std::int64_t now_ms();
/// RFC 3339 UTC with milliseconds, as the server writes it.
std::string rfc3339(std::int64_t epoch_ms);

/// The truck's place `step` seconds after `begin_ms`, going north at 40 km/h from Zurich.
nlohmann::json driving(std::string_view truck, std::int64_t begin_ms, int step);
/// {"positions": [...]}
nlohmann::json batch(std::vector<nlohmann::json> positions);
/// {"positions": [...]} of one truck with `count` of about 1 KiB each: a journal's segment is soon full.
nlohmann::json bulky_batch(std::string_view truck, std::int64_t begin_ms, int first_step, int count);
/// A batch that must be answered 200; the answer's body.
nlohmann::json must_post(api& to, std::vector<nlohmann::json> positions);

/// A token of any role with a scope of its own: customer C-1, merchant M-1, a driver of no truck.
std::string token_of(std::string_view role);

/// Text that no codec makes much shorter.
std::string noise(std::size_t bytes, unsigned seed);

/// application/problem+json with that status and code, and all that RFC 9457 and the status demand.
void expect_problem(const json_answer& answer, unsigned status, std::string_view code);

/// The version an answer tells of an object, as in If-Match. Fails when it tells none.
std::string tag_of(const json_answer& answer);
/// That member of all items of a listing's first page.
std::vector<std::string> listed(api& who, const std::string& target, const std::string& member);

/// Looks every few milliseconds. Generous: sanitizers are slow.
template <class Condition>
bool eventually(Condition&& holds, milliseconds within = std::chrono::seconds{20}) {
  const auto limit = std::chrono::steady_clock::now() + within;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= limit) return false;
    std::this_thread::sleep_for(milliseconds{10});
  }
  return true;
}

/// The next text frame of that type, others dropped. Fails and returns null when none comes.
nlohmann::json next_frame(client::ws_client& from, std::string_view type, milliseconds within = std::chrono::seconds{20});
/// The next `count` positions, from however many frames.
std::vector<nlohmann::json> next_positions(client::ws_client& from, std::size_t count);
/// Sends a subscribe frame; the `subscribed` that answers it.
nlohmann::json subscribe(client::ws_client& to, nlohmann::json what);

/// The value of a sample in the text of /metrics; nothing when it is not there.
std::optional<double> metric(const std::string& page, std::string_view sample);

}  // namespace haulcast::support
