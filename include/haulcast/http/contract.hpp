// The published contract: what the build made of docs/api (src/http/contract), carried by the binary.
#pragma once

#include <string_view>

namespace haulcast::http::contract {

extern const std::string_view openapi;   // JSON, OpenAPI 3.1
extern const std::string_view asyncapi;  // JSON, AsyncAPI 3.0
extern const std::string_view page;      // HTML, the inside of the body of /docs
extern const std::string_view style;     // CSS of all pages

}  // namespace haulcast::http::contract
