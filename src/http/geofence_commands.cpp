#include "geofence_commands.hpp"

#include <fmt/format.h>

#include <charconv>
#include <random>
#include <utility>

#include "command_handler.hpp"
#include "haulcast/auth/principal.hpp"
#include "haulcast/base/id.hpp"
#include "haulcast/wire/geofence.hpp"

namespace haulcast::http {

namespace {

using engine::command_status;
using reading = result<std::unique_ptr<engine::command>, problem>;

std::optional<std::uint64_t> version_in(std::string_view opaque) noexcept {
  std::uint64_t version = 0;
  const char* const last = opaque.data() + opaque.size();
  const auto [end, error] = std::from_chars(opaque.data(), last, version);
  if (error != std::errc{} || end != last) return std::nullopt;
  return version;
}

// Chosen at the door and recorded with the command. A request that is sent again under its Idempotency-Key chooses the same
// once more, so that it is answered with what was created.
std::string chosen_id(const std::optional<engine::retry_key>& retry) {
  if (retry) return fmt::format("gf-{:016x}{:016x}", retry->key[0], retry->key[1]);
  std::random_device dice;
  return fmt::format("gf-{:08x}{:08x}{:08x}{:08x}", dice(), dice(), dice(), dice());
}

// Whose it becomes: a merchant's own, or whoever an admin names.
std::optional<problem> claim(engine::geofence& what, const auth::principal& who) {
  if (who.who != auth::role::merchant) return std::nullopt;
  if (!what.merchant_id.empty() && what.merchant_id != who.merchant_id) {
    constexpr const char* why = "A merchant has geofences of its own only.";
    return problem{.what = code::field_invalid, .detail = why, .errors = {{"/merchant_id", "field_invalid", why}}};
  }
  what.merchant_id = who.merchant_id;
  return std::nullopt;
}

// All that has to be known before the world is asked. Only reads the request, and may take milliseconds.
reading read_putting(const request& r, std::string_view id_in_path, bool only_new) {
  auto only_if = read_precondition(r, version_in);
  if (!only_if) return only_if.error();
  const auto retry = retry_key_maker{}(r);
  if (!retry) return retry.error();
  auto what = wire::parse_geofence(r.body, id_in_path);
  if (!what) return to_problem(what.error());
  if (auto refused = claim(*what, *r.principal)) return *std::move(refused);
  if (what->id.empty()) what->id = chosen_id(*retry);
  what->prepare();
  return std::make_unique<engine::command>(engine::command{.now = {},
                                                           .what = engine::put_geofence{.what = *std::move(what),
                                                                                        .only_new = only_new,
                                                                                        .merchant_id = r.principal->merchant_id,
                                                                                        .only_if = *std::move(only_if)},
                                                           .retry = *retry});
}

reading read_creating(const request& r) { return read_putting(r, {}, true); }

reading read_replacing(const request& r) {
  const std::string_view id = r.parameter("geofence_id");
  if (!is_id(id)) {
    return problem{.what = code::field_invalid, .detail = "A geofence_id is 1 to 128 of A-Z a-z 0-9 . _ : -", .errors = {}};
  }
  return read_putting(r, id, false);
}

result<engine::any_command, problem> read_removing(const request& r) {
  auto only_if = read_precondition(r, version_in);
  if (!only_if) return only_if.error();
  return engine::any_command{
      engine::remove_geofence{std::string{r.parameter("geofence_id")}, r.principal->merchant_id, *std::move(only_if)}};
}

// As it was asked for, though another may have come behind it.
response shown(const engine::put_geofence& asked, std::uint64_t version) {
  response answer;
  wire::append_geofence(answer.body, asked.what);
  answer.headers.push_back({"ETag", etag_of_geofence(version)});
  return answer;
}

response to_answer(const pipeline::pipeline&, const pipeline::command_receipt& told) {
  const auto* const asked = std::get_if<engine::put_geofence>(&told.input.what);
  switch (told.decided.what) {
    case command_status::created: {
      response answer = shown(*asked, told.decided.version);
      answer.status = 201;
      answer.headers.push_back({"Location", "/v1/geofences/" + asked->what.id});
      return answer;
    }
    case command_status::updated:
    case command_status::unchanged: return shown(*asked, told.decided.version);
    case command_status::removed: {
      response answer;
      answer.status = 204;
      return answer;
    }
    case command_status::not_found: return refuse(code::not_found, "There is no such geofence.");
    case command_status::precondition_failed: return refuse(code::precondition_failed);
    case command_status::no_room: return refuse(code::too_many_geofences);
    case command_status::key_reused: return refuse(code::idempotency_key_reused);
    case command_status::exists: return refuse(code::geofence_exists);
    case command_status::importing: return refuse(code::import_under_way);
    case command_status::staged:
    case command_status::imported:
    case command_status::enforced: break;  // of imports only
  }
  return refuse(code::internal_error);
}

// Even a small body may be a shape of the size of a country, which takes milliseconds to lay out on the map.
late_handler putting(pipeline::pipeline& spine, std::shared_ptr<desk> aside, reading (*read)(const request&)) {
  return [&spine, read, aside = std::move(aside)](request& r, response& to) -> answer_later {
    return [&spine, &r, &to,
            call = std::make_unique<std::pair<desk*, reading (*)(const request&)>>(aside.get(), read)](answered done) mutable {
      const auto [at, how] = *call;
      at->run([&r, how] { return how(r); },
              [&spine, &to, told = std::move(done)](reading asked) mutable {
                if (asked) return submit_command(spine, *std::move(asked), to_answer, to, std::move(told));
                to = to_response(asked.error());
                told(nullptr);
              });
    };
  };
}

}  // namespace

std::string etag_of_geofence(std::uint64_t version) { return fmt::format("\"{}\"", version); }

late_handler create_geofence_handler(pipeline::pipeline& spine, std::shared_ptr<desk> aside) {
  return putting(spine, std::move(aside), read_creating);
}

late_handler put_geofence_handler(pipeline::pipeline& spine, std::shared_ptr<desk> aside) {
  return putting(spine, std::move(aside), read_replacing);
}

late_handler remove_geofence_handler(pipeline::pipeline& spine) { return command_handler(spine, read_removing, to_answer); }

}  // namespace haulcast::http
