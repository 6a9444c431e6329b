// What one subscriber follows, small for the many who follow little.
#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace haulcast::hub {

/// Topics, by their keys, with the subscriber's place among each one's followers. A hash map takes half a KiB for a single
/// entry; up to `few` are kept in a list instead. Finding, adding, removing: O(few), O(1) beyond.
class followed_topics {
 public:
  struct entry {
    std::uint64_t topic = 0;
    std::uint32_t place = 0;
  };

  std::size_t size() const noexcept { return many_ ? many_->size() : few_.size(); }
  /// Null: does not follow it.
  std::uint32_t* find(std::uint64_t topic) noexcept {
    if (many_) {
      const auto found = many_->find(topic);
      return found == many_->end() ? nullptr : &found->second;
    }
    const auto found = std::find_if(few_.begin(), few_.end(), [topic](const entry& e) { return e.topic == topic; });
    return found == few_.end() ? nullptr : &found->place;
  }
  const std::uint32_t* find(std::uint64_t topic) const noexcept { return const_cast<followed_topics*>(this)->find(topic); }
  /// Of a topic that is not there yet.
  void add(entry e) {
    if (!many_ && few_.size() == few) grow();
    if (many_)
      many_->emplace(e.topic, e.place);
    else
      few_.push_back(e);
  }
  void remove(std::uint64_t topic) {
    if (many_)
      many_->erase(topic);
    else
      std::erase_if(few_, [topic](const entry& e) { return e.topic == topic; });
  }
  /// In no particular order; `f` changes nothing.
  template <class F>
  void for_each(F&& f) const {
    for (const entry& e : few_) f(e);
    if (!many_) return;
    for (const auto& [topic, place] : *many_) f(entry{topic, place});
  }

 private:
  static constexpr std::size_t few = 32;

  void grow() {
    many_ = std::make_unique<boost::unordered_flat_map<std::uint64_t, std::uint32_t>>();
    for (const entry& e : std::exchange(few_, {})) many_->emplace(e.topic, e.place);
  }

  std::vector<entry> few_;
  std::unique_ptr<boost::unordered_flat_map<std::uint64_t, std::uint32_t>> many_;
};

}  // namespace haulcast::hub
