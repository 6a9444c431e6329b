#include "answering.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "cors.hpp"
#include "haulcast/http/negotiate.hpp"
#include "haulcast/http/text.hpp"
#include "haulcast/wire/gzip.hpp"

namespace haulcast::http {
namespace {

constexpr std::size_t copy_bytes_max = 32 * 1024;  // up to this, head and content go out as one piece of memory

head_facts_out facts_of(channel& to, const exchange& one) {
  head_facts_out facts;
  tell_origin(to.core().options.cors, one.request, facts);
  facts.over_tls = to.tls() != nullptr;
  facts.keep_alive = one.keep_alive;
  facts.http_1_0 = one.request.version_minor == 0;
  facts.traceparent = one.request.traceparent;
  facts.rate = one.request.rate;
  return facts;
}

bool is_own_vary(const header& h) noexcept { return iequals(h.name, "Vary") && h.value.ends_with("Accept-Encoding"); }

/// Whether the answer looks different to who accepts gzip. One that says itself what it varies by has seen to that.
bool varies(const response& answer, const server_options& options) {
  const std::size_t size = answer.content().size();
  return size >= options.gzip_from && size <= options.gzip_up_to && is_compressible(answer.content_type) &&
         std::none_of(answer.headers.begin(), answer.headers.end(),
                      [](const header& h) { return iequals(h.name, "Content-Encoding") || is_own_vary(h); });
}

void compress(response& answer) {
  answer.body = wire::gzip(answer.content());
  answer.shared_body.reset();
}

bool has_no_content(const request& r, const response& answer) noexcept {
  return r.method == method::head || answer.status == 204 || answer.status == 304;
}

bool send(channel& to, const response& answer, std::string_view content, const head_facts_out& facts) {
  auto& text = to.core().scratch;
  text.clear();
  append_head(text, answer, facts);
  if (content.size() <= copy_bytes_max) {
    text += content;
    content = {};
  }
  return to.send(text, content);
}

}  // namespace

bool is_chunked_for(const request& r) noexcept { return r.version_minor != 0; }

bool send_answer(channel& to, const exchange& one, response& answer) {
  auto facts = facts_of(to, one);
  facts.varies = varies(answer, to.core().options);
  if (facts.varies && accepts_gzip(one.request.header("accept-encoding"))) {
    compress(answer);
    facts.gzipped = true;
  }
  facts.content_length = answer.content().size();
  if (answer.stream) facts.body = is_chunked_for(one.request) ? framing::chunked : framing::close;
  return send(to, answer, has_no_content(one.request, answer) ? std::string_view{} : answer.content(), facts);
}

bool send_stream_head(channel& to, const exchange& one, const response& answer) {
  auto facts = facts_of(to, one);
  facts.body = is_chunked_for(one.request) ? framing::chunked : framing::close;
  return send(to, answer, {}, facts);
}

void count(server_core& core, const exchange& one, const response& answer) {
  auto& m = core.metrics_of(one.to);
  ++m.by_class[answer.status / 100];
  if (one.request.started == std::chrono::steady_clock::time_point{}) return;  // there was no whole head
  const auto took = std::chrono::steady_clock::now() - one.request.started;
  m.seconds.observe(to_seconds(took));
  if (spdlog::should_log(spdlog::level::debug)) {
    spdlog::debug("{} {} {} {:.6f}s client={} trace={}", one.request.method_name, one.to != nullptr ? one.to->pattern : "-",
                  answer.status, to_seconds(took), one.request.client().to_string(), one.request.traceparent);
  }
}

response answer_failure(server_core& core, std::string_view where, std::string_view what) {
  ++core.metrics.handler_failures;
  spdlog::error("{} failed: {}", where, what);
  return refuse(code::internal_error);
}

}  // namespace haulcast::http
