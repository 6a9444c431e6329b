#include "haulcast/app/config_file.hpp"

#include "haulcast/app/config_keys.hpp"
#include "haulcast/wire/control_characters.hpp"

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

  std::vector<std::pair<setting, int>> take() { return std::move(found_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "a configuration is one document; what follows --- is another");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    if (depth_ == 0) return;  // an empty file, or one of comments alone
    if (list_) refuse(mark, "an item of " + full_name() + " has no value");
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
    if (list_) {
      add_item(mark, value);
    } else if (key_) {
      add(mark, value);
    } else {
      start_key(mark, value);
    }
  }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (list_) refuse(mark, "the items of " + full_name() + " are texts");
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
    --depth_;
    const auto dot = section_.rfind('.');
    section_.resize(dot == std::string::npos ? 0 : dot);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    if (depth_ == 0) refuse(mark, "a configuration is a mapping of keys to values, not a list");
    if (!key_) refuse(mark, "a key is a word, not a list");
    if (list_) refuse(mark, "the items of " + full_name() + " are texts");
    const auto* key = find_key(full_name());
    if (key == nullptr || !takes_list(*key)) refuse(mark, full_name() + " takes one value, not a list");
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    list_.emplace();
  }
  void OnSequenceEnd() override {
    auto items = *std::exchange(list_, std::nullopt);
    add({}, items.empty() ? "none" : std::move(items));
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
    if (wire::has_control_character(name)) refuse(mark, "a key is a word, without control characters");
    key_ = name;
    const auto [first, is_new] = lines_.try_emplace(full_name(), mark.line + 1);
    if (!is_new) refuse(mark, full_name() + " is given twice; the first is in line " + std::to_string(first->second));
    key_line_ = mark.line + 1;
  }

  void add(const YAML::Mark&, std::optional<std::string> value) {
    found_.push_back({setting{full_name(), std::move(value), {}}, key_line_});
    key_.reset();
  }

  void add_item(const YAML::Mark& mark, const std::string& item) {
    if (item.empty() || item.find(' ') != std::string::npos) refuse(mark, "an item of " + full_name() + " is one word");
    *list_ += (list_->empty() ? "" : " ") + item;
  }

  int documents_ = 0;
  bool (*nests_)(std::string_view);
  int depth_ = 0;  // of mappings: 1 in the root, 2 in a section
  int key_line_ = 0;
  std::string section_;               // empty: in the root
  std::optional<std::string> key_;    // set between a key and its value
  std::optional<std::string> list_;   // in a list: its items so far, with blanks between them
  std::map<std::string, int> lines_;  // of keys
  std::vector<std::string_view> lines_of_text_;
  std::vector<std::pair<setting, int>> found_;
};

std::string at(std::string_view file_name, int line) { return std::string{file_name} + ":" + std::to_string(line); }

}  // namespace

result<std::vector<setting>> read_settings(const std::string& yaml, std::string_view file_name,
                                           bool (*nests)(std::string_view name)) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  const bool marked = yaml.starts_with(byte_order_mark);
  std::istringstream text{marked ? yaml.substr(byte_order_mark.size()) : yaml};
  settings_reader reader{text.view(), nests};
  try {
    YAML::Parser parser{text};
    while (parser.HandleNextDocument(reader)) {
    }
  } catch (const settings_reader::refusal& refused) {
    return failure{at(file_name, refused.line) + ": " + refused.what};
  } catch (const YAML::Exception& error) {
    // Behind a colon the library tells what it has read there, which may be a secret.
    return failure{at(file_name, error.mark.line + 1) + ": this is not YAML: " + error.msg.substr(0, error.msg.find(':'))};
  }
  std::vector<setting> settings;
  for (auto& [one, line] : reader.take()) {
    one.where = at(file_name, line);
    settings.push_back(std::move(one));
  }
  return settings;
}

}  // namespace haulcast::app
