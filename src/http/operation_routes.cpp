#include <fmt/format.h>

#include "haulcast/http/routes.hpp"
#include "haulcast/pipeline/pipeline.hpp"
#include "haulcast/wire/json_out.hpp"

namespace haulcast::http {

namespace {

response ready(const pipeline::pipeline& spine) {
  const std::string why = spine.not_ready_because();
  if (why.empty()) return json_response(R"({"status":"ready"})");
  return to_response({.what = code::not_ready, .detail = why});
}

}  // namespace

void add_operation_routes(router& to, const pipeline::pipeline& spine, metrics_page page) {
  const pipeline::pipeline* const from = &spine;
  // Probes and scrapers get what there is, whatever they say they accept.
  to.add({.method = method::get, .pattern = "/healthz", .offers = {}, .handler = sync_handler{[](request&) {
                                                                        return json_response(R"({"status":"alive"})");
                                                                      }}});
  to.add({.method = method::get, .pattern = "/readyz", .offers = {}, .handler = sync_handler{[from](request&) {
                                                                       return ready(*from);
                                                                     }}});
  to.add({.method = method::get, .pattern = "/version", .handler = sync_handler{[](request&) {
                                                          return json_response(fmt::format(
                                                              R"({{"name":"haulcast","version":"{}"}})", HAULCAST_VERSION));
                                                        }}});
  to.add(
      {.method = method::get, .pattern = "/metrics", .offers = {}, .handler = sync_handler{[page = std::move(page)](request&) {
                                                                     response r;
                                                                     r.content_type = media::prometheus;
                                                                     r.body = page();
                                                                     return r;
                                                                   }}});
}

}  // namespace haulcast::http
