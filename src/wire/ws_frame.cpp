#include "haulcast/wire/ws_frame.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace haulcast::wire {

namespace {

using failure = ws_decoder::failure;

constexpr std::uint16_t protocol_error = 1002;
constexpr std::uint16_t bad_text = 1007;
constexpr std::uint16_t too_big = 1009;

constexpr unsigned fin_bit = 0x80;
constexpr unsigned reserved_bits = 0x70;
constexpr unsigned opcode_bits = 0x0F;
constexpr unsigned mask_bit = 0x80;
constexpr unsigned length_bits = 0x7F;
constexpr unsigned length_16 = 126;  // the length follows in two bytes
constexpr unsigned length_64 = 127;  // or in eight
constexpr std::size_t mask_bytes = 4;

constexpr bool is_control(ws_opcode what) noexcept { return (static_cast<unsigned>(what) & 8U) != 0; }

constexpr bool is_known(ws_opcode what) noexcept {
  return what <= ws_opcode::binary || (is_control(what) && what <= ws_opcode::pong);
}

/// Registered for sending (IANA's table as of 1014), or private: 3000 and above.
constexpr bool may_be_sent(unsigned close_code) noexcept {
  return (close_code >= 1000 && close_code <= 1003) || (close_code >= 1007 && close_code <= 1014) ||
         (close_code >= 3000 && close_code <= 4999);
}

std::uint64_t read_big_endian(std::string_view bytes) noexcept {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

void write_big_endian(std::uint64_t value, char* at, std::size_t bytes) noexcept {
  for (std::size_t i = bytes; i-- > 0; value >>= 8U) at[i] = static_cast<char>(value & 0xFFU);
}

void unmask(std::span<char> piece, const std::array<char, mask_bytes>& mask) noexcept {
  std::uint64_t key = 0;
  std::memcpy(&key, mask.data(), mask_bytes);
  std::memcpy(reinterpret_cast<char*>(&key) + mask_bytes, mask.data(), mask_bytes);
  char* at = piece.data();
  std::size_t left = piece.size();
  for (; left >= sizeof key; at += sizeof key, left -= sizeof key) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    word ^= key;
    std::memcpy(at, &word, sizeof word);
  }
  for (std::size_t i = 0; i < left; ++i) at[i] = static_cast<char>(at[i] ^ mask[i % mask_bytes]);
}

}  // namespace

// ---- out

ws_header make_ws_header(ws_opcode what, std::uint64_t payload_bytes) noexcept {
  ws_header header;
  header.bytes[0] = static_cast<char>(fin_bit | static_cast<unsigned>(what));
  if (payload_bytes < length_16) {
    header.bytes[1] = static_cast<char>(payload_bytes);
    header.size = 2;
  } else if (payload_bytes <= 0xFFFF) {
    header.bytes[1] = static_cast<char>(length_16);
    write_big_endian(payload_bytes, header.bytes.data() + 2, 2);
    header.size = 4;
  } else {
    header.bytes[1] = static_cast<char>(length_64);
    write_big_endian(payload_bytes, header.bytes.data() + 2, 8);
    header.size = 10;
  }
  return header;
}

std::string make_close_frame(std::uint16_t code, std::string_view reason) {
  if (code == ws_no_status) return std::string{make_ws_header(ws_opcode::close, 0).view()};
  std::size_t size = std::min(reason.size(), ws_close_reason_bytes_most);
  while (size > 0 && size < reason.size() && (static_cast<unsigned char>(reason[size]) & 0xC0U) == 0x80) --size;
  std::string frame{make_ws_header(ws_opcode::close, size + 2).view()};
  frame += static_cast<char>(code >> 8U);
  frame += static_cast<char>(code & 0xFFU);
  frame += reason.substr(0, size);
  return frame;
}

// ---- UTF-8 (RFC 3629, section 4)

bool utf8_check::admit(std::string_view piece) noexcept {
  constexpr std::uint64_t high_bits = 0x8080808080808080;
  const char* at = piece.data();
  const char* const end = at + piece.size();
  while (at != end) {
    if (missing_ == 0) {
      for (std::uint64_t word = 0; end - at >= 8; at += 8) {
        std::memcpy(&word, at, sizeof word);
        if ((word & high_bits) != 0) break;
      }
      if (at == end) break;
    }
    if (!admit_byte(static_cast<unsigned char>(*at))) {
      missing_ = 1;
      low_ = 1;  // an empty range: nothing is right any more
      high_ = 0;
      return false;
    }
    ++at;
  }
  return true;
}

