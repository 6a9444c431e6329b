#include "haulcast/queries/lists.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "haulcast/queries/history.hpp"
#include "haulcast/queries/merge.hpp"
#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/time.hpp"
#include "page_end.hpp"

namespace haulcast::queries {

namespace {

constexpr std::size_t trucks_per_step = 20;

}  // namespace

std::string cursor_of(utc_time time, engine::event_id id) { return cursor_of(time) + '-' + id.to_string(); }

std::optional<list_cursor> list_cursor_of(std::string_view cursor) {
  const std::size_t id_at = cursor.size() - std::min(cursor.size(), engine::event_id::width);
  if (id_at < 2 || cursor[id_at - 1] != '-') return std::nullopt;
  const auto time = time_of_cursor(cursor.substr(0, id_at - 1));
  const auto id = engine::event_id::parse(cursor.substr(id_at));
  if (!time || !id) return std::nullopt;
  return list_cursor{*time, *id};
}

store::store_result<bool> event_list::step(store::reader& from) {
  if (!trucks_) {
    if (auto asked = ask(from); !asked) return asked.error();
    finish();
    return false;
  }
  for (std::size_t i = 0; i < trucks_per_step && next_truck_ < trucks_->size(); ++i) {
    asked_.truck_id = (*trucks_)[next_truck_++];
    if (auto asked = ask(from); !asked) return asked.error();
  }
  if (next_truck_ < trucks_->size()) return true;
  finish();
  return false;
}

// Joins what is found now with what was found of other trucks.
store::store_result<void> event_list::ask(store::reader& from) {
  auto page = from.events(asked_);
  if (!page) return page.error();
  if (auto reached = tail_.reach(page->at); !reached) return reached;
  if (const auto until = tail_.complete_until(); until && (!complete_until || *until < *complete_until)) complete_until = until;
  auto rows = merge(std::move(*page), events_in(tail_, asked_, source_), asked_.limit,
                    [](const auto& a, const auto& b) { return newer(a, b); });
  store::page<store::stored_event> before{.at = {}, .rows = std::exchange(found_, {})};
  auto joined =
      merge(std::move(before), std::move(rows.rows), asked_.limit, [](const auto& a, const auto& b) { return newer(a, b); });
  found_ = std::move(joined.rows);
  more_ = more_ || rows.more || joined.more;
  return {};
}

void event_list::finish() {
  text = R"({"items":[)";
  const store::stored_event* last = nullptr;
  for (const auto& e : found_) {
    if (text.size() >= list_bytes_max) {
      more_ = true;
      break;
    }
    if (last != nullptr) text += ',';
    text += e.text;
    last = &e;
  }
  if (more_ && last != nullptr) next_cursor = cursor_of(last->time, last->id);
  append_page_end(text, next_cursor, complete_until);
}

store::store_result<bool> quarantine_list::step(store::reader& from) {
  auto page = from.quarantine(asked_);
  if (!page) return page.error();
  if (auto reached = tail_.reach(page->at); !reached) return reached.error();
  complete_until = tail_.complete_until();
  const auto rows = merge(std::move(*page), rejections_in(tail_, asked_), asked_.limit,
                          [](const auto& a, const auto& b) { return newer(a, b); });
  text = R"({"items":[)";
  bool more = rows.more;
  const store::stored_rejection* last = nullptr;
  for (const auto& r : rows.rows) {
    if (text.size() >= list_bytes_max) {
      more = true;
      break;
    }
    if (last != nullptr) text += ',';
    append(r);
    last = &r;
  }
  if (more && last != nullptr) next_cursor = cursor_of(last->received_at, {last->at.offset, last->at.index});
  append_page_end(text, next_cursor, complete_until);
  return false;
}

// `raw` is a text: it may be cut, and need not have been an object.
void quarantine_list::append(const store::stored_rejection& row) {
  text += R"({"id":")";
  text += engine::event_id{row.at.offset, row.at.index}.to_string();
  text += R"(","received_at":")";
  wire::append_time(text, row.received_at);
  text += R"(","index":)";
  wire::append_number(text, row.at.index);
  text += R"(,"code":)";
  wire::append_string(text, to_string(row.code));
  text += R"(,"detail":)";
  wire::append_string(text, explain_(row.code));
  if (!row.truck_id.empty()) {
    text += R"(,"truck_id":)";
    wire::append_string(text, row.truck_id);
  }
  text += R"(,"raw":)";
  wire::append_string(text, row.raw);
  text += '}';
}

}  // namespace haulcast::queries
