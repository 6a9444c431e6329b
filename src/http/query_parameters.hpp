// The query parameters that questions about the past have in common.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "haulcast/engine/event.hpp"
#include "haulcast/http/request.hpp"
#include "haulcast/wire/live.hpp"

namespace haulcast::http {

problem invalid_parameter(std::string_view name, std::string_view why);

/// What a list is asked for. Members that are views point into the request.
struct list_parameters {
  std::optional<utc_time> from, to;  // both inclusive
  std::size_t limit = 100;
  std::string_view cursor;  // empty: none
};

/// Takes `from`, `to`, `limit` and `cursor`; `other` is called with every other parameter, once for each name, and says what
/// is wrong with it, or nothing.
template <class Other>
result<list_parameters, problem> read_list_parameters(const request& r, Other other);

/// RFC 3339, or an integer of epoch milliseconds.
std::optional<utc_time> read_time(std::string_view text);
/// One of the four; false: it is none of them. Error in `wrong`.
bool take_list_parameter(const field& f, list_parameters& to, std::optional<problem>& wrong);

/// `geofence.*,truck.online`
result<wire::event_filter, problem> read_event_types(std::string_view text);

problem no_such_parameter(std::string_view name);

template <class Other>
result<list_parameters, problem> read_list_parameters(const request& r, Other other) {
  list_parameters p;
  std::optional<problem> wrong;
  for (const field& f : r.query()) {
    if (const auto once = r.query_value(f.name); !once) return once.error();
    if (!take_list_parameter(f, p, wrong)) wrong = other(f);
    if (wrong) return *std::move(wrong);
  }
  if (p.from && p.to && *p.from > *p.to) return invalid_parameter("to", "not earlier than from");
  return p;
}

}  // namespace haulcast::http
