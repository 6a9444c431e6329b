#include "support/raw_exchange.hpp"

#include <algorithm>
#include <charconv>

#include "haulcast/wire/gzip.hpp"

namespace haulcast::support {
namespace {

constexpr std::size_t body_max = 16U << 20U;

std::string_view line_of(std::string_view& rest) {
  const auto end = rest.find("\r\n");
  const auto line = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 2);
  return line;
}

client::http_headers fields_of(std::string_view head) {
  client::http_headers out;
  while (!head.empty()) {
    const auto line = line_of(head);
    const auto colon = line.find(':');
    if (colon == line.npos) continue;
    auto value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    out.emplace_back(line.substr(0, colon), value);
  }
  return out;
}

std::string field(const client::http_headers& fields, std::string_view name) {
  client::http_response holder;
  holder.headers = fields;
  return std::string{holder.header(name).value_or("")};
}

/// Takes a chunked body; nothing when it is not whole.
std::optional<std::string> take_chunks(std::string_view& rest) {
  std::string body;
  for (;;) {
    if (rest.find("\r\n") == rest.npos) return std::nullopt;
    const auto line = line_of(rest);
    std::size_t size = 0;
    if (std::from_chars(line.data(), line.data() + line.size(), size, 16).ec != std::errc{}) return std::nullopt;
    if (rest.size() < size + 2) return std::nullopt;
    body += rest.substr(0, size);
    rest.remove_prefix(size + 2);
    if (size == 0) return body;
  }
}

/// Takes the body that the fields promise.
std::optional<std::string> take_body(std::string_view& rest, const client::http_headers& fields) {
  if (field(fields, "transfer-encoding") == "chunked") return take_chunks(rest);
  const auto length = field(fields, "content-length");
  std::size_t size = 0;
  std::from_chars(length.data(), length.data() + length.size(), size);
  if (rest.size() < size) return std::nullopt;
  std::string body{rest.substr(0, size)};
  rest.remove_prefix(size);
  return body;
}

/// Takes the next request; without a method when it is none.
exchange take_request(std::string_view& rest) {
  exchange none;
  const auto end = rest.find("\r\n\r\n");
  if (end == rest.npos) return none;
  auto head = rest.substr(0, end + 2);
  const auto line = line_of(head);
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == line.npos || first == last || !line.substr(last + 1).starts_with("HTTP/1.")) return none;
  const auto fields = fields_of(head);
  rest.remove_prefix(end + 4);
  if (!take_body(rest, fields)) rest = {};  // cut short on purpose, most likely: nothing behind it can be told apart
  exchange one;
  one.method = line.substr(0, first);
  one.target = line.substr(first + 1, last - first - 1);
  return one;
}

}  // namespace

std::vector<exchange> exchanges_in(std::string_view sent, std::string_view received) {
  std::vector<exchange> out;
  while (received.starts_with("HTTP/1.")) {
    const auto end = received.find("\r\n\r\n");
    if (end == received.npos) break;
    auto head = received.substr(0, end + 2);
    const auto line = line_of(head);
    received.remove_prefix(end + 4);
    unsigned status = 0;
    if (line.size() > 12) std::from_chars(line.data() + 9, line.data() + 12, status);
    if (status == 100) continue;
    exchange one = take_request(sent);
    one.status = status;
    one.headers = fields_of(head);
    const bool bodiless = one.method == "HEAD" || status == 101 || status == 204 || status == 304;
    if (!bodiless) one.body = take_body(received, one.headers);
    if (one.body && field(one.headers, "content-encoding") == "gzip") {
      auto plain = wire::gunzip(*one.body, body_max);
      one.body = plain ? std::optional{std::move(*plain)} : std::nullopt;
    }
    const bool over = status == 101 || (!bodiless && !one.body);
    out.push_back(std::move(one));
    if (over) break;
  }
  return out;
}

}  // namespace haulcast::support
