#include "haulcast/wire/feature_splitter.hpp"

namespace haulcast::wire {

namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

// Of a text or a bracket. False: `c` is neither.
bool feature_splitter::track(char c) noexcept {
  if (in_text_) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_text_ = false;
    }
    return true;
  }
  switch (c) {
    case '"': in_text_ = true; return true;
    case '{':
    case '[': ++depth_; return true;
    case '}':
    case ']':
      if (depth_ > 0) --depth_;
      return true;
    default: return false;
  }
}

// A bracket that begins the value of a member `features` of the outermost object.
bool feature_splitter::opens_features(char c) {
  return c == '[' && depth_ == 1 && behind_colon_ &&
         std::string_view{rest_}.substr(text_begin_, text_end_ - text_begin_) == "\"features\"";
}

feature_splitter::fault feature_splitter::advance(std::string_view& piece) {
  if (place_ == place::beside) return advance_beside(piece);
  if (place_ == place::feature) return advance_feature(piece);
  const char c = piece.front();
  if (is_blank(c)) {
    piece.remove_prefix(1);
    return fault::none;
  }
  const bool may_end = place_ == place::first || place_ == place::behind;
  if (c == ']' && may_end) {
    place_ = place::beside;  // whose depth it had
    depth_ = 1;
    rest_ += c;
    piece.remove_prefix(1);
    return fault::none;
  }
  if (place_ == place::behind) {
    if (c != ',') return fault::grammar;
    place_ = place::next;
    piece.remove_prefix(1);
    return fault::none;
  }
  if (c == ',' || c == ']' || c == '}' || c == ':') return fault::grammar;
  place_ = place::feature;
  depth_ = 0;
  return fault::none;
}

feature_splitter::fault feature_splitter::advance_beside(std::string_view& piece) {
  while (!piece.empty()) {
    const char c = piece.front();
    piece.remove_prefix(1);
    if (rest_.size() == rest_bytes_max) return fault::rest_too_long;
    const bool opens = !in_text_ && opens_features(c);
    const bool was_in_text = in_text_;
    track(c);
    if (in_text_ && !was_in_text) text_begin_ = rest_.size();
    rest_ += c;
    if (was_in_text && !in_text_) text_end_ = rest_.size();
    if (!was_in_text && !is_blank(c)) behind_colon_ = c == ':' && depth_ == 1;
    if (opens) {
      place_ = place::first;
      return fault::none;
    }
  }
  return fault::none;
}

// A bracket that is closed, a text that ends, or what stands behind a number ends it.
feature_splitter::fault feature_splitter::advance_feature(std::string_view& piece) {
  std::size_t taken = 0;
  while (taken < piece.size() && !whole_) {
    const char c = piece[taken];
    if (depth_ == 0 && !in_text_ && (c == ',' || c == ']' || c == '}' || is_blank(c))) {
      whole_ = true;
    } else {
      ++taken;
      whole_ = track(c) && depth_ == 0 && !in_text_;
    }
  }
  if (feature_.size() + taken > feature_bytes_max_) return fault::feature_too_long;
  feature_ += piece.substr(0, taken);
  piece.remove_prefix(taken);
  if (whole_) place_ = place::behind;
  return fault::none;
}

}  // namespace haulcast::wire
