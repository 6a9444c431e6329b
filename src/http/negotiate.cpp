#include "haulcast/http/negotiate.hpp"

#include "haulcast/http/text.hpp"

namespace haulcast::http {
namespace {

/// "0.75" -> 750; anything else that is not a valid weight counts as 0.
int weight_of(std::string_view q) noexcept {
  if (q.empty() || q.size() > 5 || (q[0] != '0' && q[0] != '1') || (q.size() > 1 && q[1] != '.')) return 0;
  int thousandths = (q[0] - '0') * 1000;
  int unit = 100;
  for (const char c : q.substr(q.size() > 1 ? 2 : 1)) {
    if (c < '0' || c > '9') return 0;
    thousandths += (c - '0') * unit;
    unit /= 10;
  }
  return thousandths <= 1000 ? thousandths : 0;
}

struct choice {
  std::string_view name;
  int weight = 1000;
};

/// Cuts the next item of an Accept or Accept-Encoding list off `rest`.
choice next_choice(std::string_view& rest) noexcept {
  auto item = next_item(rest, ',');
  choice c;
  c.name = next_item(item, ';');
  while (!item.empty()) {
    const auto parameter = next_item(item, ';');
    const auto equals = parameter.find('=');
    if (equals != std::string_view::npos && iequals(trim(parameter.substr(0, equals)), "q")) {
      c.weight = weight_of(trim(parameter.substr(equals + 1)));
    }
  }
  return c;
}

std::string_view without_parameters(std::string_view media_type) noexcept {
  return trim(media_type.substr(0, media_type.find(';')));
}

/// 0: does not match; the more exact the range, the larger.
int match(std::string_view range, std::string_view type) noexcept {
  if (iequals(range, type)) return 3;
  if (range == "*/*" || range == "*") return 1;
  if (!range.ends_with("/*")) return 0;
  const auto family = range.substr(0, range.size() - 1);
  return type.size() > family.size() && iequals(type.substr(0, family.size()), family) ? 2 : 0;
}

/// The weight that the most exact matching range gives to `type`.
int wanted(std::string_view accept, std::string_view type) noexcept {
  int exactness = 0, weight = 0;
  while (!accept.empty()) {
    const auto c = next_choice(accept);
    const int how = match(c.name, type);
    if (how > exactness) {
      exactness = how;
      weight = c.weight;
    }
  }
  return weight;
}

}  // namespace

std::optional<std::size_t> negotiate(std::string_view accept, std::span<const std::string_view> offered) noexcept {
  if (trim(accept).empty()) return offered.empty() ? std::nullopt : std::optional<std::size_t>{0};
  std::optional<std::size_t> best;
  int best_weight = 0;
  for (std::size_t i = 0; i < offered.size(); ++i) {
    const int weight = wanted(accept, without_parameters(offered[i]));
    if (weight > best_weight) {
      best = i;
      best_weight = weight;
    }
  }
  return best;
}

bool accepts_gzip(std::string_view accept_encoding) noexcept {
  bool any = false;
  while (!accept_encoding.empty()) {
    const auto c = next_choice(accept_encoding);
    if (iequals(c.name, "gzip") || iequals(c.name, "x-gzip")) return c.weight > 0;
    if (c.name == "*") any = c.weight > 0;
  }
  return any;
}

bool accepts_content_type(std::string_view content_type, std::span<const std::string_view> accepted) noexcept {
  if (trim(content_type).empty()) content_type = "application/json";
  const auto type = next_item(content_type, ';');
  while (!content_type.empty()) {
    const auto parameter = next_item(content_type, ';');
    const auto equals = parameter.find('=');
    if (equals == std::string_view::npos || !iequals(trim(parameter.substr(0, equals)), "charset")) continue;
    auto charset = trim(parameter.substr(equals + 1));
    if (charset.size() >= 2 && charset.front() == '"' && charset.back() == '"') charset = charset.substr(1, charset.size() - 2);
    if (!iequals(charset, "utf-8") && !iequals(charset, "utf8") && !iequals(charset, "us-ascii")) return false;
  }
  for (const auto& one : accepted) {
    if (iequals(type, one)) return true;
  }
  return false;
}

}  // namespace haulcast::http
