#include "haulcast/wire/ws_frame.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace haulcast::wire {
namespace {

using kind = ws_decoder::message::kind;

constexpr std::uint8_t fin = 0x80;
constexpr auto text = static_cast<std::uint8_t>(ws_opcode::text);
constexpr auto binary = static_cast<std::uint8_t>(ws_opcode::binary);
constexpr auto continuation = static_cast<std::uint8_t>(ws_opcode::continuation);
constexpr auto close_op = static_cast<std::uint8_t>(ws_opcode::close);
constexpr auto ping = static_cast<std::uint8_t>(ws_opcode::ping);
constexpr auto pong = static_cast<std::uint8_t>(ws_opcode::pong);

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int v : values) out += static_cast<char>(v);
  return out;
}

std::string length_of(std::size_t size, std::size_t length_bytes) {
  std::string out;
  out += static_cast<char>(0x80U | (length_bytes == 0 ? size : length_bytes == 2 ? 126U : 127U));
  for (std::size_t i = length_bytes; i-- > 0;) out += static_cast<char>(size >> (8 * i) & 0xFFU);
  return out;
}

/// A masked frame as a client sends it; `first` is FIN, the reserved bits and the opcode.
std::string frame(std::uint8_t first, std::string_view payload, const std::string& mask = "\x37\xfa\x21\x3d") {
  const std::size_t size = payload.size();
  std::string out(1, static_cast<char>(first));
  out += length_of(size, size < 126 ? 0 : size <= 0xFFFF ? 2 : 8) + mask;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
  return out;
}

std::string close_frame(int code, std::string_view reason = "") {
  return frame(fin | close_op, bytes({code >> 8, code & 0xFF}) + std::string{reason});
}

struct heard {
  struct one {
    kind what;
    std::string payload;
    std::uint16_t close_code;
    friend bool operator==(const one&, const one&) = default;
  };
  std::vector<one> messages;
  std::uint16_t failed_with = 0;  // 0: not
  bool inside = false;
  bool finished = false;
  friend bool operator==(const heard&, const heard&) = default;
};

void PrintTo(const heard& h, std::ostream* out) {
  for (const auto& m : h.messages)
    *out << static_cast<int>(m.what) << " of " << m.payload.size() << " bytes, " << m.close_code << "; ";
  *out << "failed with " << h.failed_with << (h.inside ? ", inside" : "") << (h.finished ? ", finished" : "");
}

/// What is heard when the pieces end at `cuts`.
heard hear_cut(std::string_view sent, const std::vector<std::size_t>& cuts, std::uint32_t max_message = 65536) {
  ws_decoder decoder{max_message};
  heard result;
  const auto note = [&](const ws_decoder::message& m) {
    result.messages.push_back({m.what, std::string{m.payload}, m.close_code});
  };
  std::size_t from = 0;
  const auto feed = [&](std::size_t until) {
    std::vector<char> piece(sent.begin() + static_cast<std::ptrdiff_t>(from),
                            sent.begin() + static_cast<std::ptrdiff_t>(until));
    if (const auto failed = decoder.feed(piece, note)) result.failed_with = failed->close_code;
    from = until;
  };
  for (const std::size_t cut : cuts) feed(cut);
  feed(sent.size());
  result.inside = decoder.inside_message();
  result.finished = decoder.finished();
  return result;
}

std::vector<std::size_t> every_byte(std::size_t size) {
  std::vector<std::size_t> cuts;
  for (std::size_t i = 1; i < size; ++i) cuts.push_back(i);
  return cuts;
}

/// Heard whole; that byte by byte is the same is part of every test.
heard hear(std::string_view sent, std::uint32_t max_message = 65536) {
  const heard whole = hear_cut(sent, {}, max_message);
  EXPECT_EQ(whole, hear_cut(sent, every_byte(sent.size()), max_message)) << "byte by byte";
  return whole;
}

std::uint16_t failure_of(std::string_view sent) {
  const heard result = hear(sent);
  EXPECT_EQ(result.finished, result.failed_with != 0);
  return result.failed_with;
}

std::vector<heard::one> messages(std::string_view sent) {
  const heard result = hear(sent);
  EXPECT_EQ(result.failed_with, 0);
  EXPECT_FALSE(result.inside) << "nothing is held between messages";
  return result.messages;
}

heard::one said(kind what, std::string payload, std::uint16_t code = ws_no_status) { return {what, std::move(payload), code}; }

using list = std::vector<heard::one>;

// ---- out

