#include "registry.hpp"

#include <utility>

#include "command_handler.hpp"
#include "haulcast/base/id.hpp"
#include "haulcast/wire/registration.hpp"
#include "truck_answer.hpp"

namespace haulcast::http {

namespace {

using engine::command_status;

result<engine::any_command, problem> read_registering(const request& r) {
  const std::string_view id = r.parameter("truck_id");
  if (!is_id(id)) {
    return problem{.what = code::field_invalid, .detail = "A truck_id is 1 to 128 of A-Z a-z 0-9 . _ : -", .errors = {}};
  }
  auto only_if = read_precondition(r, version_in);
  if (!only_if) return only_if.error();
  auto what = wire::parse_registration(r.body, id);
  if (!what) return to_problem(what.error());
  return engine::any_command{engine::register_truck{std::string{id}, *std::move(what), *std::move(only_if)}};
}

result<engine::any_command, problem> read_removing(const request& r) {
  auto only_if = read_precondition(r, version_in);
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

response to_answer(const pipeline::pipeline& spine, const pipeline::command_receipt& told) {
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
    case command_status::exists:  // nobody asks for a truck that must be new
    case command_status::staged:
    case command_status::imported:
    case command_status::enforced:
    case command_status::importing: break;  // none of them is said of a truck
  }
  return refuse(code::internal_error);
}

}  // namespace

late_handler register_truck_handler(pipeline::pipeline& spine) { return command_handler(spine, read_registering, to_answer); }

late_handler remove_truck_handler(pipeline::pipeline& spine) { return command_handler(spine, read_removing, to_answer); }

}  // namespace haulcast::http
