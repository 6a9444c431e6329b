#include <fmt/format.h>

#include <charconv>

#include "command_handler.hpp"
#include "haulcast/base/id.hpp"
#include "haulcast/http/routes.hpp"
#include "haulcast/queries/line_number.hpp"
#include "haulcast/queries/stream_consumers.hpp"
#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/stream_checkpoint.hpp"
#include "haulcast/wire/track_out.hpp"
#include "journal_stream.hpp"
#include "query_parameters.hpp"

namespace haulcast::http {

namespace {

using queries::line_number;
using queries::stream_consumers;

constexpr std::size_t lines_at_once = 500;  // of one record: about 0.2 ms
constexpr std::size_t checkpoint_body_bytes = 1024;
constexpr std::string_view name_form = "1 to 128 of A-Z a-z 0-9 . _ : -";

// Every position that was accepted, in the order of the journal: that of its truck, as it was sent.
class position_stream final : public journal_stream {
 public:
  position_stream(pipeline::pipeline& spine, std::shared_ptr<const auth::principal> who, bool server_sent, line_number after)
      : journal_stream{spine, std::move(who), server_sent}, told_{after} {}

 private:
  bool append(engine::offset_t at, std::string_view bytes, std::string& text) override {
    const auto record = journal::view_record(bytes);
    if (!record || record->kind != journal::record_kind::batch) return true;
    input_.clear();
    judgements_.clear();
    if (!journal::read_batch(*record, input_, judgements_)) return true;
    const auto is_told = [](engine::judgement j) { return j.what != engine::verdict::duplicate; };
    const auto all = static_cast<std::uint32_t>(std::ranges::count_if(judgements_, is_told));
    std::uint32_t place = 0;
    std::size_t lines = 0;
    for (std::size_t i = 0; i < input_.positions.size(); ++i) {
      if (!is_told(judgements_[i])) continue;
      const line_number line{at, place, place + 1 == all};
      ++place;
      if (line <= told_) continue;
      if (lines++ == lines_at_once) return false;
      append(line, input_.positions[i], judgements_[i], text);
      told_ = line;
    }
    return true;
  }

  void append(line_number line, const engine::batch_position& p, engine::judgement judged, std::string& text) const {
    if (server_sent()) fmt::format_to(std::back_inserter(text), "id: {}\nevent: position\ndata: ", line.number());
    fmt::format_to(std::back_inserter(text), "{{\"offset\":{},", line.number());
    wire::append_position_members(text, input_.trucks[p.truck], p.where);
    wire::append_judgement_members(text, judged, input_.received_at);
    text += server_sent() ? "}\n\n" : "}\n";
  }

  line_number told_;
  engine::batch input_;
  std::vector<engine::judgement> judgements_;
};

problem expired(const pipeline::pipeline& spine, std::string why) {
  return {.what = code::offset_expired,
          .detail = fmt::format("{} The oldest offset is {}.", why, line_number{spine.first_offset(), 0, false}.number()),
          .errors = {}};
}

result<std::string_view, problem> read_consumer(const request& r) {
  for (const field& f : r.query()) {
    if (f.name != "consumer") return no_such_parameter(f.name);
  }
  const auto name = r.query_value("consumer");
  if (!name) return name.error();
  if (!*name)
    return problem{
        .what = code::parameter_missing, .detail = "consumer: the name that checkpoints are kept under", .errors = {}};
  if (!is_id(**name)) return invalid_parameter("consumer", name_form);
  return **name;
}

// Behind what it has committed; an EventSource that comes back says where it was, which is further.
result<line_number, problem> place_of(const pipeline::pipeline& spine, const stream_consumers& consumers, const request& r) {
  const auto name = read_consumer(r);
  if (!name) return name.error();
  line_number after;
  if (const auto known = consumers.find(*name)) {
    if (!known->of_this_journal) return expired(spine, "The checkpoint is one of another journal.");
    after = known->handled;
  }
  if (r.has_header("last-event-id")) {
    const auto text = r.header("last-event-id");
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return invalid_parameter("Last-Event-ID", "an offset");
    after = line_number{number};
  }
  if (after == line_number{}) return after;
  if (after.next_record() < spine.first_offset()) return expired(spine, "What follows was dropped.");
  if (after.record() > spine.told()) return expired(spine, "The journal has not come that far.");
  return after;
}

response stream(pipeline::pipeline& spine, const stream_consumers& consumers, const request& r) {
  const auto server_sent = wants_server_sent(r);
  if (!server_sent) return refuse_stream_format();
  const auto after = place_of(spine, consumers, r);
  if (!after) return to_response(after.error());
  const engine::offset_t next = std::max(after->next_record(), spine.first_offset());
  return answer_with(std::make_shared<position_stream>(spine, r.principal, *server_sent, *after), *server_sent, next);
}

response refuse_checkpoint(stream_consumers::outcome how) {
  using enum stream_consumers::outcome;
  if (how == too_many_names)
    return refuse(code::conflict, fmt::format("There are {} consumers already.", stream_consumers::names_max));
  if (how == too_many_waiting) return refuse(code::overloaded, "Too many checkpoints wait for the disk.");
  return refuse(code::not_committed, "The checkpoint could not be written; sending it again is safe.");
}

net::awaitable<response> commit(pipeline::pipeline& spine, stream_consumers& consumers, request& r) {
  const std::string name{r.parameter("name")};
  if (!is_id(name)) {
    co_return to_response({.what = code::field_invalid, .detail = fmt::format("name: {}", name_form), .errors = {}});
  }
  const auto asked = wire::parse_stream_checkpoint(r.body);
  if (!asked) co_return to_response(to_problem(asked.error()));
  const line_number handled{*asked};
  if (handled.record() > spine.told()) {
    co_return to_response(to_problem(wire::body_failure{"field_invalid", "/offset", "The journal has not come that far."}));
  }
  auto committing = consumers.commit(name, handled);
  const auto how = co_await std::move(committing);
  if (how != stream_consumers::outcome::committed) co_return refuse_checkpoint(how);
  const auto now = consumers.find(name);
  co_return json_response(fmt::format(R"({{"consumer":"{}","offset":{}}})", name, now ? now->handled.number() : *asked));
}

}  // namespace

void add_position_stream_routes(router& to, pipeline::pipeline& spine, queries::stream_consumers& consumers) {
  auto* const from = &spine;
  auto* const all = &consumers;
  to.add({.method = method::get,
          .pattern = "/v1/positions/stream",
          .offers = {},
          .handler = sync_handler{[from, all](request& r) { return stream(*from, *all, r); }},
          .gives_way = true});
  to.add({.method = method::post,
          .pattern = "/v1/consumers/{name}/checkpoint",
          .body_limit = checkpoint_body_bytes,
          .handler = async_handler{[from, all](request& r) { return commit(*from, *all, r); }}});
}

}  // namespace haulcast::http
