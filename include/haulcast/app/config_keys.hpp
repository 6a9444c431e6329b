// The table of configuration keys: one row says all there is to say about a key.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "haulcast/app/config.hpp"
#include "haulcast/app/config_file.hpp"
#include "haulcast/base/result.hpp"

namespace haulcast::app {

/// Where a key's value lives, which also says what kind of value it is. Optionals are unset by their default word. A list of
/// words is written as a YAML list or as one text with blanks between its items; `none` is the empty one, of items too.
using key_target = std::variant<bool*, double*, std::optional<double>*, std::size_t*, std::optional<std::size_t>*, seconds*,
                                std::chrono::hours*, std::chrono::days*, std::string*, std::optional<std::string>*,
                                std::filesystem::path*, std::vector<std::string>*, key_items*>;

/// A check of a text value beyond its kind, of a list's each item; nothing when it is good, else how the sentence "<key> ..."
/// goes on.
using key_check = std::optional<std::string> (*)(std::string_view text);

struct config_key {
  std::string_view name;           // "journal.sync"; only data_dir has no section
  std::string_view default_value;  // as in a file
  std::string_view unit = {};      // "seconds"; "bytes" also takes "64 MiB"; empty for texts, flags and counts
  double min = 0;                  // of numbers
  double max = 0;
  std::string_view help;  // for the example file; filled into lines there
  key_target (*at)(config& cfg) = nullptr;
  std::string_view choices = {};       // "full normal": of texts that are one of a few words
  key_check check = nullptr;           // of other texts
  bool secret = false;                 // never shown, and may come from a file named by ..._FILE
  bool later = false;                  // taken and checked, but no part of this version reads it
  std::string_view only_default = {};  // a sentence: why no other value than the default is taken yet
};

struct config_section {
  std::string_view name;
  std::string_view help;
};

std::span<const config_section> config_sections();  // in the order of the example file
std::span<const config_key> config_keys();          // each section's together, data_dir first

const config_key* find_key(std::string_view name);
bool takes_list(const config_key& key);   // of words
bool takes_items(const config_key& key);  // a list of mappings
bool is_section(std::string_view name);

/// What may be shown of a word that is none of ours: nothing behind a colon, an equals sign or a blank, where a value may stand
/// (`hs256_secret:VALUE`, without the blank, is one word for YAML). Short.
std::string_view shown_word(std::string_view word);

/// "journal.snyc is not a key; did you mean journal.sync?"
std::string unknown_key(std::string_view name);

/// Nothing as value is YAML's null. Error: a sentence that names the key and, unless it is secret, the value.
result<void> set_key(config& cfg, const config_key& key, const std::optional<std::string>& value);

/// Error: a sentence that begins with the place of the item that is wrong.
result<void> set_items(config& cfg, const config_key& key, const std::vector<setting_item>& items);

/// In the form in which a file has it; secrets in clear.
std::string value_of(const config& cfg, const config_key& key);

}  // namespace haulcast::app
