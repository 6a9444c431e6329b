#include "haulcast/tls/context.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "haulcast/base/file.hpp"

namespace haulcast::tls {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t pem_bytes_max = std::size_t{1} << 20;
constexpr int warn_days = 14;
constexpr const char* ciphers_of_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* groups = "X25519:P-256:P-384";
constexpr std::string_view http_1_1 = "\x08http/1.1";

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* made) const noexcept {
    Free(made);
  }
};
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;

/// What OpenSSL complained of last; its queue is empty afterwards.
std::string complaint() {
  const auto number = ERR_peek_last_error();
  const char* text = number != 0 ? ERR_reason_error_string(number) : nullptr;
  ERR_clear_error();
  return text != nullptr ? text : "unknown reason";
}

failure about(std::string_view what, const fs::path& path, const std::string& rest) {
  return {"the TLS " + std::string{what} + " " + path.string() + " " + rest};
}
failure of_certificate(const fs::path& path, const std::string& rest) { return about("certificate", path, rest); }
failure of_key(const fs::path& path, const std::string& rest) { return about("key", path, rest); }

int no_passphrase(char*, int, int, void*) { return -1; }

bio_ptr reader_of(const std::string& text) { return bio_ptr{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))}; }

/// The file's text, which whoever is not of its group could not read.
result<std::string> read_key(const fs::path& path) {
  const auto opened = file::open(path, O_RDONLY);
  if (!opened) return of_key(path, "cannot be read: " + opened.error().message());
  struct stat status{};
  if (::fstat(opened->descriptor(), &status) != 0) {
    return of_key(path, "cannot be read: " + std::error_code{errno, std::generic_category()}.message());
  }
  if (!S_ISREG(status.st_mode)) return of_key(path, "is not a regular file");
  if ((status.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
    return of_key(path, "can be read or changed by others; run chmod 600 on it (640 lets its group read it)");
  }
  auto text = opened->read_at(0, pem_bytes_max);
  if (!text) return of_key(path, "cannot be read: " + text.error().message());
  return {boost::system::in_place_value, std::move(*text)};
}

result<key_ptr> parse_key(const fs::path& path, const std::string& text) {
  const auto bio = reader_of(text);
  key_ptr key{PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr)};
  ERR_clear_error();
  if (key) return key;
  if (text.find("ENCRYPTED") != std::string::npos) return of_key(path, "is protected by a passphrase; write it without one");
  return of_key(path, "holds no private key in PEM form");
}

result<std::vector<x509_ptr>> parse_chain(const fs::path& path) {
  const auto text = read_file(path, pem_bytes_max);
  if (!text) return of_certificate(path, "cannot be read: " + text.error().message());
  const auto bio = reader_of(*text);
  std::vector<x509_ptr> chain;
  while (x509_ptr next{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)}) chain.push_back(std::move(next));
  const auto stopped_by = ERR_GET_REASON(ERR_peek_last_error());
  ERR_clear_error();
  if (chain.empty()) return of_certificate(path, "holds no certificate in PEM form");
  if (stopped_by != PEM_R_NO_START_LINE) {
    return of_certificate(path, "has a broken certificate behind number " + std::to_string(chain.size()));
  }
  return chain;
}

std::string date_of(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown date";
  char text[32];
  const auto size = std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return {text, size};
}

std::vector<std::string> warnings_of(const fs::path& path, const X509* certificate) {
  const ASN1_TIME* begins = X509_get0_notBefore(certificate);
  const ASN1_TIME* ends = X509_get0_notAfter(certificate);
  int days = 0;
  int seconds = 0;
  const bool known = ASN1_TIME_diff(&days, &seconds, nullptr, ends) == 1;
  ERR_clear_error();
  if (!known) return {of_certificate(path, "has no readable end").what};
  if (days < 0 || seconds < 0) return {of_certificate(path, "has expired, on " + date_of(ends)).what};
  if (X509_cmp_current_time(begins) > 0) {
    return {of_certificate(path, "is not valid yet, only from " + date_of(begins) + " on").what};
  }
  if (days < warn_days) return {of_certificate(path, "expires on " + date_of(ends)).what};
  return {};
}

/// RFC 7301: HTTP/1.1 is all there is. Who offers others only is told so; who offers nothing gets it unasked.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  const auto* ours = reinterpret_cast<const unsigned char*>(http_1_1.data());
  unsigned char* found = nullptr;
  const int how = SSL_select_next_proto(&found, size, ours, static_cast<unsigned>(http_1_1.size()), offered, offered_size);
  *chosen = found;
  return how == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::shared_ptr<SSL_CTX> make_context() {
  std::shared_ptr<SSL_CTX> made{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
  SSL_CTX* const ctx = made.get();
  if (ctx == nullptr) return made;
  SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(ctx, ciphers_of_1_2);
  SSL_CTX_set1_groups_list(ctx, groups);
  SSL_CTX_set_options(
      ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A record is one system call to read, not two.
  SSL_CTX_set_read_ahead(ctx, 1);
  // Who comes back is known by its ticket: nothing of it stays here.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(ctx, 1);
  SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, nullptr);
  return made;
}

}  // namespace

result<loaded_certificate> load_certificate(const certificate_files& from) {
  ERR_clear_error();
  auto chain = parse_chain(from.certificate);
  if (!chain) return chain.error();
  const auto key_text = read_key(from.key);
  if (!key_text) return key_text.error();
  const auto key = parse_key(from.key, *key_text);
  if (!key) return key.error();
  X509* const own = chain->front().get();
  if (X509_check_private_key(own, key->get()) != 1) {
    ERR_clear_error();
    return of_key(from.key, "is not the key of the certificate " + from.certificate.string());
  }
  auto made = make_context();
  if (!made) return failure{"TLS cannot be set up: " + complaint()};
  if (SSL_CTX_use_certificate(made.get(), own) != 1) return of_certificate(from.certificate, "is not taken: " + complaint());
  for (auto at = chain->begin() + 1; at != chain->end(); ++at) {
    if (SSL_CTX_add1_chain_cert(made.get(), at->get()) != 1) {
      return of_certificate(from.certificate, "has a further certificate that is not taken: " + complaint());
    }
  }
  if (SSL_CTX_use_PrivateKey(made.get(), key->get()) != 1) return of_key(from.key, "is not taken: " + complaint());
  ERR_clear_error();
  return loaded_certificate{context{std::move(made)}, warnings_of(from.certificate, own)};
}

}  // namespace haulcast::tls
