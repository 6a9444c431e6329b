#include "command_handler.hpp"

#include "spine_refusal.hpp"

namespace haulcast::http {

namespace {

// A weak tag says that something else may have changed: If-Match asks for certainty, If-None-Match does not.
engine::version_set versions_in(const entity_tags& from, version_reader version_in, bool weak_too) {
  engine::version_set versions{.any = from.any, .versions = {}};
  for (const entity_tag& tag : from.tags) {
    if (const auto version = version_in(tag.opaque); version && (weak_too || !tag.weak)) versions.versions.push_back(*version);
  }
  return versions;
}

code code_named(std::string_view name) {
  for (const problem_entry& p : problems) {
    if (p.name == name) return p.what;
  }
  return code::internal_error;
}

std::exception_ptr fill(response& to, const pipeline::pipeline& spine, command_answer answer,
                        const pipeline::command_result& came) noexcept try {
  to = came ? answer(spine, *came) : refuse(spine_code(came.error()));
  if (came && came->decided.again) to.headers.push_back({"Idempotency-Replayed", "true"});
  return nullptr;
} catch (...) {
  return std::current_exception();
}

}  // namespace

result<engine::precondition, problem> read_precondition(const request& r, version_reader version_in) {
  const auto match = read_entity_tags(r, "If-Match");
  if (!match) return match.error();
  const auto none_match = read_entity_tags(r, "If-None-Match");
  if (!none_match) return none_match.error();
  engine::precondition asked;
  if (*match) asked.match = versions_in(**match, version_in, false);
  if (*none_match) asked.none_match = versions_in(**none_match, version_in, true);
  return asked;
}

problem to_problem(const wire::body_failure& f) {
  problem p{.what = code_named(f.code), .detail = f.detail, .errors = {}};
  if (!f.pointer.empty()) p.errors.push_back({f.pointer, std::string{f.code}, f.detail});
  return p;
}

void submit_command(pipeline::pipeline& spine, std::unique_ptr<engine::command> asked, command_answer answer, response& to,
                    answered done) {
  spine.submit(std::move(*asked), [&spine, &to, answer, told = std::move(done)](pipeline::command_result came) mutable {
    told(fill(to, spine, answer, came));
  });
}

}  // namespace haulcast::http
