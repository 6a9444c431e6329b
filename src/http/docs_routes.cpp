#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "error_pages.hpp"
#include "haulcast/http/contract.hpp"
#include "haulcast/http/negotiate.hpp"
#include "haulcast/http/routes.hpp"
#include "static_text.hpp"

namespace haulcast::http {
namespace {

constexpr std::string_view error_page_varies = "Accept, Accept-Encoding";

/// No script, nothing loaded, in nobody's frame; the one style sheet is named by its hash.
std::vector<header> page_headers() {
  return {{"Content-Security-Policy", "default-src 'none'; style-src 'sha256-" + sha256_base64(contract::style) +
                                          "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}};
}

class library {
 public:
  library()
      : openapi{media::json, std::string{contract::openapi}},
        asyncapi{media::json, std::string{contract::asyncapi}},
        docs{media::html, html_page("haulcast: the API", std::string{contract::page} + error_index_html()), page_headers()} {
    for (const error_text& each : error_texts) {
      errors_.emplace(each.name, error_page{{media::html, error_page_html(each), page_headers(), error_page_varies},
                                            {media::json, error_page_json(each), page_headers(), error_page_varies}});
    }
  }

  response error_page_for(const request& r) const {
    const auto found = errors_.find(r.parameter("code"));
    if (found == errors_.end()) return refuse(code::not_found, "There is no such error code.");
    static constexpr std::array offered{media::html, media::json};
    const auto chosen = negotiate(r.header("accept"), offered);
    if (!chosen) return refuse(code::not_acceptable, "Offered are text/html and application/json.");
    return (*chosen == 0 ? found->second.html : found->second.json).answer(r);
  }

  static_text openapi, asyncapi, docs;

 private:
  struct error_page {
    static_text html, json;
  };
  std::map<std::string_view, error_page, std::less<>> errors_;
};

}  // namespace

void add_docs_routes(router& to) {
  const auto shelf = std::make_shared<const library>();
  const auto serve = [&](const char* pattern, const static_text library::* what) {
    to.add({.method = method::get, .pattern = pattern, .offers = {}, .handler = sync_handler{[shelf, what](request& r) {
                                                                       return ((*shelf).*what).answer(r);
                                                                     }}});
  };
  serve("/openapi.json", &library::openapi);
  serve("/asyncapi.json", &library::asyncapi);
  serve("/docs", &library::docs);
  to.add({.method = method::get, .pattern = "/docs/errors/{code}", .offers = {}, .handler = sync_handler{[shelf](request& r) {
                                                                                   return shelf->error_page_for(r);
                                                                                 }}});
}

}  // namespace haulcast::http
