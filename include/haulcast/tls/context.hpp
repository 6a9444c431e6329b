// What the server shows to whoever connects under TLS: its certificate, its key, and what it insists on.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "haulcast/base/result.hpp"

struct ssl_ctx_st;

namespace haulcast::tls {

struct certificate_files {
  std::filesystem::path certificate;  // PEM: the server's own first, then those that lead to a known authority
  std::filesystem::path key;          // PEM, without a passphrase, closed to others
};

/// TLS 1.2 and 1.3, ciphers with forward secrecy, no renegotiation, no compression, `http/1.1` by ALPN. Copies share one;
/// sessions keep theirs, so it may be replaced while there are some. Any thread.
class context {
 public:
  explicit context(std::shared_ptr<ssl_ctx_st> made) noexcept : made_{std::move(made)} {}
  ssl_ctx_st* native() const noexcept { return made_.get(); }

 private:
  std::shared_ptr<ssl_ctx_st> made_;
};

struct loaded_certificate {
  context shown;
  std::vector<std::string> warnings;  // of one sentence each: it has expired, is not valid yet, soon ends
};

/// Reads and checks both. Blocking, a few ms; never on the loop. Error: one sentence that names the file: not there, not
/// readable, no PEM, protected by a passphrase, too weak, open to others, not the certificate's key.
result<loaded_certificate> load_certificate(const certificate_files& from);

}  // namespace haulcast::tls