bool utf8_check::admit_byte(unsigned char byte) noexcept {
  if (missing_ != 0) {
    if (byte < low_ || byte > high_) return false;
    --missing_;
    low_ = 0x80;
    high_ = 0xBF;
    return true;
  }
  if (byte < 0x80) return true;
  if (byte < 0xC2 || byte > 0xF4) return false;  // a continuation, a two-byte form of ASCII, beyond U+10FFFF
  missing_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
  if (byte == 0xE0) low_ = 0xA0;   // below: a longer form of what two bytes say
  if (byte == 0xED) high_ = 0x9F;  // above: surrogates
  if (byte == 0xF0) low_ = 0x90;   // below: a longer form of what three bytes say
  if (byte == 0xF4) high_ = 0x8F;  // above: beyond U+10FFFF
  return true;
}

// ---- in

struct ws_decoder::frame {
  ws_opcode opcode = ws_opcode::continuation;
  bool fin = false;
  std::array<char, mask_bytes> mask{};  // turned, so that its first byte is the next one's
  std::uint64_t left = 0;               // bytes of the payload that are still to come
};

struct ws_decoder::partial {
  bool in_message = false;  // a data message has begun
  bool in_frame = false;    // `current` is not complete
  bool text = false;
  std::uint32_t fragments = 0;
  utf8_check utf8;
  std::string message;  // its payload so far
  frame current;
  std::string control;  // payload so far, when `current` is a control frame
};

ws_decoder::ws_decoder(std::uint32_t max_message) : max_message_{max_message} {}
ws_decoder::~ws_decoder() = default;
ws_decoder::ws_decoder(ws_decoder&&) noexcept = default;
ws_decoder& ws_decoder::operator=(ws_decoder&&) noexcept = default;

std::optional<failure> ws_decoder::feed(std::span<char> bytes, const sink& deliver) {
  while (!bytes.empty() && !finished_) {
    if (auto failed = step(bytes, deliver)) {
      finished_ = true;
      header_size_ = 0;
      partial_.reset();
      return failed;
    }
  }
  return std::nullopt;
}

/// Takes one frame from `bytes`, or what there is of it.
std::optional<failure> ws_decoder::step(std::span<char>& bytes, const sink& deliver) {
  std::optional<frame> f;
  if (partial_ && partial_->in_frame) {
    f = partial_->current;
  } else {
    if (auto failed = read_header(bytes, f)) return failed;
    if (!f) return std::nullopt;
  }
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(f->left, bytes.size()));
  const auto piece = bytes.first(size);
  bytes = bytes.subspan(size);
  unmask(piece, f->mask);
  std::rotate(f->mask.begin(), f->mask.begin() + static_cast<std::ptrdiff_t>(size % mask_bytes), f->mask.end());
  f->left -= size;
  const std::string_view payload{piece.data(), piece.size()};
  return is_control(f->opcode) ? take_control(*f, payload, deliver) : take_data(*f, payload, deliver);
}

/// Gives the next frame once its header is complete and allowed; until then keeps what there is of it.
std::optional<failure> ws_decoder::read_header(std::span<char>& bytes, std::optional<frame>& next) {
  const std::size_t copied = std::min(bytes.size(), header_.size() - header_size_);
  std::copy_n(bytes.begin(), copied, header_.begin() + header_size_);
  const std::size_t present = header_size_ + copied;
  const auto wait_for_more = [&] {
    header_size_ = static_cast<std::uint8_t>(present);
    bytes = bytes.subspan(copied);
    return std::nullopt;
  };
  if (present < 2) return wait_for_more();

  const auto first = static_cast<unsigned char>(header_[0]);
  const auto second = static_cast<unsigned char>(header_[1]);
  if ((first & reserved_bits) != 0) return failure{protocol_error, "a reserved bit is set"};
  if ((second & mask_bit) == 0) return failure{protocol_error, "frames from a client must be masked"};
  const unsigned length = second & length_bits;
  frame f{.opcode = ws_opcode{static_cast<std::uint8_t>(first & opcode_bits)}, .fin = (first & fin_bit) != 0, .left = length};
  if (auto failed = check_start(f)) return failed;

  const std::size_t length_bytes = length == length_16 ? 2 : length == length_64 ? 8 : 0;
  const std::size_t size = 2 + length_bytes + mask_bytes;
  if (present < size) return wait_for_more();
  bytes = bytes.subspan(size - header_size_);
  header_size_ = 0;

  if (length_bytes != 0) {
    f.left = read_big_endian({header_.data() + 2, length_bytes});
    if (f.left >> 63U != 0) return failure{protocol_error, "the highest bit of a length is set"};
    if (f.left < length_16 || (length_bytes == 8 && f.left <= 0xFFFF)) {
      return failure{protocol_error, "a length is not in its shortest form"};
    }
  }
  std::copy_n(header_.begin() + static_cast<std::ptrdiff_t>(size - mask_bytes), mask_bytes, f.mask.begin());
  if (auto failed = admit_frame(f)) return failed;
  next = f;
  return std::nullopt;
}

