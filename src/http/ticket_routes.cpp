#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "haulcast/http/routes.hpp"
#include "haulcast/wire/time.hpp"

namespace haulcast::http {

namespace {

response refuse_ticket(const auth::ticket_refusal& why) {
  using enum auth::ticket_refusal::bound;
  const auto after = static_cast<std::uint32_t>(why.retry_after.count());
  if (why.what == of_subject) {
    return to_response(
        {.what = code::too_many_requests, .detail = "There are too many unused tickets.", .retry_after_s = after});
  }
  return to_response({.what = code::overloaded, .detail = "There are too many unused tickets.", .retry_after_s = after});
}

response sell(const ticket_office& office, seconds lifetime, request& r) {
  const auto ticket = office(r.principal);
  if (!ticket) return refuse_ticket(ticket.error());
  std::string json = fmt::format(R"({{"ticket":"{}","expires_at":")", *ticket);
  wire::append_time(json, std::min(system_now() + lifetime, r.principal->expires));
  json += "\"}";
  return json_response(std::move(json), 201);
}

}  // namespace

void add_ticket_routes(router& to, ticket_office office, seconds lifetime) {
  to.add({.method = method::post,
          .pattern = "/v1/ws-tickets",
          .handler = sync_handler{[office = std::move(office), lifetime](request& r) { return sell(office, lifetime, r); }}});
}

}  // namespace haulcast::http
