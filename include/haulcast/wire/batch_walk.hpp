// One walk over the body of one batch: what a batch_parser does once the tokens are found.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "haulcast/wire/batch_parser.hpp"
#include "haulcast/wire/json_cursor.hpp"
#include "haulcast/wire/position_reader.hpp"
#include "haulcast/wire/truck_table.hpp"

namespace haulcast::wire {

/// What is kept between batches, for its memory alone.
struct batch_tools {
  position_reader reader;
  truck_table trucks;
  std::string text;  // at hand for a moment
};

/// Used once. The body, limits, may_post and tools must outlive it.
class batch_walk {
 public:
  batch_walk(json_cursor json, utc_time received_at, const batch_limits& limits, const covers& may_post, batch_tools& use,
             std::unique_ptr<engine::batch> empty);

  result<parsed_batch, batch_failure> run();

 private:
  void refuse(batch_error code, std::string pointer, std::string detail);
  void refuse_twice();
  void read_member(json_text key);
  void read_truck_id();
  void read_positions();
  void read_positions_again();
  void read_position(std::uint32_t index);
  truck_table::entry* judge_truck();
  void reject(std::uint32_t index, engine::reject_code code, const truck_table::entry* truck, std::string_view raw);
  void accept(std::uint32_t index, truck_table::entry& truck);
  void keep_texts();
  std::string_view keep_on_one_line(std::string_view attributes);

  json_cursor json_;
  const batch_limits& limits_;
  const covers& may_post_;
  batch_tools& use_;
  std::unique_ptr<engine::batch> batch_;
  engine::position draft_;                // the position at hand
  std::optional<batch_failure> failure_;  // the first; the rest of the body is then only checked to be JSON
  std::optional<std::size_t> positions_;  // where the array stands
  std::string truck_id_;                  // the batch's own
  bool positions_named_ = false;
  bool truck_id_named_ = false;
  bool truck_id_wanted_ = false;  // by a position, before it was told
  bool covered_ = false;
  bool foreign_ = false;
};

}  // namespace haulcast::wire