/// What the first two bytes tell: may such a frame come now?
std::optional<failure> ws_decoder::check_start(const frame& next) const {
  if (!is_known(next.opcode)) return failure{protocol_error, "unknown opcode"};
  if (is_control(next.opcode)) {
    if (!next.fin) return failure{protocol_error, "a control frame is fragmented"};
    if (next.left > ws_control_bytes_most) return failure{protocol_error, "a control frame is longer than 125 bytes"};
    return std::nullopt;
  }
  const bool inside = partial_ && partial_->in_message;
  const bool continues = next.opcode == ws_opcode::continuation;
  if (continues && !inside) return failure{protocol_error, "a continuation of no message"};
  if (!continues && inside) return failure{protocol_error, "a new message inside a fragmented one"};
  return std::nullopt;
}

std::optional<failure> ws_decoder::admit_frame(const frame& next) {
  if (is_control(next.opcode)) return std::nullopt;
  const bool inside = partial_ && partial_->in_message;
  if (inside && ++partial_->fragments > fragments_most) return failure{too_big, "a message has too many fragments"};
  if (next.left + (inside ? partial_->message.size() : 0) > max_message_) return failure{too_big, "a message is too big"};
  return std::nullopt;
}

ws_decoder::partial& ws_decoder::held() {
  if (!partial_) partial_ = std::make_unique<partial>();
  return *partial_;
}

std::optional<failure> ws_decoder::take_data(const frame& f, std::string_view piece, const sink& deliver) {
  constexpr failure not_utf8{bad_text, "a text is not valid UTF-8"};
  const auto kind_of = [](bool text) { return text ? message::kind::text : message::kind::binary; };
  if (f.fin && f.left == 0 && !partial_) {
    const bool text = f.opcode == ws_opcode::text;
    utf8_check utf8;
    if (text && !(utf8.admit(piece) && utf8.complete())) return not_utf8;
    deliver({.what = kind_of(text), .payload = piece});
    return std::nullopt;
  }

  partial& p = held();
  if (!p.in_message) {
    p.in_message = true;
    p.text = f.opcode == ws_opcode::text;
    p.fragments = 1;
  }
  if (p.text && !p.utf8.admit(piece)) return not_utf8;
  p.message += piece;
  p.current = f;
  p.in_frame = f.left != 0;
  if (p.in_frame || !f.fin) return std::nullopt;
  if (p.text && !p.utf8.complete()) return not_utf8;
  const auto complete = std::exchange(partial_, nullptr);
  deliver({.what = kind_of(complete->text), .payload = complete->message});
  return std::nullopt;
}

std::optional<failure> ws_decoder::take_control(const frame& f, std::string_view piece, const sink& deliver) {
  const bool resumed = partial_ && partial_->in_frame;
  if (f.left == 0 && !resumed) return deliver_control(f.opcode, piece, deliver);
  partial& p = held();
  p.control += piece;
  p.current = f;
  p.in_frame = f.left != 0;
  if (p.in_frame) return std::nullopt;
  const std::string payload = std::exchange(p.control, {});
  if (!p.in_message) partial_.reset();
  return deliver_control(f.opcode, payload, deliver);
}

std::optional<failure> ws_decoder::deliver_control(ws_opcode what, std::string_view payload, const sink& deliver) {
  if (what != ws_opcode::close) {
    deliver({.what = what == ws_opcode::ping ? message::kind::ping : message::kind::pong, .payload = payload});
    return std::nullopt;
  }
  message close{.what = message::kind::close};
  if (payload.size() == 1) return failure{protocol_error, "a close code is cut short"};
  if (!payload.empty()) {
    close.close_code = static_cast<std::uint16_t>(read_big_endian(payload.substr(0, 2)));
    close.payload = payload.substr(2);
    utf8_check utf8;
    if (!may_be_sent(close.close_code)) return failure{protocol_error, "a close code that may not be sent"};
    if (!utf8.admit(close.payload) || !utf8.complete()) return failure{bad_text, "the reason of a close is not valid UTF-8"};
  }
  finished_ = true;
  partial_.reset();
  deliver(close);
  return std::nullopt;
}

}  // namespace haulcast::wire
