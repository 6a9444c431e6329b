#include "support/contract.hpp"

#include <algorithm>
#include <array>

#include "haulcast/http/contract.hpp"

namespace haulcast::support {
namespace {

using nlohmann::json;

/// What frames a message; nobody builds against it.
constexpr std::array<std::string_view, 4> framing{"content-type", "content-length", "transfer-encoding", "connection"};

/// What a connection is told whose request could not be read, or was not taken at all.
constexpr std::array<std::string_view, 7> unread{"bad_request",    "request_timeout", "uri_too_long",         "head_too_large",
                                                 "internal_error", "overloaded",      "version_not_supported"};

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto slash = path.find('/');
    out.push_back(path.substr(0, slash));
    path.remove_prefix(slash == path.npos ? path.size() : slash);
  }
  return out;
}

bool fits(std::string_view pattern, std::string_view path) {
  const auto wanted = segments_of(pattern);
  const auto given = segments_of(path);
  return wanted.size() == given.size() && std::equal(wanted.begin(), wanted.end(), given.begin(), [](auto want, auto have) {
           return want.starts_with('{') ? !have.empty() : want == have;
         });
}

/// The path of an origin-form or absolute-form target.
std::string_view path_in(std::string_view target) {
  if (const auto scheme = target.find("://"); scheme != target.npos && !target.starts_with('/')) {
    const auto slash = target.find('/', scheme + 3);
    target = slash == target.npos ? "/" : target.substr(slash);
  }
  return target.substr(0, target.find_first_of("?#"));
}

std::string header_of(const client::http_headers& headers, std::string_view name) {
  for (const auto& [given, value] : headers) {
    if (lower(given) == name) return value;
  }
  return {};
}

std::string media_type_of(const exchange& seen) {
  const auto type = header_of(seen.headers, "content-type");
  return lower(type.substr(0, type.find(';')));
}

bool is_json(const std::string& media_type) { return media_type == "application/json" || media_type.ends_with("+json"); }

/// Whether the status is that of the response: named in its schema for problems, by place for the others.
bool is_for(const json& response, unsigned status) {
  if (!response.contains("content")) return status == 204;
  const auto& content = response.at("content");
  if (!content.contains("application/problem+json")) return false;
  return content.at("application/problem+json").at("schema").at("allOf").at(1).at("properties").at("status").at("const") ==
         status;
}

}  // namespace

contract::contract() : http_{json::parse(http::contract::openapi)}, frames_{json::parse(http::contract::asyncapi)} {}

std::string contract::path_of(std::string_view target) const {
  const auto path = path_in(target);
  const auto& paths = openapi().at("paths");
  if (paths.contains(std::string{path})) return std::string{path};
  for (const auto& [pattern, item] : paths.items()) {
    if (fits(pattern, path)) return pattern;
  }
  return {};
}

