#include "haulcast/app/config_file.hpp"

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

  settings_reader(std::string_view text, std::span<const std::string_view> lists) : lists_{lists} {
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
    std::optional<std::vector<item>> list{};
  };
  std::vector<one> take() { return std::move(found_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "a configuration is one document; what follows --- is another");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    if (depth_ == 0) return;  // an empty file, or one of comments alone
    if (list_) refuse(mark, word_ ? full_name() + " has no value for " + *word_ : full_name() + " has an empty item");
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
    if (list_) return add_to_item(mark, value);
    if (key_) {
      add(mark, value);
    } else {
      start_key(mark, value);
    }
  }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (list_) return start_item(mark);
    if (depth_ == 1 && !key_) refuse(mark, "a key is a word, not a mapping");
    if (depth_ == 2)
      refuse(mark, key_ ? full_name() + " takes one value, not keys of its own" : "a key is a word, not a mapping");
    if (depth_ == 1) section_ = std::exchange(key_, std::nullopt);
    ++depth_;
  }
  void OnMapEnd() override {
    if (list_) {
      in_item_ = false;
      return;
    }
    --depth_;
    section_.reset();
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    if (list_) refuse(mark, full_name() + " has a list in its list");
    if (key_ && std::ranges::find(lists_, full_name()) != lists_.end()) {
      refuse_anchor(mark, anchor);
      refuse_tag(mark, tag);
      list_.emplace();
      return;
    }
    if (depth_ == 0) refuse(mark, "a configuration is a mapping of keys to values, not a list");
    refuse(mark, key_ ? full_name() + " takes one value, not a list" : "a key is a word, not a list");
  }
  void OnSequenceEnd() override {
    found_.push_back({full_name(), std::nullopt, key_line_, std::exchange(list_, std::nullopt)});
    key_.reset();
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

  std::string full_name() const { return section_ ? *section_ + "." + *key_ : *key_; }

  void start_key(const YAML::Mark& mark, const std::string& name) {
    key_ = name;
    const auto [first, is_new] = lines_.try_emplace(full_name(), mark.line + 1);
    if (!is_new) refuse(mark, full_name() + " is given twice; the first is in line " + std::to_string(first->second));
    key_line_ = mark.line + 1;
  }

  void add(const YAML::Mark&, std::optional<std::string> value) {
    found_.push_back({full_name(), std::move(value), key_line_});
    key_.reset();
  }

  void start_item(const YAML::Mark& mark) {
    if (in_item_) refuse(mark, full_name() + " nests too deep: an item has words and values");
    in_item_ = true;
    list_->push_back({.line = mark.line + 1});
  }
  void add_to_item(const YAML::Mark& mark, const std::string& text) {
    if (!in_item_) refuse(mark, full_name() + " is a list of items such as {word: value}, not of single values");
    auto& members = list_->back().members;
    if (word_) {
      members.emplace_back(*std::exchange(word_, std::nullopt), text);
      return;
    }
    const bool again = std::ranges::any_of(members, [&](const auto& m) { return m.first == text; });
    if (again) refuse(mark, full_name() + " has " + text + " twice in one item");
    word_ = text;
  }

  int documents_ = 0;
  int depth_ = 0;  // of mappings: 1 in the root, 2 in a section
  int key_line_ = 0;
  std::optional<std::string> section_;
  std::optional<std::string> key_;    // set between a key and its value
  std::map<std::string, int> lines_;  // of keys
  std::vector<std::string_view> lines_of_text_;
  std::span<const std::string_view> lists_;  // keys that may have one
  std::optional<std::vector<item>> list_;    // set within one
  std::optional<std::string> word_;          // set between a word and its value
  bool in_item_ = false;
  std::vector<one> found_;
};

std::string at(std::string_view file_name, int line) { return std::string{file_name} + ":" + std::to_string(line); }

/// `place` turns a line into what a setting says of where it stands.
template <class Place>
result<std::vector<setting>> read_all(const std::string& yaml, std::span<const std::string_view> lists, const Place& place) {
  std::istringstream text{yaml};
  settings_reader reader{text.view(), lists};
  try {
    YAML::Parser parser{text};
    while (parser.HandleNextDocument(reader)) {
    }
  } catch (const settings_reader::refusal& refused) {
    return failure{place(refused.line) + ": " + refused.what};
  } catch (const YAML::Exception& error) {
    return failure{place(error.mark.line + 1) + ": this is not YAML: " + error.msg};
  }
  std::vector<setting> settings;
  for (auto& found : reader.take()) {
    auto& one = settings.emplace_back(setting{std::move(found.name), std::move(found.value), place(found.line)});
    if (!found.list) continue;
    one.list.emplace();
    for (auto& item : *found.list) one.list->push_back({std::move(item.members), place(item.line)});
  }
  return settings;
}

}  // namespace

result<std::vector<setting>> read_settings(const std::string& yaml, std::string_view file_name,
                                           std::span<const std::string_view> lists) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  const bool marked = yaml.starts_with(byte_order_mark);
  return read_all(marked ? yaml.substr(byte_order_mark.size()) : yaml, lists, [&](int line) { return at(file_name, line); });
}

result<setting> read_list(std::string_view name, const std::string& value, std::string_view variable) {
  const std::string where{variable};
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  if (std::ranges::any_of(value, is_control)) return failure{where + ": a list stands in one line: [{...}, {...}]"};
  const auto dot = name.find('.');
  const auto yaml = std::string{name.substr(0, dot)} + ":\n  " + std::string{name.substr(dot + 1)} + ": " + value;
  auto settings = read_all(yaml, std::span{&name, 1}, [&](int) { return where; });
  if (!settings) return settings.error();
  if (settings->size() != 1) return failure{where + ": this is not one list"};
  return std::move(settings->front());
}

}  // namespace haulcast::app
