#include "haulcast/http/credentials.hpp"

#include <gtest/gtest.h>

#include <string>

#include "haulcast/http/head.hpp"

namespace haulcast::http {
namespace {

/// A GET of that target with those fields, each with its line end.
struct asked {
  explicit asked(std::string_view fields, std::string_view target = "/v1/ws")
      : text{"GET " + std::string{target} + " HTTP/1.1\r\nHost: h\r\n" + std::string{fields} + "\r\n"} {
    EXPECT_FALSE(parse_head(text, {}, r, facts));
  }
  asked(const asked&) = delete;
  asked& operator=(const asked&) = delete;

  std::string text;
  request r;
  head_facts facts;
};

/// "token abc", or the code of the refusal.
std::string told(const result<credential, auth::token_error>& found) {
  if (!found) return std::string{to_code(found.error())};
  constexpr const char* kinds[] = {"token ", "api_key ", "ticket "};
  return kinds[static_cast<std::size_t>(found->what)] + std::string{found->text};
}

std::string on_a_route(std::string_view fields, std::string_view target = "/v1/trucks") {
  return told(find_credential(asked{fields, target}.r));
}
std::string on_a_websocket(std::string_view fields, std::string_view target = "/v1/ws", bool query_token = false) {
  return told(find_live_credential(asked{fields, target}.r, query_token));
}

TEST(Credentials, TheHeaderFieldsMeanTheSameOnEveryKindOfRoute) {
  for (const auto& [fields, meant] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"", "token_missing"},
           {"Authorization: Bearer abc\r\n", "token abc"},
           {"authorization:  bEaReR   abc \r\n", "token abc"},
           {"Authorization: Bearer\r\n", "token_invalid"},
           {"Authorization: Basic abc\r\n", "token_missing"},
           {"Authorization: Bearerabc\r\n", "token_missing"},
           {"Authorization:\r\n", "token_missing"},
           {"Authorization: Bearer a\r\nAuthorization: Bearer a\r\n", "token_invalid"},
           {"Authorization: Basic a\r\nAuthorization: Bearer a\r\n", "token_invalid"},
           {"Authorization: Bearer a\r\nAuthorization: Basic a\r\n", "token_invalid"},
           {"X-API-Key: hk_1\r\n", "api_key hk_1"},
           {"x-api-KEY:\thk_1 \r\n", "api_key hk_1"},
           {"X-API-Key:\r\n", "token_invalid"},
           {"X-API-Key: hk_1\r\nX-API-Key: hk_1\r\n", "token_invalid"},
           {"X-API-Key: hk_1\r\nAuthorization: Bearer a\r\n", "token_invalid"},
           {"Authorization: Bearer a\r\nX-API-Key: hk_1\r\n", "token_invalid"},
           {"Authorization: Basic a\r\nX-API-Key: hk_1\r\n", "token_invalid"},
           {"X-API-Key: hk_1\r\nAuthorization: Basic a\r\n", "token_invalid"},
           {"X-API-Key:\r\nAuthorization: Bearer a\r\n", "token_invalid"},
       }) {
    EXPECT_EQ(on_a_route(fields), meant) << fields;
    EXPECT_EQ(on_a_websocket(fields), meant) << fields;
  }
}

TEST(Credentials, AreNeverTakenFromTheAddressOfAnOrdinaryRoute) {
  EXPECT_EQ(on_a_route("", "/v1/trucks?ticket=t&access_token=a"), "token_missing");
  EXPECT_EQ(on_a_route("Sec-WebSocket-Protocol: bearer.abc\r\n"), "token_missing");
  EXPECT_EQ(on_a_route("Authorization: Bearer abc\r\n", "/v1/trucks?ticket=t"), "token abc");
}

TEST(Credentials, OfABrowserComeAsASubprotocol) {
  EXPECT_EQ(on_a_websocket("Sec-WebSocket-Protocol: haulcast.v1, bearer.abc\r\n"), "token abc");
  EXPECT_EQ(on_a_websocket("Sec-WebSocket-Protocol: bearer.abc\r\nSec-WebSocket-Protocol: haulcast.v1\r\n"), "token abc");
  EXPECT_EQ(on_a_websocket("Sec-WebSocket-Protocol: haulcast.v1\r\n"), "token_missing");
  EXPECT_EQ(on_a_websocket("Sec-WebSocket-Protocol: bearer.\r\n"), "token_invalid");
  EXPECT_EQ(on_a_websocket("Sec-WebSocket-Protocol: bearer.a, bearer.b\r\n"), "token_invalid");
  EXPECT_EQ(on_a_websocket("Sec-WebSocket-Protocol: bearer.a\r\nAuthorization: Bearer a\r\n"), "token_invalid");
  EXPECT_EQ(on_a_websocket("Sec-WebSocket-Protocol: bearer.a\r\nAuthorization: Basic proxy\r\n"), "token a");
}

TEST(Credentials, OrAsATicketInTheAddress) {
  EXPECT_EQ(on_a_websocket("", "/v1/ws?ticket=abc"), "ticket abc");
  EXPECT_EQ(on_a_websocket("", "/ws/track/D-1?x=1&ticket=abc"), "ticket abc");
  EXPECT_EQ(on_a_websocket("", "/v1/ws?ticket="), "token_invalid");
  EXPECT_EQ(on_a_websocket("", "/v1/ws?ticket=a&ticket=a"), "token_invalid");
  EXPECT_EQ(on_a_websocket("Authorization: Bearer a\r\n", "/v1/ws?ticket=abc"), "token_invalid");
  EXPECT_EQ(on_a_websocket("X-API-Key: a\r\n", "/v1/ws?ticket=abc"), "token_invalid");
  EXPECT_EQ(on_a_websocket("Sec-WebSocket-Protocol: bearer.a\r\n", "/v1/ws?ticket=abc"), "token_invalid");
}

TEST(Credentials, OrAsATokenInTheAddressWhereThatIsAllowed) {
  EXPECT_EQ(on_a_websocket("", "/v1/ws?access_token=abc", true), "token abc");
  EXPECT_EQ(on_a_websocket("", "/v1/ws?access_token=abc", false), "token_missing");
  EXPECT_EQ(on_a_websocket("Authorization: Bearer a\r\n", "/v1/ws?access_token=abc", false), "token a");
  EXPECT_EQ(on_a_websocket("", "/v1/ws?access_token=abc&ticket=t", true), "token_invalid");
  EXPECT_EQ(on_a_websocket("", "/v1/ws?access_token=a&access_token=a", true), "token_invalid");
}

TEST(Credentials, ThatAreRefusedGetA401ThatSaysWhichOfThree) {
  for (const auto why : {auth::token_error::missing, auth::token_error::expired, auth::token_error::invalid}) {
    const auto answer = refuse_credential(why);
    EXPECT_EQ(answer.status, 401);
    EXPECT_NE(answer.body.find(to_code(why)), std::string::npos) << answer.body;
  }
}

}  // namespace
}  // namespace haulcast::http
