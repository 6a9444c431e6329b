// Has a question about the past answered off the loop.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "haulcast/http/routes.hpp"
#include "haulcast/pipeline/pipeline.hpp"
#include "haulcast/queries/answer_memory.hpp"
#include "haulcast/queries/pool.hpp"
#include "haulcast/queries/question.hpp"
#include "haulcast/queries/tail.hpp"

namespace haulcast::http {

/// One for all routes, which share it. Loop only.
class past {
 public:
  explicit past(history_door door) : door_{std::move(door)} {}

  const pipeline::pipeline& spine() const noexcept { return door_.spine; }
  const std::string& event_source() const noexcept { return door_.event_source; }
  /// What a question must be answered with besides the store.
  queries::tail tail_now() const;
  /// Whether that truck has ever been here, and the caller may see it: also one that was removed, for what it drove.
  bool is_visible(const request& r, std::string_view truck_id) const;

  /// The answer: the question's text as this media type, made, and gzipped for who accepts that, on the pool; or why there is
  /// none. Once per step the peer is looked for.
  net::awaitable<response> ask(request& r, std::shared_ptr<queries::question> what, std::string_view content_type);

 private:
  struct job;

  response no_answer(queries::pool::outcome how);
  response no_store(const store::store_error& error);

  history_door door_;
  std::chrono::steady_clock::time_point told_operator_;
};

}  // namespace haulcast::http
