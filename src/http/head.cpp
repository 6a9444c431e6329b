#include "haulcast/http/head.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>

#include "haulcast/http/target.hpp"
#include "haulcast/http/text.hpp"

namespace haulcast::http {
namespace {

namespace beast = boost::beast::http;
using boost::beast::error_code;

constexpr std::size_t method_bytes_max = 64;

bool is_token_char(char c) noexcept {
  const auto u = static_cast<unsigned char>(c);
  if (u <= 0x20 || u >= 0x7F) return false;
  return std::strchr("()<>@,;:\\\"/[]?={}", c) == nullptr;
}

bool is_digits(std::string_view s) noexcept {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Collects views of the head and counts the fields that decide where the message ends.
class head_parser final : public beast::basic_parser<true> {
 public:
  head_parser(std::string_view head, request& out) : head_{head}, out_{out} {}

  int hosts = 0, lengths = 0, codings = 0;
  std::string_view host, length, coding;
  bool folded = false, has_expect = false, expects_other = false, has_upgrade = false, connection_upgrade = false;

 private:
  void on_request_impl(beast::verb, boost::beast::string_view name, boost::beast::string_view target, int version,
                       error_code&) override {
    out_.method_name = name;
    out_.method = method_of(name);
    out_.target = target;
    out_.version_minor = version == 10 ? 0 : 1;
  }

  void on_field_impl(beast::field id, boost::beast::string_view name, boost::beast::string_view value, error_code&) override {
    // Beast unfolds into a buffer of its own, which is gone when this returns.
    if (!value.empty() && (value.data() < head_.data() || value.data() >= head_.data() + head_.size())) {
      folded = true;
      return;
    }
    request_access::fields(out_).push_back({name, value});
    if (id == beast::field::host) {
      ++hosts;
      host = value;
    } else if (id == beast::field::content_length) {
      ++lengths;
      length = value;
    } else if (id == beast::field::transfer_encoding) {
      ++codings;
      coding = value;
    } else if (id == beast::field::expect) {
      expects_other = expects_other || !iequals(value, "100-continue");
      has_expect = true;
    } else if (id == beast::field::connection) {
      connection_upgrade = connection_upgrade || list_has(value, "upgrade");
    } else if (id == beast::field::upgrade) {
      has_upgrade = true;
    }
  }

  void on_response_impl(int, boost::beast::string_view, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(boost::beast::string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view, error_code&) override { return 0; }
  void on_finish_impl(error_code&) override {}

  std::string_view head_;
  request& out_;
};

/// Lines of the head but the first and the empty one; folded ones are told by `folded`.
std::size_t count_fields(std::string_view head, bool& folded) noexcept {
  std::size_t lines = 0;
  for (std::size_t at = head.find('\n'); at != std::string_view::npos && at + 1 < head.size(); at = head.find('\n', at + 1)) {
    const char next = head[at + 1];
    folded = folded || next == ' ' || next == '\t';
    if (next != '\r') ++lines;
  }
  return lines;
}

/// "HTTP/9.9" in place of a version we speak, in a request line that is otherwise well formed.
bool asks_for_another_version(std::string_view head) noexcept {
  const auto line = head.substr(0, head.find("\r\n"));
  const auto blank = line.rfind(' ');
  if (blank == std::string_view::npos) return false;
  const auto version = line.substr(blank + 1);
  return version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' && is_digits(version.substr(5, 1)) &&
         is_digits(version.substr(7, 1)) && version != "HTTP/1.1" && version != "HTTP/1.0";
}

refusal syntax_refusal(const error_code& failed, std::string_view head) noexcept {
  using beast::error;
  if (failed == error::bad_version && asks_for_another_version(head)) return {code::version_not_supported, {}};
  if (failed == error::bad_method) return {code::bad_request, "The method is not a token."};
  if (failed == error::bad_target) return {code::bad_request, "The request target has characters that are not allowed."};
  if (failed == error::bad_version) return {code::bad_request, "The request line does not end in a valid HTTP version."};
  if (failed == error::bad_field) return {code::bad_request, "A field name is not valid."};
  if (failed == error::bad_value) return {code::bad_request, "A field value is not valid."};
  if (failed == error::bad_content_length || failed == error::multiple_content_length) {
    return {code::bad_request, "Content-Length is not valid, or goes together with Transfer-Encoding."};
  }
  if (failed == error::bad_transfer_encoding) {
    return {code::bad_request, "Transfer-Encoding is given twice, or goes together with Content-Length."};
  }
  return {code::bad_request, "The request head is not valid."};
}

/// uri-host [":" port] of RFC 3986, no user information.
bool is_host(std::string_view s) noexcept {
  if (s.empty()) return false;
  if (s.front() == '[') {
    const auto close = s.find(']');
    if (close == std::string_view::npos || close < 3) return false;
    const auto inside = s.substr(1, close - 1);
    const bool ok = std::all_of(inside.begin(), inside.end(), [](char c) {
      const char l = to_lower(c);
      return (c >= '0' && c <= '9') || (l >= 'a' && l <= 'f') || c == ':' || c == '.';
    });
    if (!ok) return false;
    s.remove_prefix(close + 1);
  } else {
    const auto name = s.substr(0, s.find(':'));
    const bool ok = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      const char l = to_lower(c);
      return (c >= '0' && c <= '9') || (l >= 'a' && l <= 'z') || std::strchr("-._~%!$&'()*+,;=", c) != nullptr;
    });
    if (!ok) return false;
    s.remove_prefix(name.size());
  }
  if (s.empty()) return true;
  if (s.front() != ':') return false;
  s.remove_prefix(1);
  return s.empty() || (is_digits(s) && s.size() <= 5);
}

std::optional<refusal> check_framing(const head_parser& p, const request& r) noexcept {
  if (p.codings > 0 && p.lengths > 0)
    return refusal{code::bad_request, "Transfer-Encoding and Content-Length exclude each other."};
  if (p.codings > 1 || (p.codings == 1 && !iequals(p.coding, "chunked"))) {
    return refusal{code::bad_request, "The only transfer coding taken here is chunked."};
  }
  if (p.codings == 1 && r.version_minor == 0) return refusal{code::bad_request, "HTTP/1.0 has no chunked bodies."};
  if (p.lengths > 1 || (p.lengths == 1 && !is_digits(p.length))) {
    return refusal{code::bad_request, "Content-Length must be given once, as a number."};
  }
  if (p.hosts > 1 || (p.hosts == 0 && r.version_minor == 1)) return refusal{code::bad_request, "Host must be given once."};
  if (p.hosts == 1 && !is_host(p.host)) return refusal{code::bad_request, "Host is not valid."};
  return std::nullopt;
}

void fill_facts(const head_parser& p, const request& r, head_facts& facts) {
  facts = {};
  facts.chunked = p.codings == 1;
  if (p.lengths == 1) facts.content_length = p.content_length().value();
  facts.keep_alive = p.keep_alive();
  facts.upgrade = p.has_upgrade && p.connection_upgrade;
  if (p.has_expect && r.version_minor == 1) {
    facts.expect_continue = !p.expects_other;
    facts.expect_other = p.expects_other;
  }
}

bool is_lower_hex(std::string_view s) noexcept {
  return std::all_of(s.begin(), s.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view s) noexcept { return s.find_first_not_of('0') == std::string_view::npos; }

}  // namespace

std::size_t head_size(std::string_view bytes, std::size_t scanned) noexcept {
  const std::size_t from = scanned > 3 ? scanned - 3 : 0;
  if (bytes.size() < from + 4) return 0;
  const void* const found = memmem(bytes.data() + from, bytes.size() - from, "\r\n\r\n", 4);
  if (found == nullptr) return 0;
  return static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data()) + 4;
}

namespace {

std::optional<refusal> check_start(std::string_view bytes, const head_limits& limits) noexcept {
  if (bytes.empty()) return std::nullopt;
  // A TLS hello or a binary protocol is not worth waiting for.
  if (!is_token_char(bytes.front())) return refusal{code::bad_request, "This port speaks plain HTTP."};
  const auto line = bytes.substr(0, bytes.find('\n'));
  const auto blank = line.find(' ');
  if (std::min(blank, line.size()) > method_bytes_max) return refusal{code::bad_request, "The method is too long."};
  if (blank != std::string_view::npos) {
    const auto target = line.substr(blank + 1, line.find(' ', blank + 1) - blank - 1);
    if (target.size() > limits.target_bytes) return refusal{code::uri_too_long, {}};
  }
  if (bytes.size() >= limits.head_bytes) return refusal{code::head_too_large, {}};
  return std::nullopt;
}

bool has_bare_line_feed(std::string_view bytes) noexcept {
  for (std::size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (at == 0 || bytes[at - 1] != '\r') return true;
  }
  return false;
}

}  // namespace

std::optional<refusal> check_partial_head(std::string_view bytes, const head_limits& limits) noexcept {
  if (auto wrong = check_start(bytes, limits)) return wrong;
  // Its end may have come already, for whoever sends it.
  if (has_bare_line_feed(bytes)) return refusal{code::bad_request, "Lines end in CR LF."};
  return std::nullopt;
}

std::optional<refusal> parse_head(std::string_view head, const head_limits& limits, request& out, head_facts& facts) {
  if (auto early = check_start(head.substr(0, head.size() - 1), limits)) return early;
  if (head.size() > limits.head_bytes) return refusal{code::head_too_large, {}};
  bool folded = false;
  if (count_fields(head, folded) > limits.fields) return refusal{code::head_too_large, "There are too many header fields."};
  if (folded) return refusal{code::bad_request, "Folded header lines are not taken."};

  head_parser parser{head, out};
  parser.header_limit(static_cast<std::uint32_t>(limits.head_bytes + 1));
  parser.body_limit(boost::none);
  error_code failed;
  parser.put(boost::asio::const_buffer{head.data(), head.size()}, failed);
  if (failed) return syntax_refusal(failed, head);
  if (!parser.is_header_done() || parser.folded) return refusal{code::bad_request, "The request head is not valid."};
  if (auto wrong = check_framing(parser, out)) return wrong;
  fill_facts(parser, out, facts);
  if (const char* wrong = parse_target(out)) return refusal{code::bad_request, wrong};
  const auto trace = out.header("traceparent");
  if (is_traceparent(trace)) out.traceparent = trace;
  return std::nullopt;
}

bool is_traceparent(std::string_view v) noexcept {
  if (v.size() < 55 || v[2] != '-' || v[35] != '-' || v[52] != '-') return false;
  const auto version = v.substr(0, 2), trace = v.substr(3, 32), parent = v.substr(36, 16), flags = v.substr(53, 2);
  if (!is_lower_hex(version) || !is_lower_hex(trace) || !is_lower_hex(parent) || !is_lower_hex(flags)) return false;
  if (version == "ff" || is_zero(trace) || is_zero(parent)) return false;
  return v.size() == 55 || (version != "00" && v[55] == '-' && v.size() <= 128);
}

}  // namespace haulcast::http
