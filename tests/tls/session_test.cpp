#include "haulcast/tls/session.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <thread>

#include "haulcast/tls/context.hpp"
#include "tls/secure_peer.hpp"

namespace haulcast::tls {
namespace {

using boost::system::error_code;
using step = session::step;

bool would_block(const error_code& failed) { return failed.value() == EWOULDBLOCK; }

/// Both ends of a pair of sockets; neither ever waits.
class Session : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "haulcast-tls-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    const auto made = test::authority{}.issue(directory_);
    shown_ = load_certificate({made.certificate, made.key}).value().shown;
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_), 0);
    ours.emplace(*shown_, ends_[0]);
    theirs.emplace(ends_[1]);
  }
  void TearDown() override {
    theirs.reset();
    ours.reset();
    for (const int end : ends_) ::close(end);
    std::filesystem::remove_all(directory_);
  }

  void offer(test::ssl_ctx_ptr with) { theirs.emplace(ends_[1], std::move(with)); }
  /// The last step of the server's side.
  step meet() {
    step last = step::wants_read;
    for (int turn = 0; turn < 10 && last != step::done && last != step::failed; ++turn) {
      theirs->step();
      last = ours->handshake();
    }
    theirs->step();
    return last;
  }
  std::string read() {
    char space[100'000];
    std::string all;
    do {
      error_code failed;
      const auto n = ours->read_some(space, failed);
      if (failed) break;
      all.append(space, n);
    } while (ours->has_more());
    return all;
  }
  void narrow() {
    const int bytes = 4096;
    ::setsockopt(ends_[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  }
  int their_socket() const { return ends_[1]; }

  std::optional<session> ours;
  std::optional<test::secure_peer> theirs;

 private:
  std::filesystem::path directory_;
  std::optional<context> shown_;
  int ends_[2] = {-1, -1};
};

TEST_F(Session, NeverWaitsForAHello) { EXPECT_EQ(ours->handshake(), step::wants_read); }

TEST_F(Session, CarriesBytesBothWays) {
  ASSERT_EQ(meet(), step::done);
  error_code failed;
  theirs->write("hello");
  EXPECT_EQ(read(), "hello");
  EXPECT_EQ(ours->write_some("and back", failed), 8U);
  char space[100];
  EXPECT_EQ(theirs->read(space, sizeof space), 8);
}

TEST_F(Session, WhatCameWithTheHandshakeIsFoundWithoutWaiting) {
  theirs->step();
  ours->handshake();
  theirs->step();
  theirs->write("at once");  // in the same packet as the end of the handshake
  ASSERT_EQ(ours->handshake(), step::done);
  EXPECT_TRUE(ours->has_more());
  EXPECT_EQ(read(), "at once");
}

TEST_F(Session, TellsThatARecordIsStillInside) {
  ASSERT_EQ(meet(), step::done);
  theirs->write("first");
  theirs->write("second");
  char space[100];
  error_code failed;
  EXPECT_EQ(ours->read_some(space, failed), 5U);
  EXPECT_TRUE(ours->has_more()) << "the socket has nothing more to say";
  EXPECT_EQ(ours->read_some(space, failed), 6U);
  EXPECT_FALSE(ours->has_more());
  EXPECT_EQ(ours->read_some(space, failed), 0U);
  EXPECT_TRUE(would_block(failed));
}

TEST_F(Session, APartOfARecordIsNothingToReadYet) {
  ASSERT_EQ(meet(), step::done);
  // Written through a second pair, so that the record can be cut.
  int cut[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, cut), 0);
  SSL_set_wfd(theirs->native(), cut[0]);
  theirs->write("whole");
  char record[200];
  const auto size = ::recv(cut[1], record, sizeof record, 0);
  ASSERT_GT(size, 10);
  ASSERT_EQ(::send(their_socket(), record, 9, 0), 9);
  char space[100];
  error_code failed;
  EXPECT_EQ(ours->read_some(space, failed), 0U);
  EXPECT_TRUE(would_block(failed));
  EXPECT_FALSE(ours->has_more()) << "or it would be asked again and again";
  ::send(their_socket(), record + 9, static_cast<std::size_t>(size) - 9, 0);
  EXPECT_EQ(read(), "whole");
  SSL_set_wfd(theirs->native(), their_socket());
  for (const int end : cut) ::close(end);
}

TEST_F(Session, WritesWhatTheSocketTakesAndGoesOnFromAnotherPlaceInMemory) {
  narrow();
  ASSERT_EQ(meet(), step::done);
  std::string sent;
  for (int i = 0; i < 30'000; ++i) sent += std::to_string(i) + ' ';
  std::string rest = sent;
  std::string got;
  char space[50'000];
  bool blocked = false;
  for (int turn = 0; turn < 10'000 && got.size() < sent.size(); ++turn) {
    error_code failed;
    const auto n = rest.empty() ? 0 : ours->write_some(rest, failed);
    blocked |= would_block(failed);
    ASSERT_TRUE(!failed || would_block(failed)) << failed.message();
    rest = rest.substr(n);
    const auto here = theirs->read(space, sizeof space);
    if (here > 0) got.append(space, static_cast<std::size_t>(here));
  }
  EXPECT_TRUE(blocked);
  EXPECT_EQ(got, sent);
}

TEST_F(Session, TellsItsPeerOfTheEndOnce) {
  ASSERT_EQ(meet(), step::done);
  ours->close_notify();
  ours->close_notify();
  char space[10];
  EXPECT_EQ(theirs->read(space, sizeof space), 0);
  EXPECT_TRUE(theirs->was_told_the_end());
}

TEST_F(Session, SeesThatItsPeerHasEndedInGoodOrderOrNot) {
  ASSERT_EQ(meet(), step::done);
  EXPECT_EQ(ours->look(), session::sign::none);
  theirs->write("x");
  EXPECT_EQ(ours->look(), session::sign::talks);
  EXPECT_TRUE(ours->has_more());
  EXPECT_EQ(read(), "x");
  theirs->finish();
  EXPECT_EQ(ours->look(), session::sign::gone);
}

TEST_F(Session, AVanishedPeerIsTheEnd) {
  ASSERT_EQ(meet(), step::done);
  ::shutdown(their_socket(), SHUT_RDWR);
  char space[10];
  error_code failed;
  ours->read_some(space, failed);
  EXPECT_TRUE(failed && !would_block(failed));
  ours->write_some("nobody is there", failed);  // raises no SIGPIPE
  EXPECT_TRUE(failed && !would_block(failed));
  ours->close_notify();
}

TEST_F(Session, OldVersionsAreRefused) {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    TearDown();
    SetUp();
    offer(test::make_client_context(TLS1_VERSION, version));
    EXPECT_EQ(meet(), step::failed) << version;
  }
}

TEST_F(Session, TlsOnePointTwoAndOnePointThreeAreSpoken) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TearDown();
    SetUp();
    offer(test::make_client_context(version, version));
    EXPECT_EQ(meet(), step::done) << version;
    EXPECT_EQ(SSL_version(theirs->native()), version);
  }
}

