// The fields If-Match and If-None-Match (RFC 9110, 13.1).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "haulcast/base/result.hpp"
#include "haulcast/http/problem.hpp"
#include "haulcast/http/request.hpp"

namespace haulcast::http {

struct entity_tag {
  std::string_view opaque;  // between the quotes
  bool weak = false;
};

struct entity_tags {
  bool any = false;  // `*`
  std::vector<entity_tag> tags;
};

/// All fields of that name together, as views into the request; nullopt when there is none. Error: precondition_failed, for
/// what is no list of tags can never be known to hold.
result<std::optional<entity_tags>, problem> read_entity_tags(const request& r, std::string_view field_name);

/// Whether If-None-Match of a GET says that the client has what that tag (with quotes) stands for: 304. One that says it
/// wrongly has nothing.
bool is_known(const request& r, std::string_view tag);

}  // namespace haulcast::http
