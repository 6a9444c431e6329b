#include "error_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "haulcast/engine/batch.hpp"
#include "haulcast/http/contract.hpp"
#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/live.hpp"

namespace haulcast::http {
namespace {

/// Where a code comes up.
struct told_by {
  const problem_entry* problem = nullptr;
  bool rejected = false;
  bool frame = false;
};

bool is_reject_code(std::string_view name) noexcept {
  for (std::size_t i = 0; i < engine::reject_codes; ++i) {
    if (to_string(static_cast<engine::reject_code>(i)) == name) return true;
  }
  return false;
}

bool is_frame_code(std::string_view name) noexcept {
  return name == "not_found" ||  // of what is denied in `subscribed`
         std::find(wire::live_error_codes.begin(), wire::live_error_codes.end(), name) != wire::live_error_codes.end();
}

told_by places_of(std::string_view name) noexcept { return {problem_named(name), is_reject_code(name), is_frame_code(name)}; }

std::string_view title_of(const error_text& about) noexcept {
  const auto* const problem = problem_named(about.name);
  return problem != nullptr ? problem->title : about.title;
}

std::string status_of(const told_by& where) { return where.problem != nullptr ? std::to_string(where.problem->status) : ""; }

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string html_page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>{}</title>\n<style>{}</style>\n</head>\n"
      "<body>\n{}</body>\n</html>\n",
      escape_html(title), contract::style, body);
}

std::string error_page_html(const error_text& about) {
  const told_by where = places_of(about.name);
  std::string body =
      fmt::format("<p><a href=\"/docs#errors\">haulcast: error codes</a></p>\n<h1>{}</h1>\n<p><code>{}</code></p>\n",
                  escape_html(title_of(about)), about.name);
  body += fmt::format("<h2>What it means</h2>\n<p>{}</p>\n<h2>What to do</h2>\n<p>{}</p>\n<h2>Where it comes up</h2>\n<ul>\n",
                      escape_html(about.meaning), escape_html(about.remedy));
  if (where.problem != nullptr) body += fmt::format("<li>An answer with status {}.</li>\n", where.problem->status);
  if (where.rejected) body += "<li>A position in <code>rejected</code>; the others of its batch are stored.</li>\n";
  if (where.frame) body += "<li>A frame of the WebSocket; the connection lives.</li>\n";
  body += "</ul>\n";
  return html_page(fmt::format("{} - haulcast", about.name), body);
}

std::string error_page_json(const error_text& about) {
  const told_by where = places_of(about.name);
  std::string out;
  const auto member = [&out](std::string_view name, std::string_view value) {
    out += out.empty() ? "{\"" : ",\"";
    out += name;
    out += "\":";
    wire::append_string(out, value);
  };
  member("code", about.name);
  member("title", title_of(about));
  if (where.problem != nullptr) out += ",\"status\":" + status_of(where);
  out += ",\"told_by\":[";
  if (where.problem != nullptr) out += "\"problem\",";
  if (where.rejected) out += "\"rejected\",";
  if (where.frame) out += "\"frame\",";
  if (out.back() == ',') out.pop_back();
  out += ']';
  member("meaning", about.meaning);
  member("remedy", about.remedy);
  return out + '}';
}

std::string error_index_html() {
  std::string out = "<h2 id=\"errors\">Error codes</h2>\n<table>\n";
  for (const error_text& each : error_texts) {
    out += fmt::format("<tr><th><a href=\"/docs/errors/{}\">{}</a></th><td>{}</td><td>{}</td></tr>\n", each.name, each.name,
                       status_of(places_of(each.name)), escape_html(title_of(each)));
  }
  return out + "</table>\n";
}

}  // namespace haulcast::http
