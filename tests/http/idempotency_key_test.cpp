#include "haulcast/http/idempotency_key.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <set>
#include <string>

#include "haulcast/auth/principal.hpp"

namespace haulcast::http {
namespace {

/// "-": no such field; "!": refused; else the key.
std::string read(std::initializer_list<std::string_view> values) {
  request r;
  for (const auto value : values) request_access::fields(r).push_back({"idempotency-key", value});
  request_access::fields(r).push_back({"Idempotency-Keys", "another field"});
  const auto got = read_idempotency_key(r);
  if (got) return std::string{got->value_or("-")};
  EXPECT_EQ(got.error().what, code::field_invalid);
  EXPECT_NE(got.error().detail.find("Idempotency-Key"), std::string::npos);
  return "!";
}

TEST(IdempotencyKey, IsVisibleTextTakenAsSent) {
  EXPECT_EQ(read({}), "-");
  EXPECT_EQ(read({"8e03978e-40d5-43dd-bc93-6894a57f9324"}), "8e03978e-40d5-43dd-bc93-6894a57f9324");
  EXPECT_EQ(read({R"("8e03978e")"}), R"("8e03978e")") << "the quotes of the draft are a part of it";
  EXPECT_EQ(read({"order 7, second try!~"}), "order 7, second try!~");
  EXPECT_EQ(read({"x"}), "x");
  EXPECT_EQ(read({std::string(255, 'x')}), std::string(255, 'x'));
}

TEST(IdempotencyKey, AnythingElseIsRefused) {
  for (const auto* bad : {"", "a\tb", "a\x7F", "\x01", "Z\xC3\xBCrich", "\xFF"}) EXPECT_EQ(read({bad}), "!") << bad;
  EXPECT_EQ(read({std::string(256, 'x')}), "!");
  EXPECT_EQ(read({"a", "b"}), "!") << "nobody could say which one counts";
  EXPECT_EQ(read({"a", "a"}), "!");
}

struct asked {
  std::string key = "k";
  std::string subject = "alice";
  http::method method = method::put;
  std::string path = "/v1/trucks/TRK-1";
  std::string body = "{}";
};

engine::retry_key made_of(const asked& a) {
  static retry_key_maker make;  // whose memory is reused
  request r;
  r.method = a.method;
  r.path = a.path;
  r.body = a.body;
  r.principal = std::make_shared<auth::principal>(auth::principal{.subject = a.subject});
  request_access::fields(r).push_back({"Idempotency-Key", a.key});
  return make(r).value().value();
}

TEST(RetryKey, IsTheSameForTheSameAndTellsWhoseItIsFromWhatIsAsked) {
  const auto first = made_of({});
  EXPECT_EQ(made_of({}), first);
  for (const auto& other :
       {asked{.key = "K"}, asked{.key = "\"k\""}, asked{.subject = "bob"}, asked{.key = "ek", .subject = "alic"}}) {
    EXPECT_NE(made_of(other).key, first.key);
    EXPECT_EQ(made_of(other).request, first.request);
  }
  std::set<engine::retry_key::digest> requests{first.request};
  for (const auto& other :
       {asked{.method = method::delete_}, asked{.path = "/v1/trucks/TRK-2"}, asked{.body = ""}, asked{.body = "{} "},
        asked{.path = "/v1/trucks/TRK-1{", .body = "}"}, asked{.body = std::string{"{}\0", 3}}}) {
    EXPECT_EQ(made_of(other).key, first.key);
    EXPECT_TRUE(requests.insert(made_of(other).request).second);
  }
}

TEST(RetryKey, IsMadeOnlyOfARequestThatHasAKey) {
  retry_key_maker make;
  request r;
  r.principal = std::make_shared<auth::principal>();
  EXPECT_FALSE(make(r).value());
  request_access::fields(r).push_back({"Idempotency-Key", ""});
  EXPECT_EQ(make(r).error().what, code::field_invalid);
}

// So that journals mean the same for ever: half of the SHA-256 of subject and key, and of method, path and body, each with a
// zero behind it.
TEST(RetryKey, IsHalfOfTheSha256) {
  auth::sha256 sha256;
  const auto half = [&](std::string_view text) {
    const auto whole = sha256(text);
    engine::retry_key::digest words;
    std::memcpy(words.data(), whole.data(), sizeof words);
    return words;
  };
  using namespace std::string_view_literals;
  EXPECT_EQ(made_of({}).key, half("alice\0k\0"sv));
  EXPECT_EQ(made_of({}).request, half("PUT\0/v1/trucks/TRK-1\0{}\0"sv));
}

}  // namespace
}  // namespace haulcast::http
