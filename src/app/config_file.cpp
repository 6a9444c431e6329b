#include "haulcast/app/config_file.hpp"

#include "haulcast/app/config_keys.hpp"
#include "haulcast/base/control_characters.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

namespace haulcast::app {
namespace {

/// Works on the parser's events, not on its tree: the tree has lost duplicate keys and resolved aliases, cyclic ones too.
class settings_reader final : public YAML::EventHandler {
 public:
  /// Thrown through the parser, which knows no other way to be stopped.
  struct refusal {
    int line;
    std::string what;
  };

  settings_reader(std::string_view text, bool (*nests)(std::string_view)) : nests_{nests} {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      lines_of_text_.push_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  struct item {
    std::vector<std::pair<std::string, std::string>> members{};
    int line = 0;
  };
  struct one {
    std::string name;
    std::optional<std::string> value;
    int line = 0;
    std::optional<std::vector<item>> items{};
  };
  std::vector<one> take() { return std::move(found_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "a configuration is one document; what follows --- is another");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    if (depth_ == 0) return;  // an empty file, or one of comments alone
    if (words_) refuse(mark, "an item of " + full_name() + " has no value");
    if (items_)
      refuse(mark,
             word_ ? full_name() + " has no value for " + std::string{shown_word(*word_)} : full_name() + " has an empty item");
    if (!key_) refuse(mark, "a key has no name");
    add(mark, std::nullopt);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    const bool plain = tag != "!";
    if (!plain && !is_quoted_in_line(mark))
      refuse(mark, "a value stands in one line, and a quote that is opened is closed in it");
    if (depth_ == 0) refuse(mark, "a configuration is a mapping of keys to values, not a single value");
    if (words_) {
      add_word(mark, value);
    } else if (items_) {
      add_to_item(mark, value);
    } else if (key_) {
      add(mark, value);
    } else {
      start_key(mark, value);
    }
  }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (words_) refuse(mark, "the items of " + full_name() + " are texts");
    if (items_) return start_item(mark);
    if (depth_ > 0) {
      if (!key_) refuse(mark, "a key is a word, not a mapping");
      const auto name = full_name();
      const bool may = depth_ == 1 || (nests_ != nullptr && nests_(name));
      if (!may) refuse(mark, name + " takes one value, not keys of its own");
      section_ = name;
      key_.reset();
    }
    ++depth_;
  }
  void OnMapEnd() override {
    if (items_) {
      in_item_ = false;
      return;
    }
    --depth_;
    const auto dot = section_.rfind('.');
    section_.resize(dot == std::string::npos ? 0 : dot);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    if (depth_ == 0) refuse(mark, "a configuration is a mapping of keys to values, not a list");
    if (!key_) refuse(mark, "a key is a word, not a list");
    if (words_) refuse(mark, "the items of " + full_name() + " are texts");
    if (items_) refuse(mark, full_name() + " has a list in its list");
    const auto* key = find_key(full_name());
    const bool of_words = key != nullptr && takes_list(*key);
    const bool of_items = key != nullptr && takes_items(*key);
    if (!of_words && !of_items) refuse(mark, full_name() + " takes one value, not a list");
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (of_words) {
      words_.emplace();
    } else {
      items_.emplace();
    }
  }
  void OnSequenceEnd() override {
    if (items_) {
      found_.push_back({full_name(), std::nullopt, key_line_, std::exchange(items_, std::nullopt)});
      key_.reset();
      return;
    }
    auto words = *std::exchange(words_, std::nullopt);
    add({}, words.empty() ? "none" : std::move(words));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases (*name) are not taken; write the value out");
  }