TEST_F(Session, CiphersWithoutForwardSecrecyAreRefused) {
  auto old = test::make_client_context(TLS1_2_VERSION, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(old.get(), "kRSA:ECDHE+AES128+SHA1");
  offer(std::move(old));
  EXPECT_EQ(meet(), step::failed);
}

TEST_F(Session, AsksForHttpOnePointOneAndNothingElse) {
  auto both = test::make_client_context();
  const unsigned char h2_and_http[] = "\x02h2\x08http/1.1";
  SSL_CTX_set_alpn_protos(both.get(), h2_and_http, sizeof h2_and_http - 1);
  offer(std::move(both));
  ASSERT_EQ(meet(), step::done);
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(theirs->native(), &chosen, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");

  TearDown();
  SetUp();
  auto other = test::make_client_context();
  SSL_CTX_set_alpn_protos(other.get(), h2_and_http, 3);
  offer(std::move(other));
  EXPECT_EQ(meet(), step::failed);
}

TEST_F(Session, RenegotiationIsRefused) {
  offer(test::make_client_context(TLS1_2_VERSION, TLS1_2_VERSION));
  ASSERT_EQ(meet(), step::done);
  SSL_renegotiate(theirs->native());
  theirs->step();
  char space[100];
  error_code failed;
  EXPECT_EQ(ours->read_some(space, failed), 0U);
  EXPECT_TRUE(would_block(failed)) << "it is refused, and that is all";
  EXPECT_EQ(theirs->step(), SSL_ERROR_SSL);
}

TEST_F(Session, WhatIsNoTlsFails) {
  const std::string_view words = "\x16not a hello at all, and long enough to be seen as none";
  ASSERT_GT(::send(their_socket(), words.data(), words.size(), 0), 0);
  EXPECT_EQ(ours->handshake(), step::failed);
}

TEST_F(Session, AHelloInSingleBytesIsUnderstood) {
  int cut[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, cut), 0);
  SSL_set_wfd(theirs->native(), cut[0]);
  theirs->step();
  char hello[4096];
  const auto size = ::recv(cut[1], hello, sizeof hello, 0);
  ASSERT_GT(size, 0);
  for (long i = 0; i < size; ++i) {
    EXPECT_EQ(ours->handshake(), step::wants_read);
    ASSERT_EQ(::send(their_socket(), hello + i, 1, 0), 1);
  }
  SSL_set_wfd(theirs->native(), their_socket());
  EXPECT_EQ(meet(), step::done);
  for (const int end : cut) ::close(end);
}

TEST_F(Session, WhoComesBackWithATicketIsKnown) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TearDown();
    SetUp();
    offer(test::make_client_context(version, version));
    ASSERT_EQ(meet(), step::done);
    char space[10];
    theirs->read(space, sizeof space);  // takes the ticket
    const std::unique_ptr<SSL_SESSION, test::freed_by<SSL_SESSION_free>> ticket{SSL_get1_session(theirs->native())};
    ASSERT_NE(ticket, nullptr);
    EXPECT_EQ(SSL_SESSION_is_resumable(ticket.get()), 1) << version;
  }
}

}  // namespace
}  // namespace haulcast::tls
