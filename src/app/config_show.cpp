// The configuration as YAML: what is in force, and the manual.
#include <algorithm>
#include <array>

#include "haulcast/app/config_keys.hpp"
#include "haulcast/app/numbers.hpp"

namespace haulcast::app {
namespace {

constexpr std::size_t comment_columns = 100;

std::string_view section_of(const config_key& key) {
  const auto dot = key.name.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : key.name.substr(0, dot);
}

std::string_view leaf_of(std::string_view name) {
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

/// Of the keys in a section, or of a section named like that in another.
std::string indent_of(std::string_view section) {
  const auto dots = static_cast<std::size_t>(std::ranges::count(section, '.'));
  return std::string(section.empty() ? 0 : 2 * (dots + 1), ' ');
}

std::string heading_of(std::string_view section) {
  const auto dot = section.rfind('.');
  return indent_of(dot == section.npos ? std::string_view{} : section.substr(0, dot)) + std::string{leaf_of(section)} + ":\n";
}

/// Plain where YAML surely reads the same text back, in double quotes otherwise. There are no control characters in values.
std::string yaml_scalar(std::string_view text) {
  const auto is_plain = [](char c) {
    constexpr std::string_view marks = "./_%+-:";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' ||
           marks.find(c) != marks.npos;
  };
  const auto is_plain_start = [](char c) { return c != ' ' && c != '-' && c != ':' && c != '%'; };
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), is_plain) && is_plain_start(text.front()) &&
                     text.back() != ' ' && text.back() != ':' && text.find(": ") == text.npos && text != "null" &&
                     text != "Null" && text != "NULL";
  if (plain) return std::string{text};
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

/// Fills words into comment lines.
void append_comment(std::string& out, std::string_view indent, std::string_view text) {
  std::string line;
  const auto flush = [&] {
    if (!line.empty()) out.append(indent).append("#").append(line).append("\n");
    line.clear();
  };
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (indent.size() + 1 + line.size() + 1 + word.size() > comment_columns) flush();
    line.append(" ").append(word);
  }
  flush();
}

std::string range_of(const config_key& key) {
  const auto number = [&](double n) {
    return key.unit == "bytes" ? format_bytes(static_cast<std::uint64_t>(n)) : format_number(n);
  };
  return "From " + number(key.min) + " to " + number(key.max) + ".";
}

std::string facts_of(const config_key& key) {
  std::string facts;
  if (!key.unit.empty()) facts += "Unit: " + std::string{key.unit} + ". ";
  if (key.max > key.min) facts += range_of(key) + " ";
  if (!key.choices.empty()) {
    facts += "One of:";
    for (const char c : " " + std::string{key.choices}) facts += c;
    facts += ". ";
  }
  facts += "Default: " + std::string{key.default_value} + ".";
  if (!key.only_default.empty()) facts += " No other value is taken: " + std::string{key.only_default} + ".";
  if (key.later && key.only_default.empty()) facts += " Read from a later version on.";
  return facts;
}

void append_section(std::string& out, const config_section& section) {
  const bool nested = section.name.find('.') != section.name.npos;
  out += nested ? "\n" : "\n\n";
  append_comment(out, nested ? "  " : "", section.help);
  out += heading_of(section.name);
}

const config_section* section_named(std::string_view name) {
  const auto all = config_sections();
  const auto found = std::ranges::find(all, name, &config_section::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

std::string show(const config& cfg) {
  std::string out;
  std::string_view section;
  for (const auto& key : config_keys()) {
    if (section_of(key) != section) {
      section = section_of(key);
      out += heading_of(section);
    }
    const auto value = value_of(cfg, key);
    const bool hidden = key.secret && value != key.default_value;
    out.append(indent_of(section))
        .append(leaf_of(key.name))
        .append(": ")
        .append(hidden             ? "\"***\""
                : takes_items(key) ? value
                                   : yaml_scalar(value))
        .append("\n");
  }
  return out;
}

std::string example_config() {
  std::string out =
      "# The configuration of haulcast: every key with its default. Nothing here must be set.\n"
      "#\n"
      "#   haulcast serve --config haulcast.yaml\n"
      "#   haulcast check-config --config haulcast.yaml    says what is in force, or what is wrong and where\n"
      "#\n"
      "# Each key is also an environment variable, which goes before the file: journal.sync is HAULCAST_JOURNAL__SYNC, "
      "data_dir is\n"
      "# HAULCAST_DATA_DIR. Secrets can be read from a file that HAULCAST_AUTH__HS256_SECRET_FILE names. A variable that is "
      "empty\n"
      "# counts as not set. Keys that are not known, or given twice, are errors. Sizes in bytes may be written as 65536 or 64 "
      "KiB\n"
      "# (KiB, MiB, GiB, TiB). A change holds from the next start on; those of auth, but for query_token, also after SIGHUP.\n";
  std::string_view section;
  for (const auto& key : config_keys()) {
    const bool first = section_of(key) != section;
    if (first) {
      section = section_of(key);
      append_section(out, *section_named(section));
    } else {
      out += "\n";
    }
    const auto indent = indent_of(section);
    append_comment(out, indent, key.help);
    append_comment(out, indent, facts_of(key));
    out.append(indent).append(leaf_of(key.name)).append(": ").append(yaml_scalar(key.default_value)).append("\n");
  }
  return out;
}

}  // namespace haulcast::app
