// The pages of the error codes: HTML for people, JSON for programs.
#pragma once

#include <string>
#include <string_view>

#include "haulcast/http/error_texts.hpp"

namespace haulcast::http {

/// `&`, `<`, `>` and quotes made harmless.
std::string escape_html(std::string_view text);
/// A whole page; `body` is HTML, `title` text.
std::string html_page(std::string_view title, std::string_view body);

std::string error_page_html(const error_text& about);
std::string error_page_json(const error_text& about);
/// A table of all codes, each a link to its page, as HTML.
std::string error_index_html();

}  // namespace haulcast::http
