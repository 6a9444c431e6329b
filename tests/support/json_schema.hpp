// JSON Schema, the part that the published contract uses, compiled once and fast enough for every answer that a test sees.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace haulcast::support {

/// The schemas of one document. What it does not know, it refuses: a keyword that would be ignored in silence would be a hole
/// in the check. So `$ref` stands alone, and points into the document. For one thread at a time.
class json_schema {
 public:
  explicit json_schema(nlohmann::json document);
  ~json_schema();
  json_schema(const json_schema&) = delete;
  json_schema& operator=(const json_schema&) = delete;

  const nlohmann::json& document() const noexcept { return document_; }

  /// The first thing that is wrong with `value`, with its place; nothing when it is as `schema` says, which is a part of
  /// document(). Throws std::runtime_error for a schema with a keyword that is not known here.
  std::optional<std::string> fault(const nlohmann::json& schema, const nlohmann::json& value);

  /// Follows `$ref` as long as there is one.
  const nlohmann::json& resolved(const nlohmann::json& what) const;

 private:
  struct node;
  class compiler;
  const node& compiled(const nlohmann::json& schema);

  nlohmann::json document_;
  std::map<const nlohmann::json*, std::unique_ptr<node>> nodes_;
};

}  // namespace haulcast::support
