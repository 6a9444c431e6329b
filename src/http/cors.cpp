#include "cors.hpp"

#include <algorithm>

namespace haulcast::http {
namespace {

constexpr std::string_view request_headers =
    "Accept, Authorization, Content-Encoding, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, "
    "X-API-Key, traceparent";
constexpr std::string_view preflight_holds_s = "7200";  // as long as any browser remembers it

}  // namespace

void tell_origin(const allowed_origins& list, const request& r, head_facts_out& facts) {
  if (list.empty()) return;
  facts.varies_by_origin = !list.any();
  facts.allowed_origin = list.answer_to(r.header("origin"));
}

void answer_preflight(const allowed_origins& list, const request& r, response& answer) {
  if (answer.status != 204 || r.header("access-control-request-method").empty()) return;
  if (list.answer_to(r.header("origin")).empty()) return;
  const auto allow = std::ranges::find(answer.headers, std::string_view{"Allow"}, &header::name);
  if (allow == answer.headers.end()) return;
  answer.headers.push_back({"Access-Control-Allow-Methods", std::string{allow->value}});
  answer.headers.push_back({"Access-Control-Allow-Headers", std::string{request_headers}});
  answer.headers.push_back({"Access-Control-Max-Age", std::string{preflight_holds_s}});
}

}  // namespace haulcast::http
