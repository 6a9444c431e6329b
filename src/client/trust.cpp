#include "trust.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "haulcast/base/file.hpp"

namespace haulcast::client {
namespace {

namespace ssl = boost::asio::ssl;

constexpr std::size_t pem_bytes_max = std::size_t{1} << 20;
constexpr unsigned char http_1_1[] = "\x08http/1.1";

result<std::string> read_certificate(const std::string& path) {
  const auto text = read_file(path, pem_bytes_max);
  if (!text) return failure{"the certificate " + path + " cannot be read: " + text.error().message()};
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> from{BIO_new_mem_buf(text->data(), static_cast<int>(text->size())),
                                                           BIO_free_all};
  const std::unique_ptr<X509, decltype(&X509_free)> first{PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr), X509_free};
  ERR_clear_error();
  if (!first) return failure{"the certificate " + path + " is not in PEM form"};
  return {boost::system::in_place_value, der_of(first.get())};
}

}  // namespace

std::string der_of(const X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  if (size <= 0) return {};
  std::string der{reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
  OPENSSL_free(bytes);
  return der;
}

result<std::shared_ptr<trust>> trust::read(const trust_files& from) {
  std::shared_ptr<trust> made{new trust};
  auto& context = made->context_;
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_alpn_protos(context.native_handle(), http_1_1, sizeof http_1_1 - 1);
  context.set_verify_mode(ssl::verify_peer);
  boost::system::error_code failed;
  context.set_default_verify_paths(failed);  // a machine without any authorities trusts nobody
  if (!from.ca_file.empty()) {
    context.load_verify_file(from.ca_file, failed);
    if (failed) return failure{"the authorities in " + from.ca_file + " cannot be read: " + failed.message()};
  }
  if (!from.certificate.empty()) {
    auto der = read_certificate(from.certificate);
    if (!der) return der.error();
    made->pinned_ = std::move(*der);
  }
  return made;
}

}  // namespace haulcast::client
