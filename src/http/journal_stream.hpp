// A stream of what the journal tells, from some record on and then live.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "haulcast/auth/principal.hpp"
#include "haulcast/http/negotiate.hpp"
#include "haulcast/http/response.hpp"
#include "haulcast/http/stream.hpp"
#include "haulcast/pipeline/pipeline.hpp"

namespace haulcast::http {

/// Server-sent events or NDJSON. Goes from record to record in pieces between which the loop turns, and waits for news where
/// there are no more. Ends with the token, or when the next record has been dropped: who comes back is told so.
class journal_stream {
 public:
  journal_stream(pipeline::pipeline& spine, std::shared_ptr<const auth::principal> who, bool server_sent)
      : spine_{spine}, who_{std::move(who)}, server_sent_{server_sent} {}
  virtual ~journal_stream() = default;

  /// From the record `next` on.
  net::awaitable<void> run(response_stream& to, engine::offset_t next);

 protected:
  /// Appends what is told of a record. False: there is more of it, to be asked for again.
  virtual bool append(engine::offset_t at, std::string_view record, std::string& text) = 0;
  const auth::principal& who() const noexcept { return *who_; }
  bool server_sent() const noexcept { return server_sent_; }

 private:
  net::awaitable<bool> send(const journal::group& group, engine::offset_t& next, response_stream& to);
  net::awaitable<bool> wait(response_stream& to, net::steady_timer& quiet);
  void append_piece(journal::record_cursor& records, engine::offset_t last, engine::offset_t& next, std::string& text);

  pipeline::pipeline& spine_;
  std::shared_ptr<const auth::principal> who_;
  bool server_sent_;
};

/// Which of the two a request accepts: true for server-sent events; none: neither.
std::optional<bool> wants_server_sent(const request& r);
response refuse_stream_format();
/// The answer that is that stream.
response answer_with(std::shared_ptr<journal_stream> what, bool server_sent, engine::offset_t next);

}  // namespace haulcast::http
