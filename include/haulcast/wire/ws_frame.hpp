// The server's side of the WebSocket protocol (RFC 6455, no extensions), without I/O: bytes from a client -> messages, and the
// bytes that go around a payload on its way out. The handshake is somebody else's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace haulcast::wire {

enum class ws_opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// What stands before a payload from the server: a whole frame (FIN), unmasked.
struct ws_header {
  std::array<char, 10> bytes{};
  std::uint8_t size = 0;
  std::string_view view() const noexcept { return {bytes.data(), size}; }
};
ws_header make_ws_header(ws_opcode what, std::uint64_t payload_bytes) noexcept;

inline constexpr std::uint16_t ws_no_status = 1005;        // stands for "no code was given"; never sent
inline constexpr std::size_t ws_control_bytes_most = 125;  // payload of a ping, pong or close
inline constexpr std::size_t ws_close_reason_bytes_most = 123;

/// A close frame, header and all. The reason is cut to 123 bytes at a character's boundary; ws_no_status makes an empty one.
std::string make_close_frame(std::uint16_t code, std::string_view reason);

/// UTF-8 that comes in pieces. Refuses what is too long, a surrogate or beyond U+10FFFF at the first byte that shows it.
class utf8_check {
 public:
  /// False, and for ever, once the text so far cannot be the beginning of valid UTF-8. Linear; ASCII eight bytes at a time.
  bool admit(std::string_view piece) noexcept;
  /// Whether the text may end here, between two characters.
  bool complete() const noexcept { return missing_ == 0; }

 private:
  bool admit_byte(unsigned char byte) noexcept;

  std::uint8_t missing_ = 0;  // bytes of the current character that are still to come
  std::uint8_t low_ = 0x80;   // the next of them lies in [low_, high_]
  std::uint8_t high_ = 0xBF;
};

/// Takes what one client sends, in pieces of any size, and gives its messages; a message that lies whole in a piece is not
/// copied. A text is known to be UTF-8, wherever it was cut. Between messages it holds no memory but its own 32 bytes; inside
/// one, at most twice what has arrived of it: a message over `max_message` is refused by the header that announces it. How
/// long a message may take, and how many pings may come, is the caller's to bound. One thread; movable.
class ws_decoder {
 public:
  static constexpr std::uint32_t fragments_most = 1024;  // frames of one message, empty ones too

  struct message {
    enum class kind { text, binary, ping, pong, close };
    kind what = kind::text;
    std::string_view payload{};               // valid during the call; of a close: the reason
    std::uint16_t close_code = ws_no_status;  // of a close
  };
  /// The close code to answer with: 1002 protocol error, 1007 bad UTF-8, 1009 too big. `why` lives for ever.
  struct failure {
    std::uint16_t close_code;
    std::string_view why;
  };
  using sink = std::function<void(const message&)>;

  explicit ws_decoder(std::uint32_t max_message = 65536);
  ~ws_decoder();
  ws_decoder(ws_decoder&&) noexcept;
  ws_decoder& operator=(ws_decoder&&) noexcept;

  /// Takes the client's next bytes, unmasks them in place, and calls `deliver` for each complete message in order; it must not
  /// touch this decoder. Stops at the first violation. After that, or after a close, whatever comes is ignored (nullopt).
  [[nodiscard]] std::optional<failure> feed(std::span<char> bytes, const sink& deliver);

  /// A message or a frame has begun and not ended.
  bool inside_message() const noexcept { return header_size_ != 0 || partial_ != nullptr; }
  /// A violation or a close was seen.
  bool finished() const noexcept { return finished_; }

 private:
  struct frame;
  struct partial;

  std::optional<failure> step(std::span<char>& bytes, const sink& deliver);
  std::optional<failure> read_header(std::span<char>& bytes, std::optional<frame>& next);
  std::optional<failure> check_start(const frame& next) const;
  std::optional<failure> admit_frame(const frame& next);  // its size, and one more fragment
  std::optional<failure> take_data(const frame& f, std::string_view piece, const sink& deliver);
  std::optional<failure> take_control(const frame& f, std::string_view piece, const sink& deliver);
  std::optional<failure> deliver_control(ws_opcode what, std::string_view payload, const sink& deliver);
  partial& held();

  std::uint32_t max_message_;
  std::uint8_t header_size_ = 0;  // bytes of a header that is not complete
  bool finished_ = false;
  std::array<char, 14> header_{};
  std::unique_ptr<partial> partial_;  // only while a message or a frame is in pieces
};

}  // namespace haulcast::wire
