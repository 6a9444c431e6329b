#include "haulcast/auth/subject_list.hpp"

#include <algorithm>

#include "operators_file.hpp"
#include "strict_json.hpp"

namespace haulcast::auth {
namespace {

constexpr std::size_t file_bytes_max = 64U << 20;
constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view line) {
  const auto first = line.find_first_not_of(blanks);
  if (first == line.npos) return {};
  return line.substr(first, line.find_last_not_of(blanks) - first + 1);
}

std::string_view without_comment(std::string_view line) {
  for (auto at = line.find('#'); at != line.npos; at = line.find('#', at + 1)) {
    if (at == 0 || blanks.find(line[at - 1]) != blanks.npos) return line.substr(0, at);
  }
  return line;
}

}  // namespace

result<subject_list> subject_list::read(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  subject_list out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trimmed(text.substr(0, end));
    const auto subject = trimmed(without_comment(line));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (subject.empty()) continue;
    if (!is_plain_text(subject)) return failure{"has a control character in line " + std::to_string(number)};
    out.subjects_.emplace(subject);
    if (line != subject) out.subjects_.emplace(line);  // "Truck #7" may be one and its comment, or one
  }
  return out;
}

result<subject_list> load_subjects(const std::filesystem::path& file) {
  const auto read = read_operators_file(file, file_bytes_max);
  if (!read) return failure{file.string() + " " + read.error().what};
  auto subjects = subject_list::read(read->text);
  if (!subjects) return failure{file.string() + " " + subjects.error().what};
  return subjects;
}

}  // namespace haulcast::auth
