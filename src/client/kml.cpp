#include "haulcast/client/kml.hpp"

#include <expat.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "kml_placemark.hpp"

namespace haulcast::client {
namespace {

constexpr std::size_t depth_max = 64;
constexpr std::size_t text_bytes_max = 1 << 20;  // in one element: some 20,000 vertices
constexpr std::size_t data_max = 256;            // of one placemark
constexpr std::size_t parts_max = 10'000;        // likewise, and rings of one polygon
constexpr std::size_t piece_bytes = std::size_t{1} << 20;

struct free_parser {
  void operator()(XML_ParserStruct* p) const noexcept { XML_ParserFree(p); }
};

/// Gets what expat finds, in the order of the text.
class kml_reader {
 public:
  explicit kml_reader(const kml_defaults& defaults) : writer_{defaults}, parser_{XML_ParserCreate(nullptr)} {
    if (!parser_) throw std::bad_alloc{};
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(
        parser_.get(), [](void* me, const char* name, const char** with) { reader(me).begin(name, with); },
        [](void* me, const char*) { reader(me).end(); });
    XML_SetCharacterDataHandler(
        parser_.get(), [](void* me, const char* text, int size) { reader(me).add({text, static_cast<std::size_t>(size)}); });
    // Whoever has none needs no entities, and cannot be made to expand or to fetch them.
    XML_SetStartDoctypeDeclHandler(parser_.get(), [](void* me, const char*, const char*, const char*, int) {
      reader(me).fail("a document type is not taken");
    });
  }

  result<kml_features> read(std::string_view text) {
    do {
      const std::string_view piece = text.substr(0, piece_bytes);
      text.remove_prefix(piece.size());
      const auto how = XML_Parse(parser_.get(), piece.data(), static_cast<int>(piece.size()), text.empty() ? 1 : 0);
      if (how != XML_STATUS_OK) return at_line(why_ ? *why_ : XML_ErrorString(XML_GetErrorCode(parser_.get())));
    } while (!text.empty());
    if (!is_kml_) return failure{"no <kml> element"};
    return writer_.finish();
  }

 private:
  static kml_reader& reader(void* me) noexcept { return *static_cast<kml_reader*>(me); }

  failure at_line(std::string_view what) const {
    return {"line " + std::to_string(XML_GetCurrentLineNumber(parser_.get())) + ": " + std::string{what}};
  }
  void fail(std::string_view why) {
    if (!why_) why_ = why;
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  bool inside(std::string_view name) const { return std::ranges::find(open_, name) != open_.end(); }
  bool is_in(std::string_view name) const { return !open_.empty() && open_.back() == name; }

  void begin(std::string_view name, const char** with) {
    name.remove_prefix(name.rfind(':') + 1);  // npos + 1: there is no prefix
    if (open_.empty()) is_kml_ = name == "kml";
    if (open_.size() == depth_max) return fail("elements are nested too deeply");
    text_.clear();
    if (name == "Placemark") {
      if (here_) return fail("a Placemark in another one");
      here_.emplace();
      here_->id = attribute(with, "id");
    } else if (here_ && (name == "Point" || name == "LineString" || name == "Polygon")) {
      if (here_->parts.size() == parts_max) return fail("a Placemark has too many shapes");
      using enum kml_placemark::shape;
      here_->parts.push_back({name == "Point" ? point : name == "LineString" ? line : polygon, {}});
    } else if (here_ && (name == "Data" || name == "SimpleData")) {
      datum_ = attribute(with, "name");
    }
    open_.emplace_back(name);
  }

  void add(std::string_view text) {
    if (!here_) return;
    if (text_.size() + text.size() > text_bytes_max) return fail("an element has too much text");
    text_ += text;
  }

  void end() {
    const std::string name = std::move(open_.back());
    open_.pop_back();
    if (!here_) return;
    if (name == "Placemark") {
      writer_.add(*here_);
      here_.reset();
    } else if (name == "name" && is_in("Placemark")) {
      here_->name = text_;
    } else if ((name == "value" && is_in("Data")) || name == "SimpleData") {
      if (here_->data.size() == data_max) return fail("a Placemark has too much data");
      here_->data.emplace_back(datum_, text_);
    } else if (name == "coordinates") {
      end_coordinates();
    }
    text_.clear();
  }

  // Rings of a polygon may come in any order: its outer one goes first.
  void end_coordinates() {
    if (here_->parts.empty() || !(inside("Point") || inside("LineString") || inside("Polygon"))) return;
    auto read = read_kml_coordinates(text_);
    if (!read) return fail(read.error().what);
    auto& [what, lines] = here_->parts.back();
    const bool several = read->find("],[") != read->npos;
    if (what == kml_placemark::shape::point && several) return fail("a Point has one place, without blanks in it");
    if (lines.size() == parts_max) return fail("a Polygon has too many rings");
    lines.insert(inside("outerBoundaryIs") ? lines.begin() : lines.end(), *std::move(read));
  }

  static std::string attribute(const char** with, std::string_view name) {
    for (; *with != nullptr; with += 2) {
      if (with[0] == name) return with[1];
    }
    return {};
  }

  kml_writer writer_;
  std::unique_ptr<XML_ParserStruct, free_parser> parser_;
  std::vector<std::string> open_;
  std::optional<kml_placemark> here_;
  std::string datum_;
  std::string text_;  // of the element that was begun last
  std::optional<std::string> why_;
  bool is_kml_ = false;
};

}  // namespace

result<kml_features> read_kml(std::string_view text, const kml_defaults& defaults) { return kml_reader{defaults}.read(text); }

bool looks_like_xml(std::string_view text) noexcept {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != text.npos && text[first] == '<';
}

}  // namespace haulcast::client
