#include "haulcast/client/verdict.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace haulcast::client {
namespace {

using nlohmann::json;

/// A count, or nothing for any other value.
std::optional<std::uint64_t> count_in(const json& object, const char* member) {
  const auto it = object.find(member);
  if (it == object.end() || !it->is_number_unsigned()) return std::nullopt;
  return it->get<std::uint64_t>();
}

std::optional<std::string> text_in(const json& object, const char* member) {
  const auto it = object.find(member);
  if (it == object.end() || !it->is_string()) return std::nullopt;
  return it->get<std::string>();
}

}  // namespace

result<verdict> parse_verdict(std::string_view body, std::size_t sent) {
  const auto answer = json::parse(body, nullptr, false);
  if (!answer.is_object()) return failure{"the answer to a batch is not a JSON object"};
  const auto accepted = count_in(answer, "accepted");
  const auto duplicates = count_in(answer, "duplicates");
  const auto late = count_in(answer, "late");
  const auto rejected = answer.find("rejected");
  if (!accepted || !duplicates || !late || rejected == answer.end() || !rejected->is_array())
    return failure{"the answer to a batch lacks accepted, duplicates, late or rejected"};

  verdict v{*accepted, *duplicates, *late, {}};
  std::vector<bool> seen(sent);
  for (const json& element : *rejected) {
    if (!element.is_object()) return failure{"a rejected position in the answer is not an object"};
    const auto index = count_in(element, "index");
    auto code = text_in(element, "code");
    if (!index || !code || *index >= sent || seen[*index])
      return failure{"a rejected position in the answer has no valid index or code"};
    seen[*index] = true;
    v.rejected.push_back({*index, std::move(*code)});
  }
  if (v.accepted + v.duplicates + v.rejected.size() != sent || v.late > v.accepted)
    return failure{"the answer to a batch does not add up to the " + std::to_string(sent) + " positions sent"};
  return v;
}

bool worth_retrying(unsigned status) noexcept {
  return status == 429 || status == 502 || status == 503 || status == 504 || status == 408;
}

std::string problem_code(const http_response& answer) {
  const auto body = json::parse(answer.body, nullptr, false);
  if (body.is_object())
    if (auto code = text_in(body, "code")) return *code;
  return "status_" + std::to_string(answer.status);
}

std::string problem_sentence(const http_response& answer) {
  std::string told = "status " + std::to_string(answer.status);
  const auto body = json::parse(answer.body, nullptr, false);
  if (body.is_object()) {
    if (auto title = text_in(body, "title")) told = *title;
    if (auto detail = text_in(body, "detail")) told = *detail;
  }
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::replace_if(told.begin(), told.end(), control, ' ');
  return told.substr(0, 500);
}

}  // namespace haulcast::client
