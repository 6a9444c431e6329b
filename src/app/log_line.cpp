#include "haulcast/app/log_line.hpp"

#include <fmt/format.h>

#include <iterator>

#include "haulcast/base/time.hpp"
#include "haulcast/wire/time.hpp"

namespace haulcast::app {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

void append_escaped(std::string& out, char c, std::string_view unknown_escape) {
  switch (c) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: fmt::format_to(std::back_inserter(out), fmt::runtime(unknown_escape), static_cast<unsigned char>(c)); return;
  }
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

/// Bytes of the well-formed UTF-8 character that `text` begins with; 0 when it begins with none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const auto first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) >= 0xA0;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool beyond = first == 0xF4 && byte(1) >= 0x90;
    return continues(1) && continues(2) && continues(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

void append_json_text(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto length = utf8_length(text);
    const char c = text.front();
    if (length == 0) {
      out += replacement;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (is_control(c)) {
      append_escaped(out, c, "\\u{:04x}");
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

void append_time(std::string& out, const log_record& record) {
  wire::append_time(out, std::chrono::floor<milliseconds>(record.time));
}

}  // namespace

std::string to_console_line(const log_record& record) {
  std::string line;
  line.reserve(record.message.size() + 40);
  append_time(line, record);
  fmt::format_to(std::back_inserter(line), " {:<5} ", record.level);
  for (const char c : record.message) {
    if (is_control(c)) {
      append_escaped(line, c, "\\x{:02x}");
    } else {
      line += c;
    }
  }
  return line += '\n';
}

std::string to_json_line(const log_record& record) {
  std::string line;
  line.reserve(record.message.size() + 80);
  line += R"({"time":")";
  append_time(line, record);
  line += R"(","level":")";
  append_json_text(line, record.level);
  line += R"(","message":")";
  append_json_text(line, record.message);
  return line += "\"}\n";
}

}  // namespace haulcast::app
