#include "haulcast/http/networks.hpp"

#include <gtest/gtest.h>

#include <string>

#include "harness.hpp"
#include "haulcast/http/request.hpp"

namespace haulcast::http::test {
namespace {

net::ip::address address(const std::string& text) { return net::ip::make_address(text); }

network_list networks(std::initializer_list<std::string_view> texts) {
  std::vector<network> all;
  for (const auto text : texts) all.push_back(network::parse(text).value());
  return network_list{std::move(all)};
}

TEST(Network, IsAnAddressAndAPrefix) {
  for (const char* good : {"10.0.0.0/8", "10.1.2.3", "10.1.2.3/32", "0.0.0.0/0", "::/0", "::1", "::1/128", "fd00::/8",
                           "2001:db8::/33", "::ffff:10.0.0.0/104", "10.1.2.128/25"}) {
    EXPECT_TRUE(network::parse(good)) << good;
  }
  for (const char* bad :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.1/8", "10.0.0", "::1/129", "fd00::1/8",
        "proxy.example", "10.0.0.0/8 ", " 10.0.0.0", "fe80::1%1", "[::1]", "10.0.0.0/0x8", "10.1.2.128/24", "010.0.0.0/8"}) {
    EXPECT_FALSE(network::parse(bad)) << bad;
  }
}

TEST(Network, HoldsWhatHasItsPrefix) {
  const auto holds = [](std::string_view n, const char* a) { return network::parse(n)->contains(address(a)); };
  EXPECT_TRUE(holds("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(holds("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(holds("10.1.2.128/25", "10.1.2.200"));
  EXPECT_FALSE(holds("10.1.2.128/25", "10.1.2.127"));
  EXPECT_TRUE(holds("10.1.2.3", "10.1.2.3"));
  EXPECT_FALSE(holds("10.1.2.3", "10.1.2.2"));
  EXPECT_TRUE(holds("10.0.0.0/8", "::ffff:10.1.2.3")) << "the same address, wrapped";
  EXPECT_TRUE(holds("fd00::/8", "fdff::1"));
  EXPECT_FALSE(holds("fd00::/8", "fe00::1"));
  EXPECT_FALSE(holds("::1", "127.0.0.1"));
  EXPECT_FALSE(holds("0.0.0.0/0", "::1"));
  EXPECT_TRUE(holds("::/0", "8.8.8.8"));
  EXPECT_FALSE(network_list{}.contains(address("127.0.0.1")));
}

std::string client_of(const std::string& peer, std::initializer_list<std::string_view> forwarded,
                      const network_list& trusted = networks({"10.0.0.0/8", "fd00::/8"})) {
  std::vector<field> fields{{"Host", "h"}};
  for (const auto value : forwarded) fields.push_back({"X-forwarded-FOR", value});
  return client_address(address(peer), fields, trusted).to_string();
}

TEST(ClientAddress, IsThePeerUnlessThatIsATrustedProxy) {
  EXPECT_EQ(client_of("192.0.2.1", {}), "192.0.2.1");
  EXPECT_EQ(client_of("192.0.2.1", {"198.51.100.7"}), "192.0.2.1");
  EXPECT_EQ(client_of("10.0.0.1", {}), "10.0.0.1");
  EXPECT_EQ(client_of("10.0.0.1", {"198.51.100.7"}), "198.51.100.7");
  EXPECT_EQ(client_of("10.0.0.1", {"198.51.100.7"}, {}), "10.0.0.1");
  EXPECT_EQ(client_of("::ffff:192.0.2.1", {}), "192.0.2.1");
  EXPECT_EQ(client_of("::ffff:10.0.0.1", {"::ffff:198.51.100.7"}), "198.51.100.7");
}

TEST(ClientAddress, IsTheRightmostThatIsNotTrusted) {
  EXPECT_EQ(client_of("10.0.0.1", {"203.0.113.66, 198.51.100.7, 10.9.9.9"}), "198.51.100.7") << "what a client wrote itself";
  EXPECT_EQ(client_of("10.0.0.1", {"203.0.113.66", "198.51.100.7", "10.9.9.9, fd00::2"}), "198.51.100.7") << "joined in order";
  EXPECT_EQ(client_of("10.0.0.1", {"nonsense, 198.51.100.7"}), "198.51.100.7") << "further left nobody looks";
  EXPECT_EQ(client_of("10.0.0.1", {"10.0.0.3, 10.0.0.2"}), "10.0.0.3") << "one of ours asks";
  EXPECT_EQ(client_of("10.0.0.1", {"198.51.100.7", ""}), "198.51.100.7");
  EXPECT_EQ(client_of("10.0.0.1", {",198.51.100.7, ,"}), "198.51.100.7");
  EXPECT_EQ(client_of("10.0.0.1", {",,"}), "10.0.0.1");
}

TEST(ClientAddress, TakesPortsAndBrackets) {
  EXPECT_EQ(client_of("10.0.0.1", {"198.51.100.7:4711"}), "198.51.100.7");
  EXPECT_EQ(client_of("10.0.0.1", {"[2001:db8::7]:4711"}), "2001:db8::7");
  EXPECT_EQ(client_of("10.0.0.1", {"[2001:db8::7]"}), "2001:db8::7");
  EXPECT_EQ(client_of("10.0.0.1", {"2001:db8::7"}), "2001:db8::7");
}

TEST(ClientAddress, IsThePeerWhereTheFieldIsNoList) {
  for (const char* bad : {"unknown", "198.51.100", "198.51.100.7:x", "198.51.100.7:", "198.51.100.7:99999", "[2001:db8::7",
                          "[]", "[198.51.100.7]", "[::1]x", "198.51.100.7 10.0.0.2", "fe80::1%lo", "0x1.2.3.4",
                          "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22"}) {
    EXPECT_EQ(client_of("10.0.0.1", {bad}), "10.0.0.1") << bad;
  }
  EXPECT_EQ(client_of("10.0.0.1", {"198.51.100.7, unknown, 10.0.0.2"}), "10.0.0.1");
}

TEST(ClientAddress, IsLookedForInABoundedNumberOfPlaces) {
  const auto behind = [](int proxies) {
    std::string text = "198.51.100.7";
    for (int i = 0; i < proxies; ++i) text += ",10.0.0.2";
    return client_of("10.0.0.1", {text});
  };
  EXPECT_EQ(behind(31), "198.51.100.7");
  EXPECT_EQ(behind(32), "10.0.0.1");
  EXPECT_EQ(client_of("10.0.0.1", {std::string(16'000, ',')}), "10.0.0.1");
}

TEST(ClientAddress, OfARequestGoesByTheProxiesOfItsServer) {
  auto options = running_server::quick();
  options.trusted_proxies = networks({"127.0.0.1"});
  options.shed_after = 50ms;
  running_server s{options};
  const auto asked = get("/client", "X-Forwarded-For: 203.0.113.66, 198.51.100.7\r\n");
  peer proxy{s.port()}, stranger{s.port(), 0, 9};
  EXPECT_EQ(proxy.ask(asked).body, "198.51.100.7");
  EXPECT_EQ(proxy.ask(get("/client")).body, "127.0.0.1") << "nothing is left of the request before";
  EXPECT_EQ(stranger.ask(asked).body, "127.0.0.9");
  std::this_thread::sleep_for(200ms);  // beyond shed_after
  EXPECT_EQ(proxy.ask(asked).body, "198.51.100.7");
  running_server direct;
  EXPECT_EQ(peer{direct.port()}.ask(asked).body, "127.0.0.1");
}

}  // namespace
}  // namespace haulcast::http::test
