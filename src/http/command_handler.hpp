// What all routes that change the world have in common: a request becomes a command, and what that came to an answer.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "haulcast/http/entity_tags.hpp"
#include "haulcast/http/idempotency_key.hpp"
#include "haulcast/http/router.hpp"
#include "haulcast/pipeline/pipeline.hpp"
#include "haulcast/wire/body_failure.hpp"

namespace haulcast::http {

/// The version in an entity tag (without quotes), if it is one of ours.
using version_reader = std::optional<std::uint64_t> (*)(std::string_view opaque) noexcept;

/// If-Match and If-None-Match. Error: precondition_failed, as for what can never be known to hold.
result<engine::precondition, problem> read_precondition(const request& r, version_reader version_in);

problem to_problem(const wire::body_failure& f);

/// The answer to a command that was decided; `told.input` is the one that was asked.
using command_answer = response (*)(const pipeline::pipeline& spine, const pipeline::command_receipt& told);

/// Hands the command in; fills `to` and calls `done` when it is decided and committed. For a late_handler.
void submit_command(pipeline::pipeline& spine, std::unique_ptr<engine::command> asked, command_answer answer, response& to,
                    answered done);

/// `read(request&)` gives a result<engine::any_command, problem>, at once.
template <class Read>
late_handler command_handler(pipeline::pipeline& spine, Read read, command_answer answer) {
  return [&spine, read, answer, key_of = std::make_shared<retry_key_maker>()](request& r, response& to) -> answer_later {
    auto asked = read(r);
    auto key = asked ? (*key_of)(r) : asked.error();
    if (!key) {
      to = to_response(key.error());
      return {};
    }
    auto command = std::make_unique<engine::command>(engine::command{.now = {}, .what = *std::move(asked), .retry = *key});
    return [&spine, &to, answer, asked = std::move(command)](answered done) mutable {
      submit_command(spine, std::move(asked), answer, to, std::move(done));
    };
  };
}

}  // namespace haulcast::http
