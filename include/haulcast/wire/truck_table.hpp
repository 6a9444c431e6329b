// The trucks that a batch names.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "haulcast/engine/batch.hpp"
#include "haulcast/wire/batch_parser.hpp"

namespace haulcast::wire {

/// Each truck id of a batch once, with what the sender may do and its place in batch::trucks. O(1) each, and consecutive
/// positions of one truck do not even hash. Reused from batch to batch; the most positions of a batch bound it, also against
/// ids made to collide.
class truck_table {
 public:
  static constexpr std::uint32_t no_place = ~std::uint32_t{0};
  struct entry {
    std::string_view id;  // in the batch's memory
    bool covered = false;
    std::uint32_t place = no_place;  // until one of its positions has passed
  };

  void clear();

  /// The truck's entry, valid until the next call. A new id is kept in `batch`, and `may_post` is asked about it.
  entry& find(std::string_view id, engine::batch& batch, const covers& may_post);

 private:
  std::uint32_t& slot_of(std::string_view id);
  void grow();

  std::vector<entry> entries_;
  std::vector<std::uint32_t> slots_;  // places in entries_, counted from 1: open addressing, at most half full
  std::size_t last_ = 0;              // the entry found last
};

}  // namespace haulcast::wire