TEST(WsHeader, TakesTheShortestFormOfTheLength) {
  EXPECT_EQ(make_ws_header(ws_opcode::text, 0).view(), bytes({0x81, 0}));
  EXPECT_EQ(make_ws_header(ws_opcode::binary, 125).view(), bytes({0x82, 125}));
  EXPECT_EQ(make_ws_header(ws_opcode::text, 126).view(), bytes({0x81, 126, 0, 126}));
  EXPECT_EQ(make_ws_header(ws_opcode::text, 65535).view(), bytes({0x81, 126, 255, 255}));
  EXPECT_EQ(make_ws_header(ws_opcode::text, 65536).view(), bytes({0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}));
  EXPECT_EQ(make_ws_header(ws_opcode::pong, 4).view(), bytes({0x8A, 4}));
}

TEST(WsCloseFrame, CarriesCodeAndReason) {
  EXPECT_EQ(make_close_frame(1001, "bye"), bytes({0x88, 5, 0x03, 0xE9}) + "bye");
  EXPECT_EQ(make_close_frame(4401, ""), bytes({0x88, 2, 0x11, 0x31}));
  EXPECT_EQ(make_close_frame(ws_no_status, "never sent"), bytes({0x88, 0}));
}

TEST(WsCloseFrame, CutsTheReasonBetweenCharacters) {
  EXPECT_EQ(make_close_frame(1000, std::string(123, 'x')).size(), 2U + 125U);
  EXPECT_EQ(make_close_frame(1000, std::string(124, 'x')).size(), 2U + 125U);
  const std::string split = std::string(122, 'x') + "ü";
  EXPECT_EQ(make_close_frame(1000, split).substr(4), std::string(122, 'x'));
  const std::string fits = std::string(121, 'x') + "ü" + "x";
  EXPECT_EQ(make_close_frame(1000, fits).substr(4), std::string(121, 'x') + "ü");
}

// ---- in: what is right

TEST(WsDecoder, IsSmall) { EXPECT_LE(sizeof(ws_decoder), 32U); }

TEST(WsDecoder, GivesTheMessageOfTheRfc) {
  EXPECT_EQ(messages(bytes({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58})),
            list{said(kind::text, "Hello")});
}

TEST(WsDecoder, GivesMessagesInTheirOrder) {
  EXPECT_EQ(messages(frame(fin | text, "a") + frame(fin | ping, "p") + frame(fin | binary, "\xff") + frame(fin | pong, "") +
                     frame(fin | text, "")),
            (list{said(kind::text, "a"), said(kind::ping, "p"), said(kind::binary, "\xff"), said(kind::pong, ""),
                  said(kind::text, "")}));
}

TEST(WsDecoder, AMessageThatLiesWholeInAPieceIsNotCopied) {
  std::string sent = frame(fin | text, "Hello");
  ws_decoder decoder;
  const char* where = nullptr;
  ASSERT_FALSE(decoder.feed(sent, [&](const ws_decoder::message& m) { where = m.payload.data(); }));
  EXPECT_EQ(where, sent.data() + 6);
}

TEST(WsDecoder, JoinsFragmentsAndLetsControlFramesBetweenThem) {
  EXPECT_EQ(messages(frame(text, "Hel") + frame(fin | ping, "now") + frame(continuation, "") + frame(fin | pong, "then") +
                     frame(fin | continuation, "lo")),
            (list{said(kind::ping, "now"), said(kind::pong, "then"), said(kind::text, "Hello")}));
}

TEST(WsDecoder, TakesSizesOnBothSidesOfEachFormOfTheLength) {
  for (const std::size_t size : {0UL, 1UL, 7UL, 8UL, 9UL, 125UL, 126UL, 127UL, 65535UL, 65536UL}) {
    std::string payload;
    for (std::size_t i = 0; i < size; ++i) payload += static_cast<char>('a' + i % 23);
    EXPECT_EQ(messages(frame(fin | text, payload)), list{said(kind::text, payload)}) << size;
  }
  EXPECT_EQ(messages(frame(fin | ping, std::string(125, 'p'))), list{said(kind::ping, std::string(125, 'p'))});
}

TEST(WsDecoder, AMaskOfZeroesIsAMask) {
  EXPECT_EQ(messages(frame(fin | text, "abc", std::string(4, '\0'))), list{said(kind::text, "abc")});
}

TEST(WsDecoder, IsInsideAMessageUntilItsLastByte) {
  EXPECT_FALSE(hear("").inside);
  const std::string sent = frame(text, "ab") + frame(fin | continuation, "c");
  for (std::size_t size = 1; size < sent.size(); ++size) EXPECT_TRUE(hear(sent.substr(0, size)).inside) << size;
  EXPECT_FALSE(hear(sent).inside);
}

// ---- in: what is wrong, and the code it is answered with

TEST(WsDecoder, RefusesFramesThatAreNotMasked) {
  EXPECT_EQ(failure_of(bytes({0x81, 0x01, 'a'})), 1002);
  EXPECT_EQ(failure_of(bytes({0x81, 0x00})), 1002);
}

