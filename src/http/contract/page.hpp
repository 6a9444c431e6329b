// The two documents -> what stands on the page /docs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace haulcast::http::contract {

/// The inside of the page's <body>, as HTML. Throws nlohmann's exceptions where a document lacks what every operation has.
std::string page_of(const nlohmann::ordered_json& openapi, const nlohmann::ordered_json& asyncapi);

}  // namespace haulcast::http::contract
