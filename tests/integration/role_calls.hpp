// Calls each route of the role table as one caller about one object, and says in a few words what came of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "integration/story.hpp"

namespace haulcast::support {

struct caller {
  std::string name;
  std::string token;  // empty: none
};

/// "200 told", "404 not_found", "403 truck_not_yours" …: status, and the problem's code or what became of the object. The
/// objects: "own" is the truck of the driver or the geofence of the merchant among the callers, "foreign" somebody else's,
/// "missing" one that is not known and that no token names. "-" where there is none.
class role_calls {
 public:
  static constexpr std::string_view own = "TRK-OWN", foreign = "TRK-FOREIGN";
  static constexpr std::string_view own_site = "site-own", foreign_site = "site-foreign";

  role_calls();

  server& target() noexcept { return server_; }

  /// The ways in which a route can be called with the same outcome: methods, formats, places for the token.
  static std::vector<std::string> ways(std::string_view method, std::string_view pattern);

  /// `expected` says only whether it is worth to wait long. Throws std::out_of_range for a route that it does not know.
  std::string outcome(std::string_view method, std::string_view pattern, const std::string& way, const caller& who,
                      std::string_view object, std::string_view expected);

 private:
  std::string id_of(std::string_view object);
  std::string site_of(std::string_view object);
  std::string geofence(std::string_view method, std::string_view pattern, const std::string& way, const caller& who,
                       std::string_view object);
  void put_sites();
  std::string http(std::string_view method, const std::string& target, const caller& who, const nlohmann::json& body,
                   nlohmann::json& answer);
  std::string head(const std::string& target, const caller& who);
  std::string ingest(const caller& who, std::string_view object);
  std::string listing(const caller& who, std::string_view object);
  std::string query(const caller& who, std::string_view object);
  std::string past_events(const caller& who, std::string_view object);
  std::string positions(const std::string& way, const caller& who);
  std::string stream(const caller& who, const std::string& format, std::string_view object, std::string_view expected);
  std::string live(const std::string& target, const std::string& way, const caller& who, std::string_view object,
                   std::string_view expected);
  std::string refused_handshake(const std::string& target, const std::string& way, const caller& who);
  void move_both();

  server server_;
  std::int64_t begin_ = now_ms() - 3'600'000;
  int step_ = 0;
  int missing_ = 0;
};

}  // namespace haulcast::support
