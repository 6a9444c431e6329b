// Cuts a GeoJSON FeatureCollection that comes piece by piece into the texts of its features.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace haulcast::wire {

/// Holds one feature at a time, however long the collection is. It only finds where features begin and end, and makes sure of
/// what stands between them; whoever gets a feature's text checks it, and rest() likewise. O(1) a byte, no recursion.
class feature_splitter {
 public:
  /// What stands beside the features: some members of the collection.
  static constexpr std::size_t rest_bytes_max = 64ULL << 10;

  enum class fault : std::uint8_t {
    none,
    grammar,           // no JSON, whatever the features are
    feature_too_long,  // more than `feature_bytes_max`
    rest_too_long,
    stopped,  // by whoever takes the features
  };

  explicit feature_splitter(std::size_t feature_bytes_max) : feature_bytes_max_{feature_bytes_max} {}

  /// Calls `take(text)` for each feature that became whole: anything that stands in the array `features` of the outermost
  /// object. It says false to stop. Not to be called again behind a fault.
  template <class Take>
  fault feed(std::string_view piece, Take&& take) {
    while (!piece.empty()) {
      if (const fault wrong = advance(piece); wrong != fault::none) return wrong;
      if (!whole_) continue;
      whole_ = false;
      ++count_;
      const bool go_on = take(std::string_view{feature_});
      feature_.clear();
      if (!go_on) return fault::stopped;
    }
    return fault::none;
  }
  /// Features so far: the place of the next one.
  std::size_t count() const noexcept { return count_; }
  /// The collection without its features. Whether it is whole is for its reader to say.
  const std::string& rest() const noexcept { return rest_; }

 private:
  enum class place : std::uint8_t { beside, first, feature, behind, next };

  fault advance(std::string_view& piece);
  fault advance_beside(std::string_view& piece);
  fault advance_feature(std::string_view& piece);
  bool opens_features(char c);
  bool track(char c) noexcept;

  std::size_t feature_bytes_max_;
  place place_ = place::beside;
  std::size_t depth_ = 0;  // of brackets, of the rest or of the feature
  bool in_text_ = false;
  bool escaped_ = false;
  bool whole_ = false;
  bool behind_colon_ = false;   // beside, at depth 1: a value comes
  std::size_t text_begin_ = 0;  // beside: where the last text began in rest_
  std::size_t text_end_ = 0;    // and where it ended
  std::size_t count_ = 0;
  std::string feature_;
  std::string rest_;
};

}  // namespace haulcast::wire
