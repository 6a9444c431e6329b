#include "stream.hpp"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "resolve.hpp"
#include "trust.hpp"

namespace haulcast::client {
namespace net = boost::asio;
namespace beast = boost::beast;
namespace ssl = net::ssl;
using boost::system::error_code;

namespace {

constexpr auto as_awaitable = net::as_tuple(net::use_awaitable);

std::string phrase(std::string_view when, const std::string& why) { return std::string{when} + ": " + why; }

/// By the authorities and the host's name, or because it is the very certificate that is expected.
class verification {
 public:
  verification(const trust& whom, const std::string& host) : whom_{whom}, by_name_{host} {}

  bool operator()(bool vouched_for, ssl::verify_context& in) const {
    X509_STORE_CTX* const store = in.native_handle();
    if (whom_.pinned()) {
      const X509* own = X509_STORE_CTX_get0_cert(store);
      if (own != nullptr && der_of(own) == *whom_.pinned()) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return true;
      }
    }
    const bool good = by_name_(vouched_for, in);
    if (!good && vouched_for) X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
    return good;
  }

 private:
  const trust& whom_;
  ssl::host_name_verification by_name_;
};

}  // namespace

net::awaitable<std::string> stream::connect(const base_url& to, std::chrono::milliseconds within) {
  const auto [not_found, addresses] = co_await resolve(to, within);
  if (not_found) co_return phrase("looking up the name", not_found.message());
  tcp_.expires_after(within);
  const auto [failed, where] = co_await tcp_.async_connect(addresses, as_awaitable);
  if (failed) co_return phrase("connecting", failed.message());
  error_code ignored;
  tcp_.socket().set_option(net::ip::tcp::no_delay{true}, ignored);
  std::string refused;
  if (to.secure) refused = co_await secure(to, within);
  co_return refused;
}

net::awaitable<std::string> stream::secure(const base_url& to, std::chrono::milliseconds within) {
  tls_.emplace(tcp_, to.secure->context());
  error_code no_number;
  net::ip::make_address(to.host, no_number);
  if (no_number) SSL_set_tlsext_host_name(tls_->native_handle(), to.host.c_str());
  error_code ignored;
  tls_->set_verify_callback(verification{*to.secure, to.host}, ignored);
  tcp_.expires_after(within);
  const auto [failed] = co_await tls_->async_handshake(ssl::stream_base::client, as_awaitable);
  if (!failed) co_return std::string{};
  const long verdict = SSL_get_verify_result(tls_->native_handle());
  if (verdict == X509_V_OK) co_return phrase("shaking hands for TLS", failed.message());
  co_return phrase("the server's certificate is not trusted", X509_verify_cert_error_string(verdict));
}

void stream::close() noexcept {
  error_code ignored;
  tcp_.socket().close(ignored);  // what is under way ends, and may still be in tls_
}

void stream::read_some(const few<net::mutable_buffer>& into, transferred then) {
  if (tls_)
    tls_->async_read_some(into, std::move(then));
  else
    tcp_.async_read_some(into, std::move(then));
}

void stream::write_some(const few<net::const_buffer>& from, transferred then) {
  if (tls_)
    tls_->async_write_some(from, std::move(then));
  else
    tcp_.async_write_some(from, std::move(then));
}

void stream::tear_down(beast::role_type role, any_handler<error_code> then) {
  if (tls_)
    tls_->async_shutdown(std::move(then));
  else
    beast::async_teardown(role, tcp_, std::move(then));
}

}  // namespace haulcast::client
