#include "registry.hpp"

#include <memory>
#include <utility>

#include "haulcast/base/id.hpp"
#include "haulcast/http/entity_tags.hpp"
#include "haulcast/http/idempotency_key.hpp"
#include "haulcast/pipeline/pipeline.hpp"
#include "haulcast/wire/registration.hpp"
#include "spine_refusal.hpp"
#include "truck_answer.hpp"

namespace haulcast::http {

namespace {

using engine::command_status;

// A weak tag says that something else may have changed: If-Match asks for certainty, If-None-Match does not.
engine::version_set versions_in(const entity_tags& from, bool weak_too) {
  engine::version_set versions{.any = from.any, .versions = {}};
  for (const entity_tag& tag : from.tags) {
    if (const auto version = version_in(tag.opaque); version && (weak_too || !tag.weak)) versions.versions.push_back(*version);
  }
  return versions;
}

result<engine::precondition, problem> read_precondition(const request& r) {
  const auto match = read_entity_tags(r, "If-Match");
  if (!match) return match.error();
  const auto none_match = read_entity_tags(r, "If-None-Match");
  if (!none_match) return none_match.error();
  engine::precondition asked;
  if (*match) asked.match = versions_in(**match, false);
  if (*none_match) asked.none_match = versions_in(**none_match, true);
  return asked;
}

code code_named(std::string_view name) {
  for (const problem_entry& p : problems) {
    if (p.name == name) return p.what;
  }
  return code::internal_error;
}

problem to_problem(const wire::body_failure& f) {
  problem p{.what = code_named(f.code), .detail = f.detail, .errors = {}};
  if (!f.pointer.empty()) p.errors.push_back({f.pointer, std::string{f.code}, f.detail});
  return p;
}

result<engine::any_command, problem> read_registering(const request& r) {
  const std::string_view id = r.parameter("truck_id");
  if (!is_id(id)) {
    return problem{.what = code::field_invalid, .detail = "A truck_id is 1 to 128 of A-Z a-z 0-9 . _ : -", .errors = {}};
  }
  auto only_if = read_precondition(r);
  if (!only_if) return only_if.error();
  auto what = wire::parse_registration(r.body, id);
  if (!what) return to_problem(what.error());
  return engine::any_command{engine::register_truck{std::string{id}, *std::move(what), *std::move(only_if)}};
}

result<engine::any_command, problem> read_removing(const request& r) {
  auto only_if = read_precondition(r);
  if (!only_if) return only_if.error();
  return engine::any_command{engine::remove_truck{std::string{r.parameter("truck_id")}, *std::move(only_if)}};
}

// The registration is the one that was asked for, though another may have come behind it: with a newer one's tag this client
// would overwrite what it never saw.
response registered(const pipeline::pipeline& spine, const engine::register_truck& asked, std::uint64_t version) {
  pipeline::told_truck unseen;
  unseen.id = asked.truck_id;
  const auto known = spine.live().find(asked.truck_id);
  const pipeline::told_truck& t = known ? spine.live().at(*known) : unseen;
  response answer;
  append_truck(answer.body, t, &asked.what);
  answer.headers.push_back({"ETag", etag_of(t, version)});
  return answer;
}

response to_response(const pipeline::pipeline& spine, const pipeline::command_receipt& told) {
  const auto* const asked = std::get_if<engine::register_truck>(&told.input.what);
  switch (told.decided.what) {
    case command_status::created: {
      response answer = registered(spine, *asked, told.decided.version);
      answer.status = 201;
      answer.headers.push_back({"Location", "/v1/trucks/" + asked->truck_id});
      return answer;
    }
    case command_status::updated:
    case command_status::unchanged: return registered(spine, *asked, told.decided.version);
    case command_status::removed: {
      response answer;
      answer.status = 204;
      return answer;
    }
    case command_status::not_found: return refuse(code::not_found, "There is no such truck.");
    case command_status::precondition_failed: return refuse(code::precondition_failed);
    case command_status::no_room: return refuse(code::too_many_trucks);
    case command_status::key_reused: return refuse(code::idempotency_key_reused);
  }
  return refuse(code::internal_error);
}

std::exception_ptr fill(response& to, const pipeline::pipeline& spine, const pipeline::command_result& came) noexcept try {
  to = came ? to_response(spine, *came) : refuse(spine_code(came.error()));
  if (came && came->decided.again) to.headers.push_back({"Idempotency-Replayed", "true"});
  return nullptr;
} catch (...) {
  return std::current_exception();
}

template <class Read>
late_handler handler_of(pipeline::pipeline& spine, Read read) {
  return [&spine, read, key_of = std::make_shared<retry_key_maker>()](request& r, response& to) -> answer_later {
    auto asked = read(r);
    auto key = asked ? (*key_of)(r) : asked.error();
    if (!key) {
      to = to_response(key.error());
      return {};
    }
    auto command = std::make_unique<engine::command>(engine::command{.now = {}, .what = *std::move(asked), .retry = *key});
    return [&spine, &to, asked = std::move(command)](answered done) mutable {
      spine.submit(std::move(*asked), [&spine, &to, told = std::move(done)](pipeline::command_result came) mutable {
        told(fill(to, spine, came));
      });
    };
  };
}

}  // namespace

late_handler register_truck_handler(pipeline::pipeline& spine) { return handler_of(spine, read_registering); }

late_handler remove_truck_handler(pipeline::pipeline& spine) { return handler_of(spine, read_removing); }

}  // namespace haulcast::http
