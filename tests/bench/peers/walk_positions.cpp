#include "peers/walk_positions.hpp"

#include <simdjson.h>

namespace haulcast::bench {

namespace ondemand = simdjson::ondemand;

struct position_walker::state {
  ondemand::parser parser;
  double numbers = 0;     // what was read is kept, so that
  std::size_t texts = 0;  // no compiler leaves the reading out

  std::string_view walk_members(ondemand::object members) {
    std::string_view truck;
    for (auto member : members) {
      const std::string_view key = member.unescaped_key();
      ondemand::value value = member.value();
      if (value.type() == ondemand::json_type::string) {
        const std::string_view text = value.get_string();
        texts += text.size();
        if (key == "truck_id") truck = text;
      } else {
        numbers += value.get_double();
      }
    }
    return truck;
  }
};

position_walker::position_walker() : state_{std::make_unique<state>()} {}
position_walker::~position_walker() = default;

std::ptrdiff_t position_walker::walk(std::string& body, const std::function<void(std::string_view, std::string_view)>& each) {
  try {
    std::ptrdiff_t count = 0;
    body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    ondemand::document document = state_->parser.iterate(body);
    for (auto position : document["positions"].get_array()) {
      ondemand::object members = position.get_object();
      const auto truck = state_->walk_members(members);
      if (each) {
        members.reset();
        each(truck, members.raw_json());
      }
      ++count;
    }
    return count;
  } catch (const simdjson::simdjson_error&) {
    return -1;
  }
}

}  // namespace haulcast::bench
