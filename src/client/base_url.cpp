#include "haulcast/client/base_url.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

#include "trust.hpp"

namespace haulcast::client {
namespace {

using boost::urls::scheme;

std::string_view usual_port(bool secure) noexcept { return secure ? "443" : "80"; }

}  // namespace

std::string base_url::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? '[' + host + ']' : host) + (port == usual_port(secure != nullptr) ? "" : ':' + port);
}

std::string base_url::origin() const { return (secure ? "https://" : "http://") + authority(); }

result<base_url> parse_base_url(std::string_view text, const trust_files& believed) {
  const std::string shown{text.find('@') == std::string_view::npos ? text.substr(0, 200) : "***"};  // no password in an error
  const auto parsed = boost::urls::parse_uri({text.data(), text.size()});
  if (!parsed) return failure{"'" + shown + "' is not an address such as http://127.0.0.1:8080"};
  const boost::urls::url_view& url = *parsed;
  const bool secure = url.scheme_id() == scheme::https || url.scheme_id() == scheme::wss;
  if (!secure && url.scheme_id() != scheme::http && url.scheme_id() != scheme::ws) {
    return failure{"'" + shown + "' does not begin with http:// or https://"};
  }
  if (url.has_userinfo()) return failure{"an address carries no user name here: use a token"};
  if (url.has_query() || url.has_fragment()) return failure{"'" + shown + "' has more than host, port and path"};

  base_url found;
  found.host = url.host_address();
  if (found.host.empty()) return failure{"'" + shown + "' names no host"};
  found.port = std::string{url.port()};
  if (found.port.empty()) found.port = usual_port(secure);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(found.port.data(), found.port.data() + found.port.size(), number);
  if (error != std::errc{} || number == 0) return failure{"'" + shown + "' names no usable port"};
  found.prefix = std::string{url.encoded_path()};
  while (found.prefix.ends_with('/')) found.prefix.pop_back();
  if (!secure) return found;
  auto whom = trust::read(believed);
  if (!whom) return whom.error();
  found.secure = std::move(*whom);
  return found;
}

}  // namespace haulcast::client