std::vector<std::string> contract::operations() const {
  std::vector<std::string> out;
  for (const auto& [path, item] : openapi().at("paths").items()) {
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters") continue;
      std::string name = method;
      std::transform(name.begin(), name.end(), name.begin(), [](char c) { return static_cast<char>(c - 32); });
      out.push_back(name + ' ' + path);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

const json* contract::component(std::string_view name) const {
  return &openapi().at("components").at("responses").at(std::string{name});
}

const json* contract::response_for(const exchange& seen, const std::string& path, std::string& wrong) const {
  const auto one_of = [&](std::vector<std::string_view> names) -> const json* {
    if (!seen.method.empty() && seen.method == "OPTIONS") names.emplace_back("options");
    for (const auto name : names) {
      if (is_for(*component(name), seen.status)) return component(name);
    }
    wrong = "status " + std::to_string(seen.status) + " is not in the contract there";
    return nullptr;
  };
  std::vector<std::string_view> names{unread.begin(), unread.end()};
  if (seen.method.empty()) return one_of(names);
  names.emplace_back("expectation_failed");
  if (path.empty()) {
    names.emplace_back("not_found");
    return one_of(names);
  }
  const auto& item = openapi().at("paths").at(path);
  const auto method = seen.method == "HEAD" ? std::string{"get"} : lower(seen.method);
  if (!item.contains(method) || method == "parameters") {
    names.emplace_back("method_not_allowed");
    return one_of(names);
  }
  const auto& responses = item.at(method).at("responses");
  const auto found = responses.find(std::to_string(seen.status));
  if (found != responses.end()) return &http_.resolved(*found);
  if (seen.method == "HEAD" && seen.status == 426) return component("upgrade_required");
  wrong = "status " + std::to_string(seen.status) + " is not in the contract of this operation";
  return nullptr;
}

std::optional<std::string> contract::check_fields(const exchange& seen, const json& response) {
  const auto& known = openapi().at("components").at("headers");
  std::map<std::string, const json*> allowed;  // by name in small letters
  for (const auto& [name, field] : known.items()) {
    if (field.value("x-everywhere", false)) allowed.emplace(lower(name), &field);
  }
  if (response.contains("headers")) {
    for (const auto& [name, field] : response.at("headers").items())
      allowed.insert_or_assign(lower(name), &http_.resolved(field));
  }
  for (const auto& [given, value] : seen.headers) {
    const auto name = lower(given);
    if (std::find(framing.begin(), framing.end(), name) != framing.end()) continue;
    const auto found = allowed.find(name);
    if (found == allowed.end()) return "the field " + given + " is not in the contract there";
    if (auto wrong = http_.fault(found->second->at("schema"), value)) return "the field " + given + ": " + *wrong;
  }
  for (const auto& [name, field] : allowed) {
    const bool handshake = seen.status == 101 && field->value("x-everywhere", false);
    if (field->value("required", false) && !handshake && header_of(seen.headers, name).empty())
      return "the field " + name + " is missing";
  }
  return std::nullopt;
}

std::optional<std::string> contract::check_body(const exchange& seen, const json& response) {
  if (!response.contains("content")) {
    if (seen.body && !seen.body->empty()) return "a body where the contract has none";
    return std::nullopt;
  }
  const auto type = media_type_of(seen);
  const auto& content = response.at("content");
  if (!content.contains(type)) return "the media type \"" + type + "\" is not in the contract there";
  if (!seen.body || !is_json(type)) return std::nullopt;
  const auto body = json::parse(*seen.body, nullptr, false);
  if (body.is_discarded()) return "the body is no JSON";
  if (auto wrong = http_.fault(content.at(type).at("schema"), body)) return "the body, " + *wrong;
  if (type == "application/problem+json" && body.at("type") != "/docs/errors/" + body.at("code").get<std::string>())
    return "the type of the problem is not the page of its code";
  return std::nullopt;
}

std::optional<std::string> contract::check_request(const exchange& seen, const std::string& path) {
  if (seen.status < 200 || seen.status > 299 || seen.request_body.empty() || path.empty()) return std::nullopt;
  const auto& item = openapi().at("paths").at(path);
  const auto method = lower(seen.method);
  if (!item.contains(method)) return std::nullopt;
  if (!item.at(method).contains("requestBody")) return "a body was taken that is not in the contract";
  const auto body = json::parse(seen.request_body, nullptr, false);
  if (body.is_discarded()) return "a body was taken that is no JSON";
  // Positions are judged one by one: that some were refused says nothing about the others, nor about the batch.
  const auto answer = json::parse(seen.body.value_or(""), nullptr, false);
  if (answer.is_object() && answer.contains("rejected") && !answer.at("rejected").empty()) return std::nullopt;
  const auto& schema = item.at(method).at("requestBody").at("content").at("application/json").at("schema");
  if (auto wrong = http_.fault(schema, body)) return "a request was carried out that the contract does not allow: " + *wrong;
  return std::nullopt;
}

std::optional<std::string> contract::fault(const exchange& seen) {
  const auto path = seen.method.empty() ? std::string{} : path_of(seen.target);
  std::string wrong;
  const auto* const response = response_for(seen, path, wrong);
  if (response == nullptr) return wrong;
  if (auto found = check_fields(seen, *response)) return found;
  if (auto found = check_body(seen, *response)) return found;
  return check_request(seen, path);
}

std::optional<std::string> contract::frame_fault(std::string_view frame) {
  const auto given = json::parse(frame, nullptr, false);
  if (!given.is_object() || !given.contains("type") || !given.at("type").is_string())
    return "the frame is no object with a type";
  const auto type = given.at("type").get<std::string>();
  const auto& operations = asyncapi().at("operations");
  for (const auto& [name, operation] : operations.items()) {
    const bool sends = operation.at("action") == "send";
    const auto& messages =
        sends ? operation.at("messages") : operation.value("reply", json::object()).value("messages", json::array());
    for (const auto& each : messages) {
      const auto& message = frames_.resolved(each);
      if (message.at("name") == type) return frames_.fault(message.at("payload"), given);
    }
  }
  return "the server sends no frame of type \"" + type + "\"";
}

std::optional<std::string> contract::item_fault(std::string_view target, std::string_view media_type, std::string_view item) {
  const auto path = path_of(target);
  if (path.empty()) return "there is no such stream";
  const auto& content = openapi().at("paths").at(path).at("get").at("responses").at("200").at("content");
  const auto found = content.find(std::string{media_type});
  if (found == content.end() || !found->contains("x-item-schema")) return "there is no such stream";
  const auto given = json::parse(item, nullptr, false);
  if (given.is_discarded()) return "an element of a stream is no JSON";
  return http_.fault(found->at("x-item-schema"), given);
}

}  // namespace haulcast::support
