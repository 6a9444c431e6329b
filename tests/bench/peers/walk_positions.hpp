// What a server that only parses does with a batch: simdjson on-demand, every member of every position turned into a value.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace haulcast::bench {

class position_walker {
 public:
  position_walker();
  ~position_walker();

  /// The number of positions in {"positions": [...]}, or -1 when the body is not that. Calls `each` with a position's
  /// truck and its JSON, both valid during the call. May grow the body's capacity for simdjson's padding.
  std::ptrdiff_t walk(std::string& body, const std::function<void(std::string_view truck, std::string_view json)>& each = {});

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace haulcast::bench
