#include "integration/story.hpp"

#include <random>

#include "haulcast/base/time.hpp"
#include "haulcast/wire/time.hpp"

namespace haulcast::support {

using nlohmann::json;

std::int64_t now_ms() { return to_epoch_ms(system_now()); }

std::string rfc3339(std::int64_t epoch_ms) {
  std::string text;
  wire::append_time(text, from_epoch_ms(epoch_ms));
  return text;
}

json driving(std::string_view truck, std::int64_t begin_ms, int step) {
  return {{"truck_id", truck},
          {"timestamp", rfc3339(begin_ms + step * 1000)},
          {"latitude", 47.3769 + step * 1e-4},
          {"longitude", 8.5417},
          {"speed_kmh", 40}};
}

json batch(std::vector<json> positions) { return {{"positions", std::move(positions)}}; }

json bulky_batch(std::string_view truck, std::int64_t begin_ms, int first_step, int count) {
  std::vector<json> positions;
  for (int i = 0; i < count; ++i) {
    positions.push_back(driving(truck, begin_ms, first_step + i));
    positions.back()["attributes"] = {{"noise", noise(900, static_cast<unsigned>(i))}};
  }
  return batch(std::move(positions));
}

json must_post(api& to, std::vector<json> positions) {
  const auto answer = to.post("/v1/positions", batch(std::move(positions)));
  EXPECT_EQ(answer.status, 200u) << answer.raw.body;
  return answer.body;
}

std::string token_of(std::string_view role) {
  token_claims claims;
  claims.role = role;
  if (role == "customer") claims.customer_id = "C-1";
  if (role == "merchant") claims.merchant_id = "M-1";
  return sign_token(claims, server::secret());
}

std::string noise(std::size_t bytes, unsigned seed) {
  std::minstd_rand dice{seed + 1};
  std::string text(bytes, ' ');
  for (char& c : text) c = static_cast<char>('a' + dice() % 26);
  return text;
}

std::string tag_of(const json_answer& answer) {
  const auto tag = answer.raw.header("etag");
  EXPECT_TRUE(tag) << answer.status;
  return std::string{tag.value_or("")};
}

std::vector<std::string> listed(api& who, const std::string& target, const std::string& member) {
  std::vector<std::string> found;
  const auto page = who.get(target).body;
  for (const auto& item : page.at("items")) found.push_back(item.at(member));
  return found;
}

void expect_problem(const json_answer& answer, unsigned status, std::string_view code) {
  ASSERT_EQ(answer.status, status) << answer.raw.body;
  EXPECT_EQ(answer.raw.header("content-type"), "application/problem+json");
  ASSERT_TRUE(answer.body.is_object()) << answer.raw.body;
  EXPECT_EQ(answer.body.value("code", ""), code) << answer.raw.body;
  EXPECT_EQ(answer.body.value("status", 0u), status);
  EXPECT_FALSE(answer.body.value("title", "").empty());
  EXPECT_FALSE(answer.body.value("type", "").empty());
  EXPECT_FALSE(answer.body.value("detail", "").empty());
  if (status == 401) EXPECT_TRUE(answer.raw.header("www-authenticate").value_or("").starts_with("Bearer"));
  if (status == 405) EXPECT_TRUE(answer.raw.header("allow"));
  if (status == 429 || status == 503) {
    EXPECT_TRUE(answer.raw.retry_after()) << "no Retry-After";
  }
}

json next_frame(client::ws_client& from, std::string_view type, milliseconds within) {
  const auto limit = std::chrono::steady_clock::now() + within;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(limit - std::chrono::steady_clock::now());
    const auto text = left.count() > 0 ? from.receive(left) : std::nullopt;
    if (!text) {
      ADD_FAILURE() << "no frame of type " << type
                    << (from.ended() ? ": closed with " + std::to_string(from.ended()->code) : "");
      return {};
    }
    auto frame = json::parse(*text);
    if (frame.value("type", "") == type) return frame;
  }
}

std::vector<json> next_positions(client::ws_client& from, std::size_t count) {
  std::vector<json> all;
  while (all.size() < count) {
    const auto frame = next_frame(from, "positions");
    if (frame.is_null()) break;
    for (const auto& p : frame.at("positions")) all.push_back(p);
  }
  return all;
}

json subscribe(client::ws_client& to, json what) {
  what["type"] = "subscribe";
  EXPECT_TRUE(to.send(what.dump()));
  return next_frame(to, "subscribed");
}

std::optional<double> metric(const std::string& page, std::string_view sample) {
  const auto at = page.find('\n' + std::string{sample} + ' ');
  if (at == std::string::npos) return std::nullopt;
  return std::stod(page.substr(at + sample.size() + 2));
}

}  // namespace haulcast::support
