#include "haulcast/http/body.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cassert>
#include <cstring>

namespace haulcast::http {

std::span<char> byte_block::space(std::size_t limit) noexcept { return {memory_.get() + end_, std::min(limit, room())}; }

void byte_block::commit(std::size_t n) noexcept {
  assert(n <= room());
  end_ += n;
  std::memset(memory_.get() + end_, 0, body_padding);
}

void byte_block::append(std::string_view bytes) noexcept {
  std::memcpy(memory_.get() + end_, bytes.data(), bytes.size());
  commit(bytes.size());
}

void byte_block::consume(std::size_t n) noexcept {
  assert(n <= size());
  begin_ += n;
  if (begin_ == end_) begin_ = end_ = 0;
}

void byte_block::reserve(std::size_t capacity) {
  if (capacity <= capacity_) {
    if (begin_ != 0) {
      const std::size_t held = size();
      std::memmove(memory_.get(), memory_.get() + begin_, held);
      begin_ = 0;
      end_ = held;
    }
    return;
  }
  auto larger = std::make_unique_for_overwrite<char[]>(capacity + body_padding);
  const std::size_t held = size();
  if (held != 0) std::memcpy(larger.get(), memory_.get() + begin_, held);
  memory_ = std::move(larger);
  capacity_ = capacity;
  begin_ = 0;
  end_ = held;
  commit(0);
}

void byte_block::release() noexcept {
  memory_.reset();
  capacity_ = begin_ = end_ = 0;
}

std::unique_ptr<char[]> byte_block::detach(std::size_t keep) {
  byte_block rest;
  rest.reserve(capacity_);
  rest.append(view().substr(keep));
  auto memory = std::move(memory_);
  *this = std::move(rest);
  return memory;
}

namespace {

namespace beast = boost::beast::http;
using boost::beast::error_code;

/// No chunk header needs more: sixteen hexadecimal digits and two line ends.
constexpr std::size_t chunk_header_bytes_max = 32;

/// What Beast is shown in place of the head, which has been read before.
constexpr std::string_view stand_in = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";

refusal chunk_refusal(const error_code& failed) noexcept {
  if (failed == beast::error::body_limit || failed == beast::error::buffer_overflow) return {code::body_too_large, {}};
  if (failed == beast::error::bad_chunk_extension) return {code::bad_request, "Chunk extensions are not taken."};
  if (failed == beast::error::bad_field || failed == beast::error::bad_value) {
    return {code::bad_request, "Trailer fields are not taken."};
  }
  return {code::bad_request, "The chunked body is not valid."};
}

}  // namespace

class chunk_decoder::parser final : public beast::basic_parser<true> {
 public:
  parser() {
    body_limit(boost::none);
    error_code failed;
    put(boost::asio::const_buffer{stand_in.data(), stand_in.size()}, failed);
    assert(!failed && chunked());
    in_body_ = true;
    eager(true);
  }

  void aim(byte_block& out, std::size_t limit) noexcept {
    out_ = &out;
    limit_ = limit;
  }

 private:
  void on_request_impl(beast::verb, boost::beast::string_view, boost::beast::string_view, int, error_code&) override {}
  void on_response_impl(int, boost::beast::string_view, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(boost::beast::string_view, error_code&) override { return 0; }
  void on_finish_impl(error_code&) override {}

  void on_field_impl(beast::field, boost::beast::string_view, boost::beast::string_view, error_code& failed) override {
    if (in_body_) failed = beast::error::bad_field;
  }
  void on_chunk_header_impl(std::uint64_t size, boost::beast::string_view extensions, error_code& failed) override {
    if (!extensions.empty()) {
      failed = beast::error::bad_chunk_extension;
    } else if (size > limit_ - out_->size()) {
      failed = beast::error::body_limit;
    }
  }
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view data, error_code&) override {
    if (out_->room() < data.size()) {
      const std::size_t wanted = std::max(out_->size() + data.size(), out_->capacity() * 2);
      out_->reserve(std::min(std::max<std::size_t>(wanted, 4096), limit_));
    }
    out_->append(data);
    return data.size();
  }

  byte_block* out_ = nullptr;
  std::size_t limit_ = 0;
  bool in_body_ = false;
};

chunk_decoder::chunk_decoder() : parser_{std::make_unique<parser>()} {}
chunk_decoder::~chunk_decoder() = default;
chunk_decoder::chunk_decoder(chunk_decoder&&) noexcept = default;
chunk_decoder& chunk_decoder::operator=(chunk_decoder&&) noexcept = default;

result<chunk_decoder::progress, refusal> chunk_decoder::decode(std::string_view input, byte_block& out, std::size_t limit) {
  parser_->aim(out, limit);
  progress made;
  error_code failed;
  made.used = parser_->put(boost::asio::const_buffer{input.data(), input.size()}, failed);
  if (failed == beast::error::need_more) failed = {};
  if (failed) return chunk_refusal(failed);
  made.done = parser_->is_done();
  if (!made.done && input.size() - made.used > chunk_header_bytes_max) {
    return refusal{code::bad_request, "Chunk extensions and trailer fields are not taken."};
  }
  return made;
}

}  // namespace haulcast::http
