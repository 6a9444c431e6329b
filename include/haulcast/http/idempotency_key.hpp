// The field Idempotency-Key (as drafted by the IETF's HTTPAPI group): what it says, and what it stands for.
#pragma once

#include <optional>
#include <string>

#include "haulcast/auth/sha256.hpp"
#include "haulcast/base/result.hpp"
#include "haulcast/engine/command.hpp"
#include "haulcast/http/problem.hpp"
#include "haulcast/http/request.hpp"

namespace haulcast::http {

/// 1 to 255 visible ASCII characters, with blanks among them but not around them; nullopt when there is no such field. It is
/// taken as sent, with the quotes if it has some: a client sends the same text again. Error: field_invalid; also when there are
/// two fields, for nobody could say which one counts.
result<std::optional<std::string_view>, problem> read_idempotency_key(const request& r);

/// The same of a request whose body comes piece by piece, decoded: end() gives what a retry_key_maker would. Any one thread.
class piecewise_retry_key {
 public:
  /// `key`: of the request, which need not stay.
  piecewise_retry_key(const request& r, std::string_view key);
  void add(std::string_view piece) { sha256_.add(piece); }
  engine::retry_key end();

 private:
  auth::sha256 sha256_;
  engine::retry_key made_;
};

/// Turns a request's key into what the engine compares. Loop only.
class retry_key_maker {
 public:
  /// nullopt: the request has no key. The digests are of subject and key, and of method, path and decoded body; no other field
  /// counts, so a retry may name another precondition, or come compressed. O(body). Needs the principal. Error: as above.
  result<std::optional<engine::retry_key>, problem> operator()(const request& r);

 private:
  auth::sha256 sha256_;
  std::string hashed_;  // reused
};

}  // namespace haulcast::http