TEST(WsDecoder, RefusesReservedBits) {
  for (const int bit : {0x40, 0x20, 0x10}) {
    EXPECT_EQ(failure_of(frame(static_cast<std::uint8_t>(fin | bit | text), "a")), 1002) << bit;
  }
}

TEST(WsDecoder, RefusesUnknownOpcodes) {
  for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    EXPECT_EQ(failure_of(frame(static_cast<std::uint8_t>(fin | opcode), "")), 1002) << opcode;
  }
}

TEST(WsDecoder, RefusesControlFramesThatAreLongOrFragmented) {
  EXPECT_EQ(failure_of(frame(fin | ping, std::string(126, 'p'))), 1002);
  EXPECT_EQ(failure_of(frame(fin | close_op, std::string(70000, 'p'))), 1002);
  EXPECT_EQ(failure_of(frame(ping, "p")), 1002);
  EXPECT_EQ(failure_of(frame(close_op, "")), 1002);
}

TEST(WsDecoder, RefusesFragmentsOutOfOrder) {
  EXPECT_EQ(failure_of(frame(fin | continuation, "a")), 1002);
  EXPECT_EQ(failure_of(frame(continuation, "a")), 1002);
  EXPECT_EQ(failure_of(frame(fin | text, "a") + frame(fin | continuation, "b")), 1002);
  EXPECT_EQ(failure_of(frame(text, "a") + frame(fin | text, "b")), 1002);
  EXPECT_EQ(failure_of(frame(text, "a") + frame(binary, "b")), 1002);
}

TEST(WsDecoder, RefusesALengthThatIsNotInItsShortestForm) {
  const std::string first(1, static_cast<char>(fin | text));
  EXPECT_EQ(failure_of(first + length_of(125, 2) + "mask"), 1002);
  EXPECT_EQ(failure_of(first + length_of(126, 8) + "mask"), 1002);
  EXPECT_EQ(failure_of(first + length_of(65535, 8) + "mask"), 1002);
  EXPECT_EQ(failure_of(first + length_of(0, 8) + "mask"), 1002);
}

TEST(WsDecoder, RefusesALengthWithItsHighestBitSet) {
  EXPECT_EQ(failure_of(bytes({0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4})), 1002);
  EXPECT_EQ(failure_of(bytes({0x81, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4})), 1009);
}

TEST(WsDecoder, RefusesWhatIsTooBigByItsHeaderAlone) {
  const std::string header_of_65537 = frame(fin | binary, std::string(65537, 'x')).substr(0, 14);
  EXPECT_EQ(hear(header_of_65537).failed_with, 1009);
  EXPECT_EQ(hear(frame(fin | binary, "12345"), 5).failed_with, 0);
  EXPECT_EQ(hear(frame(fin | binary, "123456").substr(0, 6), 5).failed_with, 1009);
}

TEST(WsDecoder, CountsTheFragmentsOfAMessageTogether) {
  const std::string three = frame(binary, "123");
  EXPECT_EQ(hear(three + frame(fin | continuation, "45"), 5).failed_with, 0);
  EXPECT_EQ(hear(three + frame(fin | continuation, "456").substr(0, 6), 5).failed_with, 1009);
  EXPECT_EQ(hear(three + frame(fin | ping, "not counted") + frame(fin | continuation, "45"), 5).failed_with, 0);
}

TEST(WsDecoder, BoundsTheNumberOfFragments) {
  std::string sent = frame(text, "");
  for (std::uint32_t i = 2; i < ws_decoder::fragments_most; ++i) sent += frame(continuation, "");
  EXPECT_EQ(messages(sent + frame(fin | continuation, "end")), list{said(kind::text, "end")});
  EXPECT_EQ(failure_of(sent + frame(continuation, "") + frame(fin | continuation, "end")), 1009);
}

TEST(WsDecoder, ATextIsUtf8WhereverItIsCut) {
  const std::string truck = "\xF0\x9F\x9A\x9A";
  const list expected{said(kind::text, truck)};
  for (std::size_t cut = 0; cut <= truck.size(); ++cut) {
    EXPECT_EQ(messages(frame(text, truck.substr(0, cut)) + frame(fin | continuation, truck.substr(cut))), expected);
  }
}

TEST(WsDecoder, RefusesTextThatIsNotUtf8AndLeavesBinaryAlone) {
  for (const std::string_view bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                                     "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x9A",
                                     "\xC3(", "abcdefgh\xC3", "abcdefghijklmnop\xFFqrstuvwx"}) {
    EXPECT_EQ(failure_of(frame(fin | text, bad)), 1007);
    EXPECT_EQ(failure_of(frame(text, "") + frame(fin | continuation, bad)), 1007);
    EXPECT_EQ(messages(frame(fin | binary, bad)), list{said(kind::binary, std::string{bad})});
  }
  for (const std::string_view good : {"\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF",
                                      "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "abcdefghi\xC3\xBCjklmnopqrs"}) {
    EXPECT_EQ(messages(frame(fin | text, good)), list{said(kind::text, std::string{good})});
  }
}

