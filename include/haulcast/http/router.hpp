// The table of routes: which handler, with how large a body. For whom is said by the role table (auth/role_table.hpp).
//
// Everything that can be refused from the head alone is refused here, before a byte of the body is read: unknown paths,
// methods, tokens, roles, media types, expectations, lengths.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "haulcast/auth/role_table.hpp"
#include "haulcast/auth/token.hpp"
#include "haulcast/base/once.hpp"
#include "haulcast/http/entrance.hpp"
#include "haulcast/http/head.hpp"
#include "haulcast/http/request.hpp"
#include "haulcast/http/response.hpp"
#include "haulcast/tls/session.hpp"

namespace haulcast::http {

/// Answers at once, on the loop: at most about 1 ms.
using sync_handler = std::function<response(request&)>;
/// Has filled the response (null), or could not (why).
using answered = once<void(std::exception_ptr)>;
/// Begins what an answer waits for; empty: nothing, the response is filled.
using answer_later = once<void(answered), 4 * sizeof(void*)>;
/// Fills the response now or later, for the route whose cost counts: nothing of it is a coroutine. Request and response stay
/// until `answered` is called; who destroys it uncalled ends the connection.
using late_handler = std::function<answer_later(request&, response&)>;
/// May wait, for the query pool.
using async_handler = std::function<net::awaitable<response>(request&)>;
/// Takes a body that is too large to be held, as it arrives. Owned by the connection; gone before its end if the peer is.
class upload {
 public:
  virtual ~upload() = default;
  /// What came next, plain or compressed as it was sent: 64 KiB at most, mostly that. Ends when there is room for more.
  virtual net::awaitable<void> take(std::string piece) = 0;
  /// All of it has come.
  virtual net::awaitable<response> finish() = 0;
};
/// Before a byte of the body is read, but for what came with the head. Null: the response says why it is not wanted. Of the
/// body only the route's limit is known to hold, as it was sent: what it is once it is decompressed is the upload's business.
using upload_handler = std::function<std::unique_ptr<upload>(request&, response&)>;
/// A connection that has left HTTP: its peer waits for the answer to its handshake.
struct departed {
  net::ip::tcp::socket socket;            // in non-blocking mode
  std::unique_ptr<tls::session> secured;  // through which it is read and written; null: as it is
  std::string buffered;                   // what came behind the head of the request
  std::shared_ptr<void> counted;          // the server counts the connection until nobody holds this
};
/// Refuses, or takes the connection out of HTTP by calling `leave`, once, and gives nothing: it answers the handshake itself
/// then. The request, which holds what HTTP needed for it, ends with the call.
using upgrade_handler = std::function<std::optional<response>(request&, const std::function<departed()>& leave)>;

struct route {
  http::method method = method::get;  // GET also answers HEAD
  std::string pattern;                // "/v1/trucks/{truck_id}/position"; `{name}` stands for one whole segment, not empty
  std::size_t body_limit = 0;         // bytes, before and after decompression; 0: no body is taken, a request with one gets 413
  std::vector<std::string_view> content_types{media::json};
  std::vector<std::string_view> offers{media::json};  // of a GET, by Accept, else 406; empty: the handler sees to it
  std::variant<sync_handler, late_handler, async_handler, upgrade_handler, upload_handler> handler;
  bool gives_way = false;                   // under pressure it is answered 503 from the head alone: positions come first
  std::size_t number = 0;                   // place in routes(), for metrics; the router sets it
  const auth::access_rule* rule = nullptr;  // its row in the role table; the router sets it

  bool is_upload() const noexcept { return std::holds_alternative<upload_handler>(handler); }
  bool is_upgrade() const noexcept { return std::holds_alternative<upgrade_handler>(handler); }
};

/// A decision from the head: a route to go on with, or the answer.
struct routed {
  const route* to = nullptr;  // set also for some refusals, for the metrics
  std::optional<response> answer;
};

/// Built at start, then only read. Finding is a look-up for patterns without parameters, else linear in those with some. A
/// literal pattern wins over one with parameters; of two of those, the one added first.
class router {
 public:
  /// Routes that ask for a token are all refused when nobody says whom it speaks for. `rules` must stay.
  explicit router(entrance way_in = entrance{}, std::span<const auth::access_rule> rules = auth::role_table())
      : entrance_{std::move(way_in)}, rules_{rules} {}

  /// At start-up only: says when routes that give way do.
  void give_way_when(std::function<bool()> pressed) { pressed_ = std::move(pressed); }

  /// At start-up only. Throws std::invalid_argument for a pattern that is not valid or given twice for the method, and for a
  /// route that has no row in the role table: nothing is served of which nobody has said for whom.
  void add(route r);

  /// Finds the route, sets parameters, rule and principal of `r`. The order of the checks: path, method, upgrade, pressure,
  /// token, rate, role, what is accepted, expectation, media type, content coding, length.
  routed decide(request& r, const head_facts& facts) const;

  /// All routes, by `route::number`.
  const std::vector<std::unique_ptr<route>>& routes() const noexcept { return routes_; }

 private:
  struct segment {
    std::string text;  // literal, or the parameter's name
    bool is_parameter = false;
  };
  struct resource {  // all methods of one pattern
    std::vector<segment> segments;
    std::vector<const route*> by_method;
    std::string allow;
    bool is_literal = true;
  };
  static std::vector<segment> parse_pattern(std::string_view pattern);
  const resource* find(request& r) const;
  static bool fits(const resource& what, const std::vector<std::string_view>& segments) noexcept;
  static void bind(const resource& what, const std::vector<std::string_view>& segments, request& r);
  std::optional<response> check_token(const route& to, request& r) const;
  std::optional<response> options_answer(const request& r, const resource* what) const;

  entrance entrance_;
  std::span<const auth::access_rule> rules_;
  std::function<bool()> pressed_;
  std::vector<std::unique_ptr<route>> routes_;
  std::map<std::string, resource, std::less<>> resources_;  // by pattern
  std::vector<const resource*> with_parameters_;
  mutable std::vector<std::string_view> segments_;  // of the request in hand, reused
};

}  // namespace haulcast::http
