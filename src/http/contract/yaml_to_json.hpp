// YAML -> JSON, for the documents of docs/api.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace haulcast::http::contract {

/// Order is kept; plain scalars become null, booleans and numbers as in YAML's core schema, quoted ones stay texts. Throws
/// std::runtime_error with the line for a key given twice and for a merge key: what readers elsewhere take differently.
nlohmann::ordered_json yaml_to_json(const std::string& text);

}  // namespace haulcast::http::contract