TEST(WsDecoder, RefusesBadTextAtTheByteThatShowsIt) {
  EXPECT_EQ(failure_of(frame(fin | text, "ab\xFF and much more").substr(0, 9)), 1007);
  EXPECT_EQ(failure_of(frame(text, "ab\xFF")), 1007);
}

TEST(WsDecoder, GivesAClose) {
  EXPECT_EQ(messages(frame(fin | close_op, "")), list{said(kind::close, "")});
  EXPECT_EQ(messages(close_frame(1000)), list{said(kind::close, "", 1000)});
  EXPECT_EQ(messages(close_frame(4999, "später")), list{said(kind::close, "später", 4999)});
  EXPECT_EQ(messages(frame(text, "begun") + close_frame(1001)), list{said(kind::close, "", 1001)});
}

TEST(WsDecoder, IgnoresWhatComesAfterAClose) {
  const heard result = hear(close_frame(1000) + frame(fin | text, "late") + bytes({0x7F, 0x00}));
  EXPECT_EQ(result.messages, list{said(kind::close, "", 1000)});
  EXPECT_EQ(result.failed_with, 0);
  EXPECT_TRUE(result.finished);
}

TEST(WsDecoder, IgnoresWhatComesAfterAViolation) {
  ws_decoder decoder;
  const auto never = [](const ws_decoder::message&) { FAIL(); };
  std::string bad = bytes({0x81, 0x01, 'a'});
  std::string good = frame(fin | text, "a");
  EXPECT_TRUE(decoder.feed(bad, never));
  EXPECT_FALSE(decoder.feed(good, never));
  EXPECT_FALSE(decoder.inside_message());
}

TEST(WsDecoder, GivesWhatCameBeforeAViolation) {
  const heard result = hear(frame(fin | text, "a") + bytes({0x83, 0x80, 0, 0, 0, 0}));
  EXPECT_EQ(result.messages, list{said(kind::text, "a")});
  EXPECT_EQ(result.failed_with, 1002);
}

TEST(WsDecoder, RefusesCloseCodesThatMayNotBeSent) {
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535}) {
    EXPECT_EQ(failure_of(close_frame(code)), 1002) << code;
  }
  for (const int code : {1000, 1003, 1007, 1014, 3000, 4999}) EXPECT_EQ(hear(close_frame(code)).failed_with, 0) << code;
  EXPECT_EQ(failure_of(frame(fin | close_op, "\x03")), 1002);
  EXPECT_EQ(failure_of(close_frame(1000, "\xFF")), 1007);
  EXPECT_EQ(failure_of(close_frame(1000, "\xC3")), 1007);
}

// ---- however it is cut

class session_maker {
 public:
  explicit session_maker(std::uint32_t seed) : random_{seed} {}

  std::size_t below(std::size_t bound) { return random_() % bound; }

  std::string session() {
    std::string sent;
    for (std::size_t left = 1 + below(6); left > 0; --left) sent += message();
    if (below(3) == 0) sent += close_frame(1000, "bye");
    if (below(3) == 0 && !sent.empty()) sent[below(sent.size())] ^= static_cast<char>(1U << below(8));  // a fault somewhere
    return sent;
  }

 private:
  std::string payload() {
    static constexpr std::size_t sizes[] = {0, 1, 3, 8, 60, 125, 126, 300};
    std::string out;
    for (std::size_t left = sizes[below(std::size(sizes))]; left > 0; --left) out += below(9) == 0 ? "ü" : "x";
    return out;
  }
  std::string mask() {
    std::string out;
    for (int i = 0; i < 4; ++i) out += static_cast<char>(below(256));
    return out;
  }
  std::string message() {
    std::string sent = frame(static_cast<std::uint8_t>(below(2) == 0 ? text : binary), payload(), mask());
    for (std::size_t fragments = below(4); fragments > 0; --fragments) {
      if (below(3) == 0) sent += frame(fin | ping, payload().substr(0, 50), mask());
      sent += frame(continuation, payload(), mask());
    }
    return sent + frame(fin | continuation, payload(), mask());
  }

  std::mt19937 random_;
};

TEST(WsDecoder, HearsTheSameHoweverTheBytesAreCut) {
  for (std::uint32_t seed = 0; seed < 500; ++seed) {
    session_maker make{seed};
    const std::string sent = make.session();
    const heard whole = hear(sent);
    for (int i = 0; i < 5; ++i) {
      std::vector<std::size_t> cuts(make.below(20));
      std::generate(cuts.begin(), cuts.end(), [&] { return make.below(sent.size() + 1); });
      std::sort(cuts.begin(), cuts.end());
      ASSERT_EQ(whole, hear_cut(sent, cuts)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace haulcast::wire
