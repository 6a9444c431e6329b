#include "haulcast/http/credentials.hpp"

#include <optional>

#include "haulcast/http/text.hpp"

namespace haulcast::http {
namespace {

constexpr std::string_view bearer_protocol = "bearer.";

/// The one credential of a request: whatever else is shown beside it spoils it.
class only_credential {
 public:
  void show(credential::kind what, std::string_view text) {
    spoilt_ = spoilt_ || found_ || text.empty();
    found_ = credential{what, text};
  }
  void spoil() { spoilt_ = true; }

  result<credential, auth::token_error> get() const {
    if (spoilt_) return auth::token_error::invalid;
    if (!found_) return auth::token_error::missing;
    return *found_;
  }

 private:
  std::optional<credential> found_;
  bool spoilt_ = false;
};

void look_at_fields(const request& r, only_credential& shown) {
  bool has_authorization = false;
  bool other_scheme = false;
  bool has_key = false;
  for (const auto& f : r.headers()) {
    if (iequals(f.name, "authorization")) {
      if (has_authorization) return shown.spoil();
      has_authorization = true;
      const auto blank = f.value.find(' ');
      if (iequals(f.value.substr(0, blank), "bearer")) {
        shown.show(credential::kind::token, blank == f.value.npos ? std::string_view{} : trim(f.value.substr(blank + 1)));
      } else {
        other_scheme = true;
      }
    } else if (iequals(f.name, "x-api-key")) {
      has_key = true;
      shown.show(credential::kind::api_key, f.value);
    }
  }
  if (other_scheme && has_key) shown.spoil();
}

void look_at_subprotocols(const request& r, only_credential& shown) {
  for (const auto& f : r.headers()) {
    if (!iequals(f.name, "sec-websocket-protocol")) continue;
    for (std::string_view rest = f.value; !rest.empty();) {
      const auto one = next_item(rest, ',');
      if (one.starts_with(bearer_protocol)) shown.show(credential::kind::token, one.substr(bearer_protocol.size()));
    }
  }
}

void look_at_parameter(const request& r, std::string_view name, credential::kind what, only_credential& shown) {
  const auto given = r.query_value(name);
  if (!given) return shown.spoil();  // twice
  if (*given) shown.show(what, **given);
}

}  // namespace

result<credential, auth::token_error> find_credential(const request& r) {
  only_credential shown;
  look_at_fields(r, shown);
  return shown.get();
}

result<credential, auth::token_error> find_live_credential(const request& r, bool query_token) {
  only_credential shown;
  look_at_fields(r, shown);
  look_at_subprotocols(r, shown);
  look_at_parameter(r, "ticket", credential::kind::ticket, shown);
  if (query_token) look_at_parameter(r, "access_token", credential::kind::token, shown);
  return shown.get();
}

response refuse_credential(auth::token_error why) {
  switch (why) {
    case auth::token_error::missing: return refuse(code::token_missing);
    case auth::token_error::expired: return refuse(code::token_expired);
    case auth::token_error::invalid: break;
  }
  return refuse(code::token_invalid);
}

}  // namespace haulcast::http
