// The published contract as a judge: is what the server said what the documents say that it says?
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/client/http_message.hpp"
#include "support/json_schema.hpp"

namespace haulcast::support {

/// A request and its answer, as far as both are known.
struct exchange {
  std::string method;  // empty: no request could be made out
  std::string target;
  std::string request_body;  // empty: none, or not to be looked at
  unsigned status = 0;
  client::http_headers headers;
  std::optional<std::string> body;  // decompressed; none: to HEAD, or a stream that goes on
};

/// Of the texts that the binary carries. Each check gives one sentence about what is wrong, or nothing. For one thread at a
/// time.
class contract {
 public:
  contract();

  /// Status, code, fields and body of an answer; and that a request which was carried out is one that the document allows.
  std::optional<std::string> fault(const exchange& seen);
  /// A frame from the server.
  std::optional<std::string> frame_fault(std::string_view frame);
  /// One element of a stream: what `x-item-schema` of the operation says.
  std::optional<std::string> item_fault(std::string_view target, std::string_view media_type, std::string_view item);

  const nlohmann::json& openapi() const noexcept { return http_.document(); }
  const nlohmann::json& asyncapi() const noexcept { return frames_.document(); }
  /// "GET /v1/trucks/{truck_id}", for every operation.
  std::vector<std::string> operations() const;
  /// The path of the document that a request's target means; empty when there is none.
  std::string path_of(std::string_view target) const;

 private:
  using verdict = std::optional<std::string>;
  const nlohmann::json* response_for(const exchange& seen, const std::string& path, std::string& wrong) const;
  const nlohmann::json* component(std::string_view name) const;
  verdict check_fields(const exchange& seen, const nlohmann::json& response);
  verdict check_body(const exchange& seen, const nlohmann::json& response);
  verdict check_request(const exchange& seen, const std::string& path);

  json_schema http_;
  json_schema frames_;
};

}  // namespace haulcast::support
