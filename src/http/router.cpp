#include "haulcast/http/router.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "haulcast/http/negotiate.hpp"
#include "haulcast/http/target.hpp"
#include "haulcast/http/text.hpp"

namespace haulcast::http {
namespace {

/// "/a/b" -> "a", "b". The first slash is given.
template <class Sink>
void for_each_segment(std::string_view path, Sink&& sink) {
  path.remove_prefix(1);
  for (;;) {
    const auto slash = path.find('/');
    sink(path.substr(0, slash));
    if (slash == std::string_view::npos) return;
    path.remove_prefix(slash + 1);
  }
}

/// What is offered must be acceptable by one of the Accept fields; without one, anything is.
std::optional<response> check_accept(const route& to, const request& r) {
  if (to.method != method::get || to.offers.empty() || to.is_upgrade()) return std::nullopt;
  bool asked = false;
  for (const auto& f : r.headers()) {
    if (!iequals(f.name, "accept")) continue;
    if (negotiate(f.value, to.offers)) return std::nullopt;
    asked = true;
  }
  if (!asked) return std::nullopt;
  return refuse(code::not_acceptable, "What is offered here is " + std::string{to.offers.front()} + ".");
}

std::optional<response> check_body(const route& to, const request& r, const head_facts& facts) {
  if (facts.expect_other) return refuse(code::expectation_failed);
  if (!facts.chunked && facts.content_length.value_or(0) == 0) return std::nullopt;
  if (to.body_limit == 0) return refuse(code::body_too_large, "No body is taken here.");
  if (facts.content_length.value_or(0) > to.body_limit) {
    return refuse(code::body_too_large, "At most " + std::to_string(to.body_limit) + " bytes are taken here.");
  }
  if (!accepts_content_type(r.header("content-type"), to.content_types)) {
    return refuse(code::unsupported_media_type, "What is taken here is " + std::string{to.content_types.front()} + ".");
  }
  const auto coding = r.header("content-encoding");
  if (!coding.empty() && !iequals(coding, "gzip") && !iequals(coding, "x-gzip") && !iequals(coding, "identity")) {
    return refuse(code::unsupported_media_type, "The only content coding taken here is gzip.");
  }
  return std::nullopt;
}

std::string allow_of(const std::vector<const route*>& routes) {
  std::string out;
  const auto add = [&out](std::string_view name) {
    if (!out.empty()) out += ", ";
    out += name;
  };
  for (const auto* r : routes) {
    add(to_string(r->method));
    if (r->method == method::get) add("HEAD");
  }
  add("OPTIONS");
  return out;
}

}  // namespace

std::vector<router::segment> router::parse_pattern(std::string_view pattern) {
  if (!pattern.starts_with('/')) throw std::invalid_argument{"route pattern without a slash in front: " + std::string{pattern}};
  std::vector<segment> out;
  for_each_segment(pattern, [&](std::string_view s) {
    const bool is_parameter = s.size() > 2 && s.front() == '{' && s.back() == '}';
    if (is_parameter) s = s.substr(1, s.size() - 2);
    if (s.find_first_of("{}%") != std::string_view::npos) {
      throw std::invalid_argument{"route pattern is not valid: " + std::string{pattern}};
    }
    out.push_back({std::string{s}, is_parameter});
  });
  return out;
}

void router::add(route r) {
  r.rule = auth::find_rule(rules_, to_string(r.method), r.pattern);
  if (r.rule == nullptr) {
    throw std::invalid_argument{"route without a row in the role table: " + std::string{to_string(r.method)} + ' ' + r.pattern};
  }
  auto [at, is_new] = resources_.try_emplace(r.pattern);
  auto& what = at->second;
  if (is_new) {
    what.segments = parse_pattern(r.pattern);
    what.is_literal = std::none_of(what.segments.begin(), what.segments.end(), [](const segment& s) { return s.is_parameter; });
    if (!what.is_literal) with_parameters_.push_back(&what);
  }
  for (const auto* other : what.by_method) {
    if (other->method == r.method) throw std::invalid_argument{"route given twice: " + r.pattern};
  }
  r.number = routes_.size();
  routes_.push_back(std::make_unique<route>(std::move(r)));
  what.by_method.push_back(routes_.back().get());
  what.allow = allow_of(what.by_method);
}

bool router::fits(const resource& what, const std::vector<std::string_view>& segments) noexcept {
  if (what.segments.size() != segments.size()) return false;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto& wanted = what.segments[i];
    if (wanted.is_parameter ? segments[i].empty() : wanted.text != segments[i]) return false;
  }
  return true;
}

