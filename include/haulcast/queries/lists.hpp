// Events and refused positions, newest first.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/queries/question.hpp"
#include "haulcast/queries/tail.hpp"

namespace haulcast::queries {

/// "1795170600123-0000000000000042-00000": a time, and an id in it. An event's id, or a rejection's place in the same form.
std::string cursor_of(utc_time time, engine::event_id id);
struct list_cursor {
  utc_time time;
  engine::event_id id;
};
std::optional<list_cursor> list_cursor_of(std::string_view cursor);

/// A page ends at its limit, or earlier when its text is 1 MiB long.
inline constexpr std::size_t list_bytes_max = 1U << 20;

/// The events of everything, or of some trucks (each asked for by itself: at most as many as a token can name).
class event_list final : public question {
 public:
  /// `asked.truck_id` is ignored where `trucks` are given. `source`: of the journal's events.
  event_list(store::event_query asked, std::optional<std::vector<std::string>> trucks, tail behind, std::string source)
      : asked_{std::move(asked)}, trucks_{std::move(trucks)}, tail_{std::move(behind)}, source_{std::move(source)} {}
  store::store_result<bool> step(store::reader& from) override;

 private:
  store::store_result<void> ask(store::reader& from);
  void finish();

  store::event_query asked_;
  std::optional<std::vector<std::string>> trucks_;
  std::size_t next_truck_ = 0;
  tail tail_;
  std::string source_;
  std::vector<store::stored_event> found_;  // at most the limit and one
  bool more_ = false;
};

/// `explain`: a code in words.
class quarantine_list final : public question {
 public:
  using words = std::function<std::string_view(engine::reject_code)>;

  quarantine_list(store::quarantine_query asked, tail behind, words explain)
      : asked_{std::move(asked)}, tail_{std::move(behind)}, explain_{std::move(explain)} {}
  store::store_result<bool> step(store::reader& from) override;

 private:
  void append(const store::stored_rejection& row);

  store::quarantine_query asked_;
  tail tail_;
  words explain_;
};

}  // namespace haulcast::queries
