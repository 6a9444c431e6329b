#include "haulcast/wire/batch_walk.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "haulcast/base/edit_distance.hpp"
#include "haulcast/base/id.hpp"
#include "haulcast/wire/json_pointer.hpp"

namespace haulcast::wire {
namespace {

using engine::reject_code;

constexpr std::array<std::string_view, 2> batch_members{"positions", "truck_id"};

batch_failure malformed(const json_cursor& json) {
  const auto say = [](std::string detail) { return batch_failure{batch_error::malformed_json, {}, std::move(detail)}; };
  const std::string where = " (at byte " + std::to_string(json.fault_offset()) + ").";
  switch (json.fault()) {
    case json_fault::too_deep: return say("The body is nested deeper than 16 levels" + where);
    case json_fault::number: return say("The body holds a number larger than a double can be" + where);
    case json_fault::none: return say("The body is not valid JSON: it goes on after its end.");
    default: return say("The body is not valid JSON" + where);
  }
}

}  // namespace

batch_walk::batch_walk(json_cursor json, utc_time received_at, const batch_limits& limits, const covers& may_post,
                       batch_tools& use, std::unique_ptr<engine::batch> empty)
    : json_{json}, limits_{limits}, may_post_{may_post}, use_{use}, batch_{std::move(empty)} {
  batch_->received_at = received_at;
  use_.reader.begin(received_at, limits);
  use_.trucks.clear();
}

result<parsed_batch, batch_failure> batch_walk::run() {
  if (json_.peek() != '{') {
    refuse(batch_error::not_an_object, {}, "The body must be a JSON object.");
    json_.skip();
  } else {
    json_.object([this](json_text key) { read_member(key); });
  }
  if (!json_.finished()) return malformed(json_);
  if (!positions_) refuse(batch_error::positions_missing, "/positions", "The member positions is missing.");
  if (failure_) return std::move(*failure_);
  if (truck_id_wanted_ && !truck_id_.empty()) read_positions_again();
  return parsed_batch{std::move(batch_), covered_, foreign_};
}

void batch_walk::refuse(batch_error code, std::string pointer, std::string detail) {
  if (!failure_) failure_.emplace(batch_failure{code, std::move(pointer), std::move(detail)});
}

void batch_walk::refuse_twice() {
  refuse(batch_error::duplicate_key, json_pointer_to(use_.text), "The member " + use_.text + " is given twice.");
  json_.skip();
}

void batch_walk::read_member(json_text key) {
  use_.text.clear();
  unescape(key.raw, use_.text);
  if (use_.text == "positions") return std::exchange(positions_named_, true) ? refuse_twice() : read_positions();
  if (use_.text == "truck_id") return std::exchange(truck_id_named_, true) ? refuse_twice() : read_truck_id();
  refuse(batch_error::unknown_member, json_pointer_to(use_.text),
         "The only members allowed are positions and truck_id." + did_you_mean(use_.text, batch_members));
  json_.skip();
}

void batch_walk::read_truck_id() {
  if (json_.peek() == 'n') return json_.null();
  if (json_.peek() == '"') {
    unescape(json_.text().raw, truck_id_);
    if (is_id(truck_id_)) return;
  } else {
    json_.skip();
  }
  refuse(batch_error::truck_id_invalid, "/truck_id", "The truck_id must be 1 to 128 of A-Z a-z 0-9 . _ : -");
}

void batch_walk::read_positions() {
  if (json_.peek() == 'n') return json_.null();
  positions_ = json_.place();
  if (json_.peek() != '[') {
    refuse(batch_error::positions_invalid, "/positions", "The member positions must be an array.");
    return json_.skip();
  }
  std::size_t count = 0;
  json_.array([&] {
    if (failure_ || count >= limits_.max_positions) {
      json_.skip();
    } else {
      read_position(static_cast<std::uint32_t>(count));
    }
    ++count;
  });
  if (count == 0) refuse(batch_error::batch_empty, "/positions", "The batch holds no positions.");
  if (count > limits_.max_positions) {
    refuse(batch_error::batch_too_large, "/positions",
           "The batch holds more than " + std::to_string(limits_.max_positions) + " positions.");
  }
}

/// The batch's truck_id stood behind positions that need it: once more, now that it is known. Rare, and the body is known to
/// be JSON. The trucks covered or foreign so far stay so.
void batch_walk::read_positions_again() {
  batch_->positions.clear();
  batch_->rejected.clear();
  batch_->trucks.clear();
  use_.trucks.clear();
  json_.go_back(*positions_);
  read_positions();
}

void batch_walk::read_position(std::uint32_t index) {
  const char* const begin = json_.here();
  const std::size_t first_token = json_.place();
  use_.reader.read(json_, draft_);
  if (json_.failed()) return;
  truck_table::entry* const truck = judge_truck();
  if (const auto code = use_.reader.fault()) return reject(index, *code, truck, {begin, json_.end_of_last()});
  if (batch_->positions.empty()) {
    // Positions of a batch are alike: the size of one tells how many more are to come.
    const std::size_t tokens_each = json_.place() - first_token + 1;
    batch_->positions.reserve(std::min(limits_.max_positions, 1 + json_.tokens_left() / tokens_each));
  }
  accept(index, *truck);
}

/// Whose position it is; null when that cannot be said, and then the reader has a fault.
truck_table::entry* batch_walk::judge_truck() {
  if (use_.reader.fault() == reject_code::position_not_an_object) return nullptr;
  const std::string_view id = use_.reader.truck_id().value_or(truck_id_);
  if (id.empty()) {
    truck_id_wanted_ |= !use_.reader.truck_id();
    if (!use_.reader.truck_id()) use_.reader.note(member::truck_id, reject_code::truck_id_missing);
    return nullptr;
  }
  truck_table::entry& truck = use_.trucks.find(id, *batch_, may_post_);
  (truck.covered ? covered_ : foreign_) = true;
  if (!truck.covered) use_.reader.note(member::truck_id, reject_code::truck_not_yours);
  return &truck;
}

void batch_walk::reject(std::uint32_t index, reject_code code, const truck_table::entry* truck, std::string_view raw) {
  const std::string_view id = truck ? truck->id : std::string_view{};
  batch_->rejected.push_back({index, code, id, batch_->keep(cut_at_character(raw, engine::rejected_raw_bytes))});
}

void batch_walk::accept(std::uint32_t index, truck_table::entry& truck) {
  if (truck.place == truck_table::no_place) {
    truck.place = static_cast<std::uint32_t>(batch_->trucks.size());
    batch_->trucks.push_back(truck.id);
  }
  keep_texts();
  batch_->positions.push_back({index, truck.place, draft_});
}

/// Moves the draft's texts into the batch. A truck tells the same trip and driver with each position: those are kept once.
void batch_walk::keep_texts() {
  const engine::position* const last = batch_->positions.empty() ? nullptr : &batch_->positions.back().where;
  const auto keep = [&](std::string_view engine::position::* text) {
    std::string_view& now = draft_.*text;
    if (!now.empty()) now = last && now == last->*text ? last->*text : batch_->keep(now);
  };
  keep(&engine::position::engine_status);
  keep(&engine::position::trip_id);
  keep(&engine::position::driver_id);
  if (!draft_.attributes.empty()) draft_.attributes = keep_on_one_line(draft_.attributes);
}

/// Line breaks and tabs between an object's tokens go: a position must fit on a line of NDJSON. None stands in a string.
std::string_view batch_walk::keep_on_one_line(std::string_view attributes) {
  const auto breaks = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  if (std::ranges::none_of(attributes, breaks)) return batch_->keep(attributes);
  use_.text.clear();
  std::ranges::remove_copy_if(attributes, std::back_inserter(use_.text), breaks);
  return batch_->keep(use_.text);
}

}  // namespace haulcast::wire
