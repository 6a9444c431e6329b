// Whom the client side believes when a server shows its certificate.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <optional>
#include <string>

#include "haulcast/client/base_url.hpp"

namespace haulcast::client {

/// One OpenSSL context for all connections to a server. On the executor of its connections, after it has been read.
class trust {
 public:
  /// Blocking. Error: one sentence.
  static result<std::shared_ptr<trust>> read(const trust_files& from);

  boost::asio::ssl::context& context() noexcept { return context_; }
  /// The certificate's DER, or nothing.
  const std::optional<std::string>& pinned() const noexcept { return pinned_; }

 private:
  trust() = default;

  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_client};
  std::optional<std::string> pinned_;
};

/// Of a certificate.
std::string der_of(const X509* certificate);

}  // namespace haulcast::client
