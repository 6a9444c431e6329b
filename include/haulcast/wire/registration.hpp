// The body of PUT /v1/trucks/{truck_id} -> a registration, and back into the truck that reads show.
#pragma once

#include <string>
#include <string_view>

#include "haulcast/base/result.hpp"
#include "haulcast/engine/registration.hpp"
#include "haulcast/wire/body_failure.hpp"

namespace haulcast::wire {

/// One object with the members that append_registration_members writes, each optional and null meaning not given, and
/// `truck_id`, which must be the one given here. Strict: nothing else, nothing twice, no nesting over 16. The first fault in
/// the order of the body is told. `attributes` is kept as compact JSON. O(bytes).
result<engine::registration, body_failure> parse_registration(std::string_view body, std::string_view truck_id);

/// `,"name":"...","plate":"..."` and every other member that was said, each with the comma before it.
void append_registration_members(std::string& out, const engine::registration& said);

}  // namespace haulcast::wire
