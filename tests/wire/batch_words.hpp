// Words for telling what a body comes to: batches of one element, and verdicts as text.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/wire/batch_parser.hpp"

namespace haulcast::wire::words {

inline constexpr utc_time now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20} + std::chrono::hours{12}};

/// A body with padding behind it that would go on with the last token, if anybody looked.
class padded {
 public:
  explicit padded(std::string_view body) : bytes_(body.size() + batch_parser::padding(), '9'), size_{body.size()} {
    std::memcpy(bytes_.data(), body.data(), body.size());
  }
  operator std::string_view() const { return {bytes_.data(), size_}; }  // NOLINT: a body is what it stands for

 private:
  std::vector<char> bytes_;
  std::size_t size_;
};

inline result<parsed_batch, batch_failure> parse(std::string_view body, const covers& may_post = {},
                                                 const batch_limits& limits = {}) {
  static batch_parser parser;  // one for all: nothing may be left over from the last body, nor in a batch that is used again
  auto used = parser.parse(padded{R"({"positions":[{},{"truck_id":"OLD","timestamp":"2026-11-20T12:00:00Z","latitude":1,)"
                                  R"("longitude":2,"trip_id":"T-OLD"}]})"},
                           now, {}, {});
  parser.give_back(std::move(used->batch));
  return parser.parse(padded{body}, now, limits, may_post);
}

/// The code of the whole batch with its pointer, or "ok".
inline std::string verdict(std::string_view body, const batch_limits& limits = {}) {
  const auto parsed = parse(body, {}, limits);
  if (parsed) return "ok";
  EXPECT_TRUE(parsed.error().detail.ends_with('.') || parsed.error().detail.ends_with('-') ||
              parsed.error().detail.ends_with('?'))
      << parsed.error().detail;
  return std::string{to_string(parsed.error().code)} + (parsed.error().pointer.empty() ? "" : " " + parsed.error().pointer);
}

/// What became of each element in turn, "ok" or its code.
inline std::vector<std::string> verdicts(std::string_view body, const covers& may_post = {}) {
  const auto parsed = parse(body, may_post);
  if (!parsed) return {std::string{to_string(parsed.error().code)}};
  std::vector<std::string> found(parsed->batch->positions.size() + parsed->batch->rejected.size());
  for (const auto& p : parsed->batch->positions) found.at(p.index) += "ok";
  for (const auto& r : parsed->batch->rejected) found.at(r.index) += to_string(r.code);
  return found;
}

/// A batch of one element.
inline std::string batch_of(std::string_view element) { return R"({"positions":[)" + std::string{element} + "]}"; }

inline constexpr std::string_view required =
    R"("truck_id":"T","timestamp":"2026-11-20T12:00:00Z","latitude":1.5,"longitude":2.5)";

/// An element with all that is required and `members` besides.
inline std::string with(std::string_view members) {
  return "{" + std::string{required} + (members.empty() ? "" : ",") + std::string{members} + "}";
}

inline std::string judged(std::string_view element, const covers& may_post = {}) {
  const auto found = verdicts(batch_of(element), may_post);
  return found.size() == 1 ? found.front() : "not one";
}

/// The position that an element becomes; `keep` holds its texts.
inline engine::position accepted(std::string_view element, std::unique_ptr<engine::batch>& keep) {
  auto parsed = parse(batch_of(element));
  if (!parsed || parsed->batch->positions.size() != 1) {
    ADD_FAILURE() << "not accepted: " << element << ": " << judged(element);
    keep = std::make_unique<engine::batch>();
    return {};
  }
  keep = std::move(parsed->batch);
  return keep->positions.front().where;
}

inline std::string nested(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

}  // namespace haulcast::wire::words
