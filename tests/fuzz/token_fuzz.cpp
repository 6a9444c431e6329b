// Whatever stands in a token: without the secret it opens nothing, and with the secret it opens what it plainly says and no
// more. An input without a NUL is the token itself. Otherwise the texts before and behind the first NUL are header and payload,
// and the target signs them: so the fuzzer gets past the signature, to where the claims are read.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/forge.hpp"
#include "fuzz/require.hpp"
#include "haulcast/auth/token.hpp"
#include "haulcast/base/id.hpp"

using namespace haulcast;
using namespace haulcast::auth;
using nlohmann::json;

namespace {

token_verifier new_verifier() {
  token_rules rules{.issuer = "here", .audience = "apps"};
  REQUIRE(rules.keys.add(verifying_key{secret}));
  return token_verifier{std::move(rules), 1U << 20};
}

/// The only value of a member, by a second reading of the text: duplicates of any name at any depth are a fault of ours.
json read_plainly(std::string_view text) {
  std::vector<std::vector<std::string>> names;
  const auto watch = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) names.emplace_back();
    if (event == json::parse_event_t::object_end) names.pop_back();
    if (event == json::parse_event_t::key) {
      auto& here = names.back();
      REQUIRE(std::find(here.begin(), here.end(), parsed.get<std::string>()) == here.end());
      here.push_back(parsed.get<std::string>());
    }
    return true;
  };
  auto object = json::parse(text, watch, false);
  REQUIRE(object.is_object());
  return object;
}

double seconds_of(utc_time t) { return static_cast<double>(to_epoch_ms(t)) / 1000; }

void check_times(const json& payload, const principal& who) {
  const double leeway = 30;
  const double now = seconds_of(noon);
  const double expires = payload.at("exp").get<double>();
  REQUIRE(std::abs(seconds_of(who.expires) - (expires + leeway)) < 0.002);
  REQUIRE(now < seconds_of(who.expires));
  if (payload.contains("nbf")) REQUIRE(payload.at("nbf").get<double>() <= now + leeway + 0.001);
}

void check_scope(const json& payload, const principal& who) {
  REQUIRE(std::is_sorted(who.trucks.begin(), who.trucks.end()));
  std::vector<std::string> listed;
  if (who.who == role::driver && payload.contains("trucks")) listed = payload.at("trucks").get<std::vector<std::string>>();
  for (const auto& truck : listed) REQUIRE(is_id(truck) && who.may_post_for(truck));
  for (const auto& truck : who.trucks) REQUIRE(std::find(listed.begin(), listed.end(), truck) != listed.end());
  REQUIRE(who.customer_id == (who.who == role::customer ? payload.at("customer_id").get<std::string>() : ""));
  REQUIRE(who.merchant_id == (who.who == role::merchant ? payload.at("merchant_id").get<std::string>() : ""));
  REQUIRE(who.may_post_for("NOT-LISTED-ANYWHERE-1") ==
          (who.who == role::admin || std::find(listed.begin(), listed.end(), "NOT-LISTED-ANYWHERE-1") != listed.end()));
}

void check_good(std::string_view header_text, std::string_view payload_text, const principal& who) {
  const json header = read_plainly(header_text);
  REQUIRE(header.at("alg") == "HS256" && !header.contains("crit"));
  const json payload = read_plainly(payload_text);
  REQUIRE(payload.at("sub") == who.subject && !who.subject.empty());
  REQUIRE(payload.at("role") == std::string{to_string(who.who)});
  REQUIRE(payload.at("iss") == "here");
  const json& audience = payload.at("aud");
  REQUIRE(audience == "apps" || (audience.is_array() && std::find(audience.begin(), audience.end(), "apps") != audience.end()));
  check_times(payload, who);
  check_scope(payload, who);
}

/// One letter of a good token changed at each place: never good.
void check_spelling(const std::string& token) {
  token_verifier doubting = new_verifier();
  for (std::size_t at = 0; at < token.size(); at += 1 + token.size() / 16) {
    std::string other = token;
    other[at] = other[at] == 'A' ? 'B' : 'A';
    REQUIRE(!doubting.verify(other, noon));
  }
  REQUIRE(!doubting.verify(token + "=", noon) && !doubting.verify(token + ".", noon) && !doubting.verify(" " + token, noon));
}

void check_raw(std::string_view token) {
  token_verifier verifier = new_verifier();
  const auto outcome = verifier.verify(token, noon);
  REQUIRE(!outcome);
  REQUIRE(outcome.error() == (token.empty() ? token_error::missing : token_error::invalid));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto nul = input.find('\0');
  if (nul == std::string_view::npos) {
    check_raw(input);
    return 0;
  }
  const auto header = input.substr(0, nul);
  const auto payload = input.substr(nul + 1);
  const std::string token = forge(header, payload);
  token_verifier verifier = new_verifier();
  const auto who = verifier.verify(token, noon);
  if (!who) {
    REQUIRE(who.error() != token_error::missing);
    REQUIRE(verifier.cache().size() == 0);
    return 0;
  }
  REQUIRE(token.size() <= token_bytes_max);
  check_good(header, payload, **who);
  REQUIRE(verifier.verify(token, noon).value() == *who);
  REQUIRE(verifier.verify(token, (*who)->expires).error() == token_error::expired);
  check_spelling(token);
  return 0;
}