void router::bind(const resource& what, const std::vector<std::string_view>& segments, request& r) {
  auto& into = request_access::parameters(r);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (what.segments[i].is_parameter) into.push_back({what.segments[i].text, segments[i]});
  }
}

const router::resource* router::find(request& r) const {
  // Split before decoding: an encoded slash belongs to its segment.
  const auto raw = r.target.substr(0, r.target.find('?'));
  if (!raw.starts_with('/')) return nullptr;
  const bool one_to_one =
      raw == r.path || std::count(r.path.begin(), r.path.end(), '/') == std::count(raw.begin(), raw.end(), '/');
  if (const auto at = resources_.find(r.path); at != resources_.end() && one_to_one && at->second.is_literal)
    return &at->second;
  segments_.clear();
  for_each_segment(raw, [&](std::string_view s) { segments_.push_back(percent_decode(r, s).value_or("")); });
  for (const auto* what : with_parameters_) {
    if (!fits(*what, segments_)) continue;
    bind(*what, segments_, r);
    return what;
  }
  return nullptr;
}

std::optional<response> router::check_token(const route& to, request& r) const {
  if (to.rule->token != auth::token_rule::in_head) return std::nullopt;
  const auto shown = find_credential(r);
  if (!shown) return refuse_credential(shown.error());
  if (auto refused = entrance_.admit(r, *shown)) return refused;
  if (!to.rule->roles.has(r.principal->who)) return refuse(code::role_not_allowed);
  return std::nullopt;
}

std::optional<response> router::options_answer(const request& r, const resource* what) const {
  if (r.method != method::options) return std::nullopt;
  response answer;
  answer.status = 204;
  answer.headers.push_back({"Allow", what != nullptr ? what->allow : "GET, HEAD, POST, PUT, DELETE, OPTIONS"});
  return answer;
}

routed router::decide(request& r, const head_facts& facts) const {
  if (r.path == "*") return {nullptr, options_answer(r, nullptr)};
  const auto* what = find(r);
  if (what == nullptr) return {nullptr, refuse(code::not_found)};

  const auto wanted = r.method == method::head ? method::get : r.method;
  const auto at = std::find_if(what->by_method.begin(), what->by_method.end(),
                               [wanted](const route* one) { return one->method == wanted; });
  if (at == what->by_method.end()) {
    if (auto answer = options_answer(r, what)) return {nullptr, std::move(answer)};
    auto answer = refuse(code::method_not_allowed);
    answer.headers.push_back({"Allow", what->allow});
    return {nullptr, std::move(answer)};
  }
  const auto& to = **at;
  r.rule = to.rule;
  if (to.is_upgrade() && (!facts.upgrade || r.method != method::get || r.version_minor == 0)) {
    return {&to, refuse(code::upgrade_required)};
  }
  if (to.gives_way && pressed_ && pressed_()) {
    return {&to, refuse(code::overloaded, "Positions come first; ask again in a moment.")};
  }
  if (auto answer = check_token(to, r)) return {&to, std::move(answer)};
  if (auto answer = check_accept(to, r)) return {&to, std::move(answer)};
  if (auto answer = check_body(to, r, facts)) return {&to, std::move(answer)};
  return {&to, std::nullopt};
}

}  // namespace haulcast::http