 private:
  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string what) { throw refusal{mark.line + 1, std::move(what)}; }
  static void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) refuse(mark, "anchors (&name) are not taken; write the value out");
  }
  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    const bool none = tag.empty() || tag == "?" || tag == "!";
    if (!none) refuse(mark, "tags (!name) are not taken");
  }

  /// The library takes a quote that is never closed for one that ends with the file, and the keys behind it are gone.
  bool is_quoted_in_line(const YAML::Mark& mark) const {
    const auto at = static_cast<std::size_t>(mark.line);
    const auto column = static_cast<std::size_t>(mark.column);
    if (at >= lines_of_text_.size() || column >= lines_of_text_[at].size()) return false;
    const auto line = lines_of_text_[at].substr(column);
    const char quote = line.front();
    if (quote != '"' && quote != '\'') return false;  // a block (| or >)
    for (std::size_t i = 1; i < line.size(); ++i) {
      if (quote == '"' && line[i] == '\\') {
        ++i;  // what is escaped closes nothing; in single quotes a doubled one is two that close
      } else if (line[i] == quote) {
        return true;
      }
    }
    return false;
  }

  std::string full_name() const { return section_.empty() ? *key_ : section_ + "." + *key_; }

  void start_key(const YAML::Mark& mark, const std::string& name) {
    if (has_control_character(name)) refuse(mark, "a key is a word, without control characters");
    key_ = name;
    const auto [first, is_new] = lines_.try_emplace(full_name(), mark.line + 1);
    if (!is_new) refuse(mark, full_name() + " is given twice; the first is in line " + std::to_string(first->second));
    key_line_ = mark.line + 1;
  }

  void add(const YAML::Mark&, std::optional<std::string> value) {
    found_.push_back({full_name(), std::move(value), key_line_});
    key_.reset();
  }

  void add_word(const YAML::Mark& mark, const std::string& word) {
    if (word.empty() || word.find(' ') != std::string::npos) refuse(mark, "an item of " + full_name() + " is one word");
    *words_ += (words_->empty() ? "" : " ") + word;
  }

  void start_item(const YAML::Mark& mark) {
    if (in_item_) refuse(mark, full_name() + " nests too deep: an item has words and values");
    in_item_ = true;
    items_->push_back({.line = mark.line + 1});
  }
  void add_to_item(const YAML::Mark& mark, const std::string& text) {
    if (!in_item_) refuse(mark, full_name() + " is a list of items such as {word: value}, not of single values");
    auto& members = items_->back().members;
    if (word_) {
      members.emplace_back(*std::exchange(word_, std::nullopt), text);
      return;
    }
    if (has_control_character(text)) refuse(mark, "a word in " + full_name() + " has no control characters");
    const bool again = std::ranges::any_of(members, [&](const auto& m) { return m.first == text; });
    if (again) refuse(mark, full_name() + " has " + std::string{shown_word(text)} + " twice in one item");
    word_ = text;
  }

  int documents_ = 0;
  bool (*nests_)(std::string_view);
  int depth_ = 0;  // of mappings: 1 in the root, 2 in a section
  int key_line_ = 0;
  std::string section_;                     // empty: in the root
  std::optional<std::string> key_;          // set between a key and its value
  std::optional<std::string> words_;        // in a list of words: those so far, with blanks between them
  std::optional<std::vector<item>> items_;  // in a list of mappings
  std::optional<std::string> word_;         // there, set between a word and its value
  bool in_item_ = false;
  std::map<std::string, int> lines_;  // of keys
  std::vector<std::string_view> lines_of_text_;
  std::vector<one> found_;
};

std::string at(std::string_view file_name, int line) { return std::string{file_name} + ":" + std::to_string(line); }

/// `place` turns a line into what a setting says of where it stands.
template <class Place>
result<std::vector<setting>> read_all(const std::string& yaml, bool (*nests)(std::string_view), const Place& place) {
  std::istringstream text{yaml};
  settings_reader reader{text.view(), nests};
  try {
    YAML::Parser parser{text};
    while (parser.HandleNextDocument(reader)) {
    }
  } catch (const settings_reader::refusal& refused) {
    return failure{place(refused.line) + ": " + refused.what};
  } catch (const YAML::Exception& error) {
    // Behind a colon the library tells what it has read there, which may be a secret.
    return failure{place(error.mark.line + 1) + ": this is not YAML: " + error.msg.substr(0, error.msg.find(':'))};
  }
  std::vector<setting> settings;
  for (auto& found : reader.take()) {
    auto& one = settings.emplace_back(setting{std::move(found.name), std::move(found.value), place(found.line)});
    if (!found.items) continue;
    one.items.emplace();
    for (auto& item : *found.items) one.items->push_back({std::move(item.members), place(item.line)});
  }
  return settings;
}

}  // namespace

result<std::vector<setting>> read_settings(const std::string& yaml, std::string_view file_name,
                                           bool (*nests)(std::string_view name)) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  const bool marked = yaml.starts_with(byte_order_mark);
  return read_all(marked ? yaml.substr(byte_order_mark.size()) : yaml, nests, [&](int line) { return at(file_name, line); });
}

result<setting> read_items(std::string_view name, const std::string& value, std::string_view variable) {
  const std::string where{variable};
  if (has_control_character(value)) return failure{where + ": a list stands in one line: [{...}, {...}]"};
  const auto dot = name.find('.');
  const auto yaml = std::string{name.substr(0, dot)} + ":\n  " + std::string{name.substr(dot + 1)} + ": " + value;
  auto settings = read_all(yaml, nullptr, [&](int) { return where; });
  if (!settings) return settings.error();
  if (settings->size() != 1) return failure{where + ": this is not one list"};
  return std::move(settings->front());
}

}  // namespace haulcast::app
