#include "haulcast/client/ws_client.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "client/fake_server.hpp"

namespace haulcast::client {
namespace {

using namespace std::chrono_literals;

base_url url_of(const fake_server& server) { return parse_base_url(server.url()).value(); }

TEST(WsClient, CarriesItsTokenInTheHeader) {
  fake_server server;
  ws_options options;
  options.token = "T";
  ws_client client{url_of(server), options};
  ASSERT_FALSE(client.connect());
  EXPECT_EQ(client.subprotocol(), "haulcast.v1");
  EXPECT_EQ(server.requests().at(0).headers.at("authorization"), "Bearer T");
  EXPECT_EQ(server.requests().at(0).headers.at("sec-websocket-protocol"), "haulcast.v1");
}

TEST(WsClient, CarriesItsTokenAsASubprotocol) {
  fake_server server;
  ws_options options;
  options.token = "T";
  options.token_in = ws_options::carried::subprotocol;
  ws_client client{url_of(server), options};
  ASSERT_FALSE(client.connect());
  EXPECT_EQ(server.requests().at(0).headers.count("authorization"), 0u);
  EXPECT_EQ(server.requests().at(0).headers.at("sec-websocket-protocol"), "haulcast.v1, bearer.T");
}

TEST(WsClient, TellsTheStatusOfARefusal) {
  fake_server server;
  server.answer_next({401, R"({"code":"token_missing","title":"A token is needed"})", {}});
  ws_client client{url_of(server)};
  const auto refused = client.connect();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 401u);
  EXPECT_TRUE(client.ended());
  EXPECT_FALSE(client.send("x"));
}

TEST(WsClient, SendsAndReceivesInOrder) {
  fake_server server;
  server.on_frame([](const std::string& frame) { return fake_server::ws_reply{{frame + "1", frame + "2"}, 0, false}; });
  ws_client client{url_of(server)};
  ASSERT_FALSE(client.connect());
  ASSERT_TRUE(client.send("a"));
  ASSERT_TRUE(client.send("b"));
  for (const char* expected : {"a1", "a2", "b1", "b2"}) EXPECT_EQ(client.receive(5s), expected);
}

TEST(WsClient, WaitsNoLongerThanAskedAndCanGoOn) {
  fake_server server;
  server.on_frame([](const std::string&) { return fake_server::ws_reply{{"late"}, 0, false}; });
  ws_client client{url_of(server)};
  ASSERT_FALSE(client.connect());
  EXPECT_EQ(client.receive(20ms), std::nullopt);
  EXPECT_FALSE(client.ended());
  ASSERT_TRUE(client.send("now"));
  EXPECT_EQ(client.receive(5s), "late");
}

TEST(WsClient, SeesTheCodeTheServerClosesWith) {
  fake_server server;
  server.on_frame([](const std::string&) { return fake_server::ws_reply{{"last"}, 4401, false}; });
  ws_client client{url_of(server)};
  ASSERT_FALSE(client.connect());
  ASSERT_TRUE(client.send("x"));
  EXPECT_EQ(client.receive(5s), "last");
  EXPECT_EQ(client.receive(5s), std::nullopt);
  ASSERT_TRUE(client.ended());
  EXPECT_EQ(client.ended()->code, 4401);
  EXPECT_EQ(client.ended()->reason, "as asked");
}

TEST(WsClient, ABrokenConnectionHasNoCode) {
  fake_server server;
  server.on_frame([](const std::string&) { return fake_server::ws_reply{{}, 0, true}; });
  ws_client client{url_of(server)};
  ASSERT_FALSE(client.connect());
  ASSERT_TRUE(client.send("x"));
  EXPECT_EQ(client.receive(5s), std::nullopt);
  ASSERT_TRUE(client.ended());
  EXPECT_EQ(client.ended()->code, 0);
}

TEST(WsClient, ClosesPolitelyEvenWhileAReadIsUnderWay) {
  fake_server server;
  ws_client client{url_of(server)};
  ASSERT_FALSE(client.connect());
  EXPECT_EQ(client.receive(10ms), std::nullopt);
  client.close(1000);
  ASSERT_TRUE(client.ended());
  EXPECT_EQ(client.ended()->code, 1000) << client.ended()->reason;
  for (int i = 0; i < 5000 && server.ws_closes().empty(); ++i) std::this_thread::sleep_for(1ms);  // its thread takes note
  EXPECT_EQ(server.ws_closes(), std::vector<std::uint16_t>{1000});
}

}  // namespace
}  // namespace haulcast::client
