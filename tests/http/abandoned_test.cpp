// A handler that takes a while can ask whether its peer is still there.
#include <atomic>

#include "http/harness.hpp"

namespace haulcast::http::test {
namespace {

constexpr auth::access_rule rules[] = {{"GET", "/slow", auth::token_rule::none, auth::role_set::all(), auth::ownership::none}};

struct slow_route {
  std::atomic<int> begun = 0, abandoned = 0;
  std::atomic<bool> may_end = false;

  net::awaitable<response> answer(request& r) {
    ++begun;
    net::steady_timer pause{co_await net::this_coro::executor};
    while (!may_end) {
      if (r.is_abandoned()) {
        ++abandoned;
        break;
      }
      pause.expires_after(5ms);
      co_await pause.async_wait(net::use_awaitable);
    }
    response done;
    done.body = "{}";
    co_return done;
  }
};

router routes_to(slow_route& slow) {
  router to{entrance{}, rules};
  to.add({.method = method::get, .pattern = "/slow", .handler = async_handler{[&slow](request& r) { return slow.answer(r); }}});
  return to;
}

TEST(Abandoned, APeerThatHasClosedIsNoticedWhileItsAnswerIsMade) {
  slow_route slow;
  running_server s{running_server::quick(), routes_to(slow)};
  {
    peer p{s.port()};
    p.send(get("/slow"));
    ASSERT_TRUE(s.eventually([&] { return slow.begun == 1; }));
  }
  EXPECT_TRUE(s.eventually([&] { return slow.abandoned == 1; }));
}

TEST(Abandoned, APeerThatWaitsOrHasSentMoreIsThere) {
  slow_route slow;
  running_server s{running_server::quick(), routes_to(slow)};
  peer waits{s.port()}, talks{s.port()};
  waits.send(get("/slow"));
  talks.send(get("/slow") + get("/slow"));
  ASSERT_TRUE(s.eventually([&] { return slow.begun == 2; }));
  slow.may_end = true;
  EXPECT_EQ(waits.read().status, 200);
  EXPECT_EQ(talks.read().status, 200);
  EXPECT_EQ(talks.read().status, 200);
  EXPECT_EQ(slow.abandoned, 0);
}

}  // namespace
}  // namespace haulcast::http::test
