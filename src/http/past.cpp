#include "past.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "haulcast/auth/principal.hpp"
#include "haulcast/http/negotiate.hpp"
#include "haulcast/wire/gzip.hpp"

namespace haulcast::http {

namespace {

using namespace std::chrono_literals;
using queries::pool;

constexpr std::uint32_t store_retry_s = 5;
constexpr std::size_t gzip_from = 1024;
constexpr auto tell_operator_every = 10s;
constexpr auto answer_within = 30s;  // however many steps it takes

}  // namespace

// Used by a thread of the pool and by the loop by turns.
struct past::job {
  std::shared_ptr<queries::question> what;
  bool gzip = false;
  bool gzipped = false;
  store::store_result<bool> came = false;

  // A store that was exchanged under a reader's feet is found by a new reader.
  bool step(store::reader& from) {
    came = what->step(from);
    if (!came) return false;
    if (*came || !gzip || what->text.size() < gzip_from) return true;
    what->text = wire::gzip(what->text);
    gzipped = true;
    return true;
  }
};

queries::tail past::tail_now() const {
  const engine::offset_t stored = door_.stored();
  const engine::offset_t told = door_.spine.told();
  queries::spine_now now{.log = &door_.spine.log(), .recent = {}, .told = told, .stored = stored, .stored_until = {}};
  if (stored < told) {
    now.recent = door_.spine.told_behind(stored, queries::tail::groups_max, queries::tail::bytes_max);
    // Takes a lock, and is of use only where memory does not reach.
    if (now.recent.empty() || now.recent.front()->first > stored + 1) now.stored_until = door_.stored_until();
  }
  return queries::tail{std::move(now)};
}

bool past::is_visible(const request& r, std::string_view truck_id) const {
  return r.principal->may_see_truck(truck_id) && door_.spine.live().find(truck_id).has_value();
}

net::awaitable<response> past::ask(request& r, std::shared_ptr<queries::question> what, std::string_view content_type) {
  if (door_.memory->full()) {
    ++door_.memory->refused;
    co_return refuse(code::overloaded, "Too many answers wait to be read; ask again in a moment.");
  }
  const auto all = std::make_shared<job>(std::move(what), accepts_gzip(r.header("accept-encoding")));
  const auto until = std::chrono::steady_clock::now() + answer_within;
  do {
    auto running = door_.threads.run([all](store::reader& from) { return all->step(from); }, [&r] { return r.is_abandoned(); });
    const auto how = co_await std::move(running);
    if (how != pool::outcome::done) co_return no_answer(how);
    if (!all->came) co_return no_store(all->came.error());
    if (*all->came && r.is_abandoned()) co_return no_answer(pool::outcome::abandoned);
    if (*all->came && std::chrono::steady_clock::now() > until)
      co_return no_store({store::trouble::unavailable, "it takes too long to answer"});
  } while (*all->came);
  response answer;
  answer.content_type = content_type;
  answer.shared_body = door_.memory->hold(std::move(all->what->text));
  if (all->gzipped) answer.headers = {{"Content-Encoding", "gzip"}, {"Vary", "Accept-Encoding"}};
  co_return answer;
}

response past::no_answer(pool::outcome how) {
  if (how == pool::outcome::failed) return refuse(code::internal_error);
  return refuse(code::overloaded, "Too many questions about the past wait already; ask again in a moment.");
}

response past::no_store(const store::store_error& error) {
  const auto now = std::chrono::steady_clock::now();
  if (now - told_operator_ >= tell_operator_every) {
    told_operator_ = now;
    spdlog::warn("history cannot be read: {}", error.why);
  }
  return to_response({.what = code::store_unavailable, .detail = {}, .errors = {}, .retry_after_s = store_retry_s});
}

}  // namespace haulcast::http
